"""Glitch: bands of lines torn sideways, as of a bad tape."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS
from livegan.effects.warp import RandomSequence, Warp

if TYPE_CHECKING:
    import torch

BANDS = 64  # at most


@EFFECTS("glitch", order=126)
class Glitch(Warp):
    """Glitch effect: bands of lines jump sideways, at random (seeded) and for a moment each."""

    parameters = (
        AMOUNT,
        Parameter("distance", 0, 1, 0.2, "farthest jump at amount 1", "of the width"),
        Parameter("bands", 2, BANDS, 14, "bands over the height", whole=True),
        Parameter("share", 0, 1, 0.4, "how many of them jump"),
        Parameter("rate", 0.5, 20, 6, "how often they jump", "Hz"),
    )
    remembers = ("_random",)

    def __init__(self) -> None:
        super().__init__()
        self._random = RandomSequence(2 * BANDS)

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 bands jump by up to the distance."""
        import torch

        bands, numbers = round(amounts["bands"]), self._random.held(amounts["rate"] * dt_s)
        jumps = [
            jump * 2 * amounts["amount"] * amounts["distance"] if (awake + 1) / 2 < amounts["share"] else 0.0
            for jump, awake in zip(numbers[:bands], numbers[BANDS:], strict=False)
        ]
        band = (places[1] + 1).mul_(bands / 2).clamp_(0, bands - 1).to(torch.int32)
        moved = places.clone()
        moved[0].add_(torch.tensor(jumps, device=places.device).index_select(0, band.flatten()).view_as(band))
        return moved

    def reset(self) -> None:
        self._random = RandomSequence(2 * BANDS)
