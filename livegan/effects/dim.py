"""Dim: brightness scaled down."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import affine
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("dim", order=420)
class Dim(Effect):
    """Dim effect: scales brightness down, to black or to a floor."""

    parameters = (AMOUNT, Parameter("floor", 0, 1, 0, "what is left of the light at amount 1"))

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 black, or the floor."""
        return affine(pixels, 1 - amounts["amount"] * (1 - amounts["floor"]), 0.0)
