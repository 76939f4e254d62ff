"""Invert: the negative."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import affine
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("invert", order=320)
class Invert(Effect):
    """Invert effect: fades into the negative, through flat grey."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 every value v is 255 - v."""
        return affine(pixels, 1 - 2 * amounts["amount"], 255 * amounts["amount"])
