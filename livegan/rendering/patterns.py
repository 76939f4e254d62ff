"""Generator kind "patterns": twelve procedural motifs, one per pitch class. No weights, any size, any aspect ratio.

The JSON of a network of this kind may have "classes", names of motifs in any order (none: all twelve), and in "shape":

    layouts   a seed for each class, of its composition and palette; by default those that show each motif best
    enlarge   pictures are drawn at 1/enlarge of their size and then upsampled, 1..8, by default 1

The eight numbers of z, scaled to a mean square of 1, are the latents of a motif: hue, accent, light, scale, turn,
form, fold, drift. direction.1 .. direction.8 shift them one by one, in that order, so that a route can drive one of
them with a band of the spectrum. Style mixing takes the pose (coarse), shape (middle) or colours (fine) of its seed.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import GROUPS
from livegan.core.registry import unknown
from livegan.core.text import printable
from livegan.core.types import FramePlan, Vector
from livegan.errors import NetworkError
from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.motifs.field import LATENT_NAMES
from livegan.networks.info import NetworkInfo
from livegan.networks.noise import noise_plane
from livegan.rendering.drawing_steps import DrawingSteps
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, check_z_plan

MIN_SHARE = 0.04  # a class with a smaller share of the class vector is not drawn
MAX_MOTIFS = 3  # in one picture
TIE_BREAK = 1e-3  # of classes with equal shares the earlier ones are drawn
LEAD = 0.3  # with a lead over the next share of this or more, the first motif is drawn sharply
DARK_WEIGHT = 0.06  # of black where motifs overlap; white weighs 1 more
STYLES = ("scale", "turn"), ("form", "fold", "drift"), ("hue", "accent", "light")  # latents of coarse, middle, fine
NOISE_LAYERS = ((8, 0.05), (32, 0.04), (0, 0.04))  # coarse, middle, fine: cells along the shorter side (0: px), gain
MAX_DIRECTION = 1e3


@GENERATORS("patterns")
class Patterns(DrawingSteps):
    """Generator of procedural motifs."""

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        """NetworkError if the network's JSON has unknown motifs or keys, or values out of range."""
        self._names, self._layouts, self._enlarge = checked_motifs(info)
        self.info = info
        self.reason = ""
        self.device_text = f"{device}, no network"
        self._device = torch.device(device)
        self._open = True
        self._style: tuple[int, Vector] | None = None  # the last seed mixed in, and its latents
        height, width = _reduced(info.resolution, self._enlarge)
        self.megabytes = 30 * height * width * 4 / 2**20  # about the planes that drawing a motif needs

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return 0

    @torch.inference_mode()
    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        """The picture of `plan`; psi scales the latents, noise modulates the brightness.

        The three largest shares of the class vector are drawn if above MIN_SHARE; the brighter dominates.
        """
        if not self._open:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        check_z_plan(plan, self.info)
        latents = torch.from_numpy(self._latent(plan))[None].to(self._device)
        size = self.steps[min(step, len(self.steps) - 1)].size
        light = self._mixed(latents, shares(plan.classes), _reduced(size, self._enlarge))
        if light.shape[2:] != size:
            light = F.interpolate(light, size, mode="bicubic", align_corners=False)
        pixels = self._with_noise(light, plan)[0] * 255 + 0.5
        return pixels.clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()

    def close(self) -> None:
        self._open = False

    def _latent(self, plan: FramePlan) -> Vector:
        """The eight latents: z with style mixing, scaled by psi, shifted by the directions."""
        z = _normalised(plan.z)
        styles = [plan.parameter(f"style.{group}") for group in GROUPS]
        if any(styles):
            other = self._latent_of(abs(round(plan.parameter("style.seed"))))
            for names, share in zip(STYLES, styles, strict=True):
                for at in map(LATENT_NAMES.index, names):
                    z[at] += (other[at] - z[at]) * np.float32(share)
        shift = np.array([plan.parameter(f"direction.{i + 1}") for i in range(len(LATENT_NAMES))], np.float32)
        return np.asarray(z * np.float32(plan.truncation) + shift.clip(-MAX_DIRECTION, MAX_DIRECTION), np.float32)

    def _latent_of(self, seed: int) -> Vector:
        """The latents of a seed."""
        if self._style is None or self._style[0] != seed:
            self._style = seed, _normalised(latent_of_seed(seed, len(LATENT_NAMES)))
        return self._style[1]

    def _mixed(self, latents: Tensor, parts: Sequence[tuple[int, float]], size: tuple[int, int]) -> Tensor:
        """Motifs in one picture (1, 3, *size), 0..1: the first at full resolution, the others at half of it.

        The first loses its fine detail as its lead shrinks, so that nothing jumps when two change places.
        """
        first, share = parts[0]
        light, half = self._motif(first, latents, size), _reduced(size, 2)
        if len(parts) == 1:
            return light
        lead = min((share - parts[1][1]) / LEAD, 1.0)
        if lead < 1:
            small = self._motif(first, latents, half)
            light = torch.lerp(_enlarged(small, size), light, lead * lead * (3 - 2 * lead))
        weight = share * (light.amax(1, keepdim=True).square() + DARK_WEIGHT)
        total, weights = light * weight, weight
        for index, share in parts[1:]:
            light = _enlarged(self._motif(index, latents, half), size)
            weight = share * (light.amax(1, keepdim=True).square() + DARK_WEIGHT)
            total, weights = torch.addcmul(total, light, weight), weights + weight
        return total / weights

    def _motif(self, index: int, latents: Tensor, size: tuple[int, int]) -> Tensor:
        return draw(self._names[index], latents, size, (self._layouts[index],), finer=1)

    def _with_noise(self, light: Tensor, plan: FramePlan) -> Tensor:
        """The picture multiplied by a noise texture, where `plan` asks for noise."""
        gains = [plan.noise * plan.parameter(f"noise.{group}") for group in GROUPS]
        if not any(gains):
            return light
        height, width = light.shape[2:]
        seed, short = round(plan.parameter("noise.seed")), min(height, width)
        texture = torch.ones((), device=light.device)
        for layer, (gain, (cells, layer_gain)) in enumerate(zip(gains, NOISE_LAYERS, strict=True)):
            if not gain:
                continue
            scale = min(cells / short, 1) if cells else 1
            size = max(round(height * scale), 1), max(round(width * scale), 1)
            plane = noise_plane(seed, layer, *size, light.device)[None, None]
            if size != (height, width):
                plane = F.interpolate(plane, (height, width), mode="bicubic", align_corners=False)
            texture = texture + plane * (gain * layer_gain)
        return light * texture


def _reduced(size: tuple[int, int], by: int) -> tuple[int, int]:
    """Height and width divided by a whole number."""
    return max(-(-size[0] // by), 1), max(-(-size[1] // by), 1)


def _enlarged(light: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(light, size, mode="bilinear", align_corners=False)


def shares(classes: Vector) -> list[tuple[int, float]]:
    """The classes that are drawn and their shares of the picture, the largest first; the shares add up to 1.

    Each share counts from the largest that is left out, so that a class fades in from nothing. No class: the first.
    """
    weights = np.nan_to_num(np.asarray(classes, np.float64), nan=0.0, posinf=1.0, neginf=0.0).clip(0, None)
    total = float(weights.sum())
    if total <= 0:
        return [(0, 1.0)]
    part = weights / total - TIE_BREAK * np.arange(len(weights)) / len(weights)
    order = [int(i) for i in np.argsort(-part, kind="stable")]
    floor = max(MIN_SHARE, float(part[order[MAX_MOTIFS]]) if len(order) > MAX_MOTIFS else 0.0)
    above = [(i, float(part[i]) - floor) for i in order[:MAX_MOTIFS] if part[i] > floor]
    if not above:  # of more than 25 classes none may reach MIN_SHARE
        return [(order[0], 1.0)]
    whole = sum(share for _, share in above)
    return [(i, share / whole) for i, share in above]


def _normalised(z: Vector) -> Vector:
    """A mean square of 1 (Karras 2018, section 4.2); a copy."""
    return np.asarray(z / np.sqrt(np.square(z, dtype=np.float64).mean() + 1e-8), np.float32)


def checked_motifs(info: NetworkInfo) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    """The motifs of the classes, their layout seeds, and the enlargement; NetworkError names all mistakes."""
    names = info.classes or NAMES
    mistakes = [f"'classes': {unknown('motif', printable(name), NAMES)}" for name in names if name not in NAMES]
    mistakes += [f"no 'shape.{printable(key)}' in patterns" for key in info.shape if key not in ("layouts", "enlarge")]
    if info.z_dim != len(LATENT_NAMES):
        mistakes.append(f"'z_dim' must be {len(LATENT_NAMES)}")
    if info.c_dim != len(names):
        mistakes.append(f"'c_dim' must be {len(names)}, one for each class")
    layouts = info.shape.get("layouts")
    if layouts is None and not mistakes:
        layouts = [SHOWN[NAMES.index(name)] for name in names]
    if layouts is not None and not _are_seeds(layouts, len(names)):
        mistakes.append(f"'shape.layouts' must be {len(names)} seeds, whole numbers from 0 to 4294967295")
    enlarge = info.shape.get("enlarge", 1)
    if isinstance(enlarge, bool) or enlarge not in range(1, 9):
        mistakes.append("'shape.enlarge' must be a whole number from 1 to 8")
    if mistakes:
        raise NetworkError(f"{info.path}: {'; '.join(mistakes)}")
    assert layouts is not None
    return tuple(names), tuple(layouts), int(enlarge)


def _are_seeds(values: object, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count:
        return False
    return all(isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32 for seed in values)
