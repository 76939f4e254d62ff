"""Flash: brightness scaled up towards white."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import affine
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("flash", order=350)
class Flash(Effect):
    """Flash effect: stretches ``0..255 * (1 - amount * range)`` to 0..255 (as in Lucid Sonic Dreams).

    That is scikit-image's ``rescale_intensity(in_range=(0, 255 - amplitude * strength * 255))``: with `range` 1 the
    amount is ``amplitude * strength``. By default an eighth of the range is left at full flash: very bright, not a
    white wall.
    """

    parameters = (AMOUNT, Parameter("range", 0, 1, 0.875, "part of the range of values that is cut away at amount 1"))

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 everything is eight times as bright; black stays black."""
        return affine(pixels, 1 / max(1 - amounts["range"] * amounts["amount"], 1 / 255), 0.0)
