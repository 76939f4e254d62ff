"""Dim: the picture turned down."""

import torch

from livegan.effects.levels import straight
from livegan.effects.registry import EFFECTS


@EFFECTS("dim")
class Dim:
    """Darkens evenly."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 black."""
        return straight(pixels, 1 - amount, 0.0) if amount > 0 else pixels
