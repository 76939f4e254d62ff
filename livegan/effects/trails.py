"""Trails: light that lingers."""

import math

import torch

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS

LONGEST_S = 2.0  # time constant at amount 1


@EFFECTS("trails")
class Trails:
    """Keeps what was bright and lets it fade: the lighter of this frame and the decaying earlier ones.

    The time constant is ``2 s * amount``; two small steps fade as much as one large one. A still picture stays itself.
    """

    def __init__(self) -> None:
        """Remembers nothing yet."""
        self._glow: torch.Tensor | None = None

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 a light fades to 37 % in two seconds; 0 forgets."""
        if amount <= 0:
            self._glow = None
            return pixels
        glow = pixels.float()
        before = self._glow
        if before is not None and before.shape == glow.shape and before.device == glow.device:
            torch.maximum(glow, before.mul_(math.exp(-dt_s / (LONGEST_S * amount))), out=glow)
        self._glow = glow
        return rounded(glow.clone())
