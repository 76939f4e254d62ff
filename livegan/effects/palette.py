"""Palettes: brightness becomes colour."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.colour import luma
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch

# name -> colours from black to white; one turn is there and back, so that the end meets the beginning
PALETTES: Mapping[str, tuple[str, ...]] = {
    "fire": ("000000", "3a0306", "a01408", "f0580a", "ffb52e", "fff4c8"),
    "ice": ("01030c", "06204e", "0f5f9e", "3bb4d8", "b6ecf4", "ffffff"),
    "neon": ("04000c", "2a0a5e", "a010b0", "ff2e93", "ff9a5c", "f9ff8f"),
    "aurora": ("01040a", "06303a", "0b8a6a", "58e08c", "a98bff", "f3d9ff"),
    "gold": ("060300", "2e1703", "84500f", "d8a02a", "ffe08a", "fffbe8"),
    "dusk": ("05030f", "1f1650", "6a2a86", "d1557e", "ff9e6b", "ffe7b0"),
    "forest": ("010402", "0b2416", "23583a", "6fa052", "cfd47a", "fff7dc"),
    "rainbow": ("10002b", "2340d8", "12b5b0", "7ae038", "ffd21f", "ff4a3d"),
}
STEPS = 1024


def colours(name: str) -> "torch.Tensor":
    """One turn through a palette, there and back: (3, STEPS), 0..255."""
    import torch
    import torch.nn.functional as F

    stops = torch.tensor([list(bytes.fromhex(colour)) for colour in PALETTES[name]]).float().T  # (3, stops)
    there = F.interpolate(stops[None], STEPS // 2, mode="linear", align_corners=True)[0]
    return torch.cat((there, there.flip(1)), 1)


@EFFECTS("palette", order=325)
class Palette(Effect):
    """Palette effect: each pixel's brightness looks up its colour, in one of eight colour maps."""

    parameters = (
        AMOUNT,
        Parameter("number", 0, len(PALETTES) - 1, 0, f"which one: {', '.join(PALETTES)}, from 0 on", whole=True),
        Parameter("cycles", 0.1, 8, 1, "how often the way through the palette is gone from black to white"),
        Parameter("phase", -1, 1, 0, "where in the palette black is; 1 is there and back"),
        Parameter("speed", -2, 2, 0, "how fast it moves through the palette", "turns/s"),
        Parameter("shade", 0, 1, 0.2, "how much of the picture's own brightness is kept"),
    )
    planes = True
    remembers = ("_moved",)

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
        at = (brightness * (STEPS / 2 * amounts["cycles"] / 255.5)).add_(start).to(torch.int32).bitwise_and_(STEPS - 1)
        places = at.flatten()
        out = torch.empty_like(pixels)
        shade = (brightness.mul_(1.6 / 255)).sub_(1).mul_(amounts["shade"]).add_(1)
        for plane, row in zip(out.unbind(-1), self._colours, strict=True):
            torch.mul(row.index_select(0, places).view(plane.shape), shade, out=plane)
        return torch.lerp(pixels, out.clamp_(0, 255), amounts["amount"])

    def reset(self) -> None:
        self._moved = 0.0
