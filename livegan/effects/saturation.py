"""Saturation (stronger colours) and grey (none)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.colour import LUMA, apply_matrix, between
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch

SAME = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def saturated(pixels: "torch.Tensor", strength: float) -> "torch.Tensor":
    """Distances from each pixel's own luma times `strength`: 0 is grey, 1 as it was."""
    return apply_matrix(pixels, between([LUMA] * 3, SAME, strength))


@EFFECTS("saturation", order=310)
class Saturation(Effect):
    """Saturation effect: spreads the colours of each pixel around its own luma."""

    parameters = (AMOUNT, Parameter("gain", 1, 6, 3, "how many times as colourful it is at amount 1"))
    planes = True

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 three times as colourful; greys stay."""
        return saturated(pixels, 1 + (amounts["gain"] - 1) * amounts["amount"])


@EFFECTS("grey", order=311)
class Grey(Effect):
    """Grey effect: removes colour, or leaves a tint (sepia, cyanotype)."""

    parameters = (
        AMOUNT,
        Parameter("tint", -1, 1, 0, "above 0 the greys are warm, as sepia; below 0 cold, as a blueprint"),
    )
    planes = True

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 black and white."""
        tint = amounts["tint"]
        shades = (1 + 0.25 * tint, 1.0 - 0.05 * abs(tint), 1 - 0.35 * tint)
        greys = [[weight * shade for weight in LUMA] for shade in shades]
        return apply_matrix(pixels, between(SAME, greys, amounts["amount"]))
