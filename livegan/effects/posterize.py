"""Posterize: values quantised to few levels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("posterize", order=330)
class Posterize(Effect):
    """Posterize effect: rounds values to steps that grow from 1 to 85."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 four levels are left in each colour."""
        step = 1 + 84 * amounts["amount"]
        return rounded(pixels.float().div_(step).round_().mul_(step))
