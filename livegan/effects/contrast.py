"""Contrast: values spread around the mean grey."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("contrast", order=340)
class Contrast(Effect):
    """Contrast effect: spreads values around the mean grey by ``1 + amount`` (as in Lucid Sonic Dreams)."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 differences from the mean are doubled."""
        amount = amounts["amount"]
        values = pixels.float()
        return rounded(values.add_(values.mean() * (-amount / (1 + amount))).mul_(1 + amount))
