"""Invert: the negative, and solarisation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import affine
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("invert", order=320)
class Invert(Effect):
    """Invert effect: fades into the negative, through flat grey; or inverts bright parts only (solarisation)."""

    parameters = (AMOUNT, Parameter("above", 0, 1, 0, "only values above this part of the range are folded down"))

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 every value v is 255 - v; with `above` 0.5 white becomes black and middle grey stays."""
        amount, above = amounts["amount"], 255 * amounts["above"]
        if above == 0:
            return affine(pixels, 1 - 2 * amount, 255 * amount)
        fold = (pixels - above).clamp_(min=0).mul_(amount * (1 + above / max(255 - above, 1)))
        return pixels.sub(fold).clamp_(0, 255)
