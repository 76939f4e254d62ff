"""Dim: brightness scaled down."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import affine
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("dim", order=420)
class Dim(Effect):
    """Dim effect: scales brightness down to black."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 black."""
        return affine(pixels, 1 - amounts["amount"], 0.0)
