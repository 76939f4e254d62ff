"""Invert: the negative."""

import torch

from livegan.effects.levels import straight
from livegan.effects.registry import EFFECTS


@EFFECTS("invert")
class Invert:
    """Fades into the negative, through flat grey."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 every value v is 255 - v."""
        return straight(pixels, 1 - 2 * amount, 255 * amount) if amount > 0 else pixels
