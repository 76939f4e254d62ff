"""Saturation (stronger colours) and grey (none)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.colour import apply_matrix
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch

LUMA = (0.2126, 0.7152, 0.0722)  # weights of ITU-R BT.709


def saturated(pixels: "torch.Tensor", strength: float) -> "torch.Tensor":
    """Distances from each pixel's own luma times `strength`: 0 is grey, 1 as it was."""
    import torch

    return apply_matrix(pixels, torch.lerp(torch.tensor([LUMA] * 3), torch.eye(3), strength))


@EFFECTS("saturation", order=310)
class Saturation(Effect):
    """Saturation effect: spreads the colours of each pixel around its own luma, by up to 3."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 three times as colourful; greys stay."""
        return saturated(pixels, 1 + 2 * amounts["amount"])


@EFFECTS("grey", order=311)
class Grey(Effect):
    """Grey effect: removes colour."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 black and white."""
        return saturated(pixels, 1 - amounts["amount"])
