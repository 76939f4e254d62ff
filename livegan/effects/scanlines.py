"""Scanlines: an old screen."""

import torch

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS

LINES = 120  # over the height of the picture, as nearly as whole pixels allow


@EFFECTS("scanlines")
class Scanlines:
    """Darkens the gaps between lines."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 a gap is a quarter as bright."""
        if amount <= 0:
            return pixels
        height = pixels.shape[0]
        period = max(2, round(height / LINES))
        gap = torch.arange(height, device=pixels.device) % period >= (period + 1) // 2
        return rounded(pixels.float().mul_((1 - 0.75 * amount * gap)[:, None, None]))
