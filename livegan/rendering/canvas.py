"""Generator kinds of drawings, of the sound ("oscilloscope" ...) and of scores ("roll" ...). No weights, any size.

z moves the colours and the size a little, the classes (the notes being played) turn the hue, psi scales both; all else
are the parameters ``canvas.NAME`` and ``sound.NAME``.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import cos, pi, sin, tanh

import numpy as np
import torch
from torch import Tensor

from livegan.core.parameters import GENERATOR_DEFAULTS
from livegan.core.score import Score
from livegan.core.sound import Sound
from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.drawing_steps import DrawingSteps
from livegan.rendering.drawings import falling_notes, oscilloscope, roll, spectrum, starfield
from livegan.rendering.drawings.look import Look, look_of
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, check_z_plan

DRAWINGS = {"oscilloscope": oscilloscope.draw, "spectrum": spectrum.draw, "starfield": starfield.draw}
SCORES = {"falling-notes": falling_notes.draw, "roll": roll.draw}
HUE_OF_NOTES = 0.8  # how far the notes pull the hue their way; below 1 it never jumps


class Canvas(DrawingSteps):
    """Generator of drawings: the same plan gives the same picture, to the bit on one device."""

    example: Mapping[str, object] = {"resolution": (40, 72), "z_dim": 8, "c_dim": 12}

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        self.info = info
        self.reason = ""
        self.device_text = f"{device}, no network"
        self._device = torch.device(device)
        self._seed = int(info.shape.get("seed", 0))
        self._open = True
        height, width = info.resolution
        self.megabytes = 12 * height * width * 4 / 2**20  # about the planes that a drawing needs

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return 0

    @torch.inference_mode()
    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        """The picture of `plan`; noise, bends and styles do nothing."""
        if not self._open:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        check_z_plan(plan, self.info)
        size = self.steps[min(step, len(self.steps) - 1)].size
        return to_pixels(drawing(self.info.kind, self._look(plan), plan.sound, plan.score, size, self._device))

    def close(self) -> None:
        self._open = False

    def _look(self, plan: FramePlan) -> Look:
        look = look_of({**GENERATOR_DEFAULTS, **plan.parameters}, "canvas.", self._seed)
        z = plan.z.astype(np.float64)
        z = z / (np.sqrt(np.square(z).mean()) + 1e-8) * plan.truncation
        a, b, c, d = (tanh(float(value) / 2) for value in np.resize(z, 4))
        zoom = plan.parameter("canvas.zoom") * (1 + (0.05 if self.info.kind in SCORES else 0.12) * c)
        return replace(
            look,
            hue=_towards_notes(look.hue + 0.12 * a, plan.classes * np.float32(min(plan.truncation, 1.0))),
            spread=max(look.spread + 0.15 * b, 0.0),
            turn=look.turn + (0.02 * d if self.info.kind == "oscilloscope" and look.symmetry > 1 else 0.0),
            scale=max(zoom, 0.05),
            streak=abs(plan.parameter("canvas.speed")),
        )


for _kind in (*DRAWINGS, *SCORES):
    GENERATORS(_kind)(Canvas)


def drawing(
    kind: str, look: Look, sound: Sound | None, score: Score | None, size: tuple[int, int], device: torch.device
) -> Tensor:
    """A drawing by its kind, of what it draws: (3, height, width), 0..1."""
    if kind in SCORES:
        return SCORES[kind](look, score, size, device)
    return DRAWINGS[kind](look, sound, size, device)


def to_pixels(light: Tensor) -> Tensor:
    """Colours (3, height, width), 0..1, as uint8 (height, width, 3), contiguous."""
    return (light * 255).add_(0.5).clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()


def _towards_notes(hue: float, classes: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> float:
    """The hue, pulled towards those of the notes being played: the circle of fifths round the wheel of colours."""
    x, y = cos(2 * pi * hue), sin(2 * pi * hue)
    total = float(np.abs(classes).sum())
    if total > 0:
        angles = 2 * pi * (np.arange(len(classes)) * 7 % 12) / 12
        share = HUE_OF_NOTES / max(total, 1.0)
        x += share * float(classes @ np.cos(angles))
        y += share * float(classes @ np.sin(angles))
    return float(np.arctan2(y, x) / (2 * pi) % 1.0)
