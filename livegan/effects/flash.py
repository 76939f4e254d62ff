"""Flash: the picture driven towards white."""

import torch

from livegan.effects.levels import straight
from livegan.effects.registry import EFFECTS

CEILING = 0.875  # at full flash one eighth of the range is stretched to all of it: very bright, not a white wall


@EFFECTS("flash")
class Flash:
    """Stretches ``0..255 * (1 - amount)`` to 0..255 (Lucid Sonic Dreams' flash effect, with a ceiling)."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 everything is eight times as bright; black stays black."""
        return straight(pixels, 1 / (1 - CEILING * amount), 0.0) if amount > 0 else pixels
