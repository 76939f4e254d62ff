"""Saturation: stronger colours; and grey: none."""

import torch

from livegan.effects.colour import through
from livegan.effects.registry import EFFECTS

LIGHTNESS = (0.2126, 0.7152, 0.0722)  # luma weights of ITU-R BT.709


def coloured(pixels: torch.Tensor, strength: float) -> torch.Tensor:
    """Distances from each pixel's own lightness times `strength`: 0 is grey, 1 as it was."""
    return through(pixels, torch.lerp(torch.tensor([LIGHTNESS] * 3), torch.eye(3), strength))


@EFFECTS("saturation")
class Saturation:
    """Spreads the colours of each pixel around its own lightness, by up to 3."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 three times as colourful; greys stay."""
        return coloured(pixels, 1 + 2 * amount) if amount > 0 else pixels


@EFFECTS("grey")
class Grey:
    """Drains the colour."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 black and white."""
        return coloured(pixels, 1 - amount) if amount > 0 else pixels
