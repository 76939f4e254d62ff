"""Posterize: few steps instead of many."""

import torch

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS


@EFFECTS("posterize")
class Posterize:
    """Rounds every value to steps that grow from 1 to 85."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 four levels are left in each colour."""
        if amount <= 0:
            return pixels
        step = 1 + 84 * amount
        return rounded(pixels.float().div_(step).round_().mul_(step))
