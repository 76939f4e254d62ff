"""Hue: the colour wheel turned."""

import math

import torch

from livegan.effects.colour import through
from livegan.effects.registry import EFFECTS


@EFFECTS("hue")
class Hue:
    """Turns colours around the grey axis of the RGB cube; greys stay (Rodrigues' rotation about (1, 1, 1))."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """A whole turn at 1: red has become green at a third, blue at two thirds."""
        if amount <= 0 or amount >= 1:
            return pixels
        angle = 2 * math.pi * amount
        even = (1 - math.cos(angle)) / 3
        skew = math.sin(angle) / math.sqrt(3)
        stay, next_, last = even + math.cos(angle), even - skew, even + skew
        return through(pixels, torch.tensor([[stay, next_, last], [last, stay, next_], [next_, last, stay]]))
