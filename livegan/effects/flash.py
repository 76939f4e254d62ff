"""Flash: brightness scaled up towards white."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import affine
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch

CEILING = 0.875  # at full flash one eighth of the range is stretched to all of it: very bright, not a white wall


@EFFECTS("flash", order=350)
class Flash(Effect):
    """Flash effect: stretches ``0..255 * (1 - amount)`` to 0..255 (as Lucid Sonic Dreams, with a ceiling)."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 everything is eight times as bright; black stays black."""
        return affine(pixels, 1 / (1 - CEILING * amounts["amount"]), 0.0)
