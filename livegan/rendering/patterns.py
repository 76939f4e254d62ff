"""The generator "patterns": twelve motifs, one per pitch, drawn from formulae. No weights, any size, any aspect.

What a description of this kind may say: "classes", names of motifs in any order (none: all twelve), and under "shape":

    layouts   a seed for each class: where its forms lie, and its palette; without it, the ones that show each best
    enlarge   pictures are drawn at 1/enlarge of their sides and then enlarged, 1..8: 1

The eight numbers of z, scaled to a mean square of 1, are the knobs of a motif: hue, accent, light, scale, turn, form,
fold, drift. The controls direction.1 .. direction.8 push them one by one, in that order, so a route may tie a band of
the spectrum to one knob. A style mixed in gives the pose (coarse), shape (middle) or colours (fine) of its seed.
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
from livegan.motifs.field import KNOBS
from livegan.networks.info import NetworkInfo
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import control
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions

LEAST = 0.04  # a class with a smaller share of the class vector is not drawn
MOST = 3  # motifs in one picture
NEARNESS = 1e-3  # of classes with equal shares the earlier ones are drawn
LEAD = 0.3  # a share so far ahead of the next is drawn at full size alone, without smoothing
DARK = 0.06  # where motifs meet, the darkest place of one weighs so much against 1 more of the lightest
STYLES = ("scale", "turn"), ("form", "fold", "drift"), ("hue", "accent", "light")  # knobs of coarse, middle, fine
GRAINS = ((8, 0.05), (32, 0.04), (0, 0.04))  # of coarse, middle, fine: places along the shorter side (0: pixels), gain
LARGEST_PUSH = 1e3


@GENERATORS("patterns")
class Patterns:
    """The motifs, made ready."""

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        """NetworkError if the description asks for motifs that there are not."""
        self._names, self._layouts, enlarge = _asked(info)
        self.info = info
        self.reason = ""
        self.device_text = f"{device}, no network"
        self._device = torch.device(device)
        self._open = True
        height, width = info.resolution
        self._drawn = max(round(height / enlarge), 1), max(round(width / enlarge), 1)
        self._half = (self._drawn[0] + 1) // 2, (self._drawn[1] + 1) // 2
        self._style: tuple[int, Vector] | None = None  # the seed mixed in last, and its knobs
        self.megabytes = 30 * self._drawn[0] * self._drawn[1] * 4 / 2**20  # planes that a motif has at a time, about

    def threads(self, plan: FramePlan) -> int:
        return 0

    @torch.inference_mode()
    def render(self, plan: FramePlan) -> Tensor:
        """The picture of `plan`; psi scales the knobs, noise is a texture of the light.

        Of the class vector the three largest shares are drawn, those above 0.04; where motifs meet, light is in front.
        """
        if not self._open:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        if plan.z.shape != (self.info.z_dim,) or len(plan.classes) not in (0, self.info.c_dim):
            raise NetworkError(
                f"{self.info.name} wants {self.info.z_dim} latents and {self.info.c_dim} classes, "
                f"the plan has {plan.z.shape} and {plan.classes.shape}"
            )
        if plan.w is not None:
            raise NetworkError(f"{self.info.name} has no w; give latents of z, or a seed")
        knobs = torch.from_numpy(self._knobs(plan))[None].to(self._device)
        light = self._mixed(knobs, shares(plan.classes))
        if light.shape[2:] != self.info.resolution:
            light = F.interpolate(light, self.info.resolution, mode="bicubic", align_corners=False)
        pixels = self._grained(light, plan)[0] * 255 + 0.5
        return pixels.clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()

    def close(self) -> None:
        """Twice is fine."""
        self._open = False

    def _knobs(self, plan: FramePlan) -> Vector:
        """The eight knobs: z with a style mixed in, scaled by psi, pushed one by one."""
        z = _normalised(plan.z)
        styles = [control(plan, f"style.{group}") for group in GROUPS]
        if any(styles):
            other = self._knobs_of(abs(round(control(plan, "style.seed"))))
            for names, share in zip(STYLES, styles, strict=True):
                for at in map(KNOBS.index, names):
                    z[at] += (other[at] - z[at]) * np.float32(share)
        push = np.array([control(plan, f"direction.{i + 1}") for i in range(len(KNOBS))], np.float32)
        return np.asarray(z * np.float32(plan.truncation) + push.clip(-LARGEST_PUSH, LARGEST_PUSH), np.float32)

    def _knobs_of(self, seed: int) -> Vector:
        """Those of the style of that seed."""
        if self._style is None or self._style[0] != seed:
            self._style = seed, _normalised(latent_of_seed(seed, len(KNOBS)))
        return self._style[1]

    def _mixed(self, knobs: Tensor, parts: Sequence[tuple[int, float]]) -> Tensor:
        """Some motifs in one picture (1, 3, h, w), 0..1: the first at full size, the others at half of it.

        The first loses its fine detail as the next comes near, so nothing jumps when they change places.
        """
        first, share = parts[0]
        light = self._motif(first, knobs, self._drawn)
        if len(parts) == 1:
            return light
        lead = min((share - parts[1][1]) / LEAD, 1.0)
        if lead < 1:
            small = self._motif(first, knobs, self._half)
            light = torch.lerp(self._enlarged(small), light, lead * lead * (3 - 2 * lead))
        weight = share * (light.amax(1, keepdim=True).square() + DARK)
        total, weights = light * weight, weight
        for which, share in parts[1:]:
            light = self._enlarged(self._motif(which, knobs, self._half))
            weight = share * (light.amax(1, keepdim=True).square() + DARK)
            total, weights = torch.addcmul(total, light, weight), weights + weight
        return total / weights

    def _motif(self, which: int, knobs: Tensor, size: tuple[int, int]) -> Tensor:
        return draw(self._names[which], knobs, size, (self._layouts[which],), finer=1)

    def _enlarged(self, light: Tensor) -> Tensor:
        return F.interpolate(light, self._drawn, mode="bilinear", align_corners=False)

    def _grained(self, light: Tensor, plan: FramePlan) -> Tensor:
        """The light with a texture laid over it, where `plan` asks for noise."""
        gains = [plan.noise * control(plan, f"noise.{group}") for group in GROUPS]
        if not any(gains):
            return light
        height, width = self.info.resolution
        seed, short = round(control(plan, "noise.seed")), min(height, width)
        texture = torch.ones((), device=light.device)
        for layer, (gain, (places, reach)) in enumerate(zip(gains, GRAINS, strict=True)):
            if not gain:
                continue
            scale = min(places / short, 1) if places else 1
            size = max(round(height * scale), 1), max(round(width * scale), 1)
            plane = noise_plane(seed, layer, *size, light.device)[None, None]
            if size != (height, width):
                plane = F.interpolate(plane, (height, width), mode="bicubic", align_corners=False)
            texture = texture + plane * (gain * reach)
        return light * texture


def shares(classes: Vector) -> list[tuple[int, float]]:
    """Which classes are drawn and their shares of the picture, the largest first; the shares add up to 1.

    Each share counts from the largest that is left out, so that a class fades in from nothing. No class: the first.
    """
    found = np.nan_to_num(np.asarray(classes, np.float64), nan=0.0, posinf=1.0, neginf=0.0).clip(0, None)
    total = float(found.sum())
    if total <= 0:
        return [(0, 1.0)]
    part = found / total - NEARNESS * np.arange(len(found)) / len(found)
    order = [int(i) for i in np.argsort(-part, kind="stable")]
    floor = max(LEAST, float(part[order[MOST]]) if len(order) > MOST else 0.0)
    above = [(i, float(part[i]) - floor) for i in order[:MOST] if part[i] > floor]
    if not above:  # of more than 25 classes none may reach LEAST
        return [(order[0], 1.0)]
    whole = sum(share for _, share in above)
    return [(i, share / whole) for i, share in above]


def _normalised(z: Vector) -> Vector:
    """A mean square of 1 (Karras 2018, section 4.2); a copy."""
    return np.asarray(z / np.sqrt(np.square(z, dtype=np.float64).mean() + 1e-8), np.float32)


def _asked(info: NetworkInfo) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    """The motifs of the classes, their layouts, and how much they are enlarged."""
    names = info.classes or NAMES
    wrong = [f"'classes': {unknown('motif', printable(name), NAMES)}" for name in names if name not in NAMES]
    wrong += [f"no 'shape.{printable(key)}' in patterns" for key in info.shape if key not in ("layouts", "enlarge")]
    if info.z_dim != len(KNOBS):
        wrong.append(f"'z_dim' must be {len(KNOBS)}")
    if info.c_dim != len(names):
        wrong.append(f"'c_dim' must be {len(names)}, one for each class")
    layouts = info.shape.get("layouts")
    if layouts is None and not wrong:
        layouts = [SHOWN[NAMES.index(name)] for name in names]
    if layouts is not None and not _seeds(layouts, len(names)):
        wrong.append(f"'shape.layouts' must be {len(names)} seeds, whole numbers from 0 to 4294967295")
    enlarge = info.shape.get("enlarge", 1)
    if isinstance(enlarge, bool) or enlarge not in range(1, 9):
        wrong.append("'shape.enlarge' must be a whole number from 1 to 8")
    if wrong:
        raise NetworkError(f"{info.path}: {'; '.join(wrong)}")
    assert layouts is not None
    return tuple(names), tuple(layouts), int(enlarge)


def _seeds(found: object, count: int) -> bool:
    if not isinstance(found, list | tuple) or len(found) != count:
        return False
    return all(isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**32 for seed in found)
