"""Contrast: away from the mean grey."""

import torch

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS


@EFFECTS("contrast")
class Contrast:
    """Spreads values around the picture's mean grey by ``1 + amount`` (Lucid Sonic Dreams' contrast effect)."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 differences from the mean are doubled."""
        if amount <= 0:
            return pixels
        values = pixels.float()
        return rounded(values.add_(values.mean() * (-amount / (1 + amount))).mul_(1 + amount))
