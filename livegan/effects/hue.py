"""Hue: rotation of the colour wheel."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.colour import apply_matrix
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("hue", order=300)
class Hue(Effect):
    """Hue effect: rotates colours about the grey axis of the RGB cube (Rodrigues' rotation about (1, 1, 1))."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """A whole turn at 1: red has become green at a third, blue at two thirds."""
        import torch

        angle = 2 * math.pi * amounts["amount"]
        even = (1 - math.cos(angle)) / 3
        skew = math.sin(angle) / math.sqrt(3)
        stay, next_, last = even + math.cos(angle), even - skew, even + skew
        return apply_matrix(pixels, torch.tensor([[stay, next_, last], [last, stay, next_], [next_, last, stay]]))
