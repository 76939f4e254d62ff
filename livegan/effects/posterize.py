"""Posterize: values quantised to few levels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("posterize", order=330)
class Posterize(Effect):
    """Posterize effect: rounds values to steps that grow with the amount."""

    parameters = (AMOUNT, Parameter("levels", 2, 16, 4, "levels of each colour at amount 1", whole=True))

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 so many levels are left in each colour."""
        step = 1 + (255 / (round(amounts["levels"]) - 1) - 1) * amounts["amount"]
        return (pixels * (1 / step)).round_().mul_(step).clamp_(0, 255)
