"""Palettes: brightness becomes colour."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.colour import luma
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch

Triple = tuple[float, float, float]

# name -> offset, amplitude, frequency, phase of each colour: offset + amplitude * cos(2 pi (frequency t + phase)),
# with the form of Inigo Quilez's cosine palettes; frequencies are whole, so that the end meets the beginning
PALETTES: Mapping[str, tuple[Triple, Triple, Triple, Triple]] = {
    "fire": ((0.55, 0.25, 0.08), (0.55, 0.35, 0.18), (1, 1, 2), (0.55, 0.62, 0.60)),
    "ice": ((0.25, 0.45, 0.65), (0.30, 0.45, 0.40), (1, 1, 1), (0.65, 0.57, 0.50)),
    "rainbow": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), (1, 1, 1), (0.0, 0.33, 0.67)),
    "neon": ((0.55, 0.25, 0.60), (0.50, 0.45, 0.40), (1, 2, 1), (0.60, 0.10, 0.35)),
    "forest": ((0.25, 0.42, 0.20), (0.28, 0.38, 0.20), (1, 1, 2), (0.60, 0.52, 0.70)),
    "gold": ((0.52, 0.40, 0.22), (0.50, 0.42, 0.25), (1, 1, 1), (0.53, 0.55, 0.62)),
    "sunset": ((0.55, 0.35, 0.45), (0.45, 0.35, 0.30), (1, 1, 1), (0.50, 0.62, 0.90)),
    "opal": ((0.70, 0.72, 0.75), (0.25, 0.22, 0.22), (2, 2, 2), (0.50, 0.75, 0.05)),
}
STEPS = 1024


def colours(name: str) -> "torch.Tensor":
    """One turn through a palette: (3, STEPS), 0..255."""
    import torch

    turn = torch.arange(STEPS) / STEPS
    rows = zip(*PALETTES[name], strict=True)
    waves = [base + size * torch.cos(2 * math.pi * (often * turn + start)) for base, size, often, start in rows]
    return torch.stack(waves).clamp_(0, 1).mul_(255)


@EFFECTS("palette", order=325)
class Palette(Effect):
    """Palette effect: each pixel's brightness looks up its colour, in one of eight colour maps."""

    parameters = (
        AMOUNT,
        Parameter("number", 0, len(PALETTES) - 1, 0, f"which one: {', '.join(PALETTES)}, from 0 on", whole=True),
        Parameter("cycles", 0.1, 8, 1, "turns through the palette from black to white"),
        Parameter("phase", -1, 1, 0, "where in the palette black is; 1 is a whole turn"),
        Parameter("speed", -2, 2, 0, "how fast it moves through the palette", "turns/s"),
        Parameter("shade", 0, 1, 0.4, "how much of the picture's own brightness is kept"),
    )
    planes = True

    def __init__(self) -> None:
        self._moved = 0.0  # turns
        self._key: tuple[object, ...] = ()
        self._colours: torch.Tensor

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 the colours of the palette only."""
        import torch

        self._moved = (self._moved + amounts["speed"] * dt_s) % 1.0
        name = list(PALETTES)[round(amounts["number"])]
        if self._key != (name, pixels.device):
            self._colours, self._key = colours(name).to(pixels.device), (name, pixels.device)
        brightness = luma(pixels)
        start = STEPS * ((amounts["phase"] + self._moved) % 1.0)
        at = (brightness * (STEPS * amounts["cycles"] / 255.01)).add_(start).to(torch.int32).bitwise_and_(STEPS - 1)
        places = at.flatten()
        out = torch.empty_like(pixels)
        shade = (brightness.mul_(1.6 / 255)).sub_(1).mul_(amounts["shade"]).add_(1)
        for plane, row in zip(out.unbind(-1), self._colours, strict=True):
            torch.mul(row.index_select(0, places).view(plane.shape), shade, out=plane)
        return torch.lerp(pixels, out.clamp_(0, 255), amounts["amount"])

    def reset(self) -> None:
        self._moved = 0.0
