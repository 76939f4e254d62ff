"""Mirror: reflection in two halves, then in four quarters (a kaleidoscope)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import blend
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


def fold(pixels: "torch.Tensor", axis: int) -> "torch.Tensor":
    """The first half along `axis`, and its reflection in place of the second."""
    import torch

    size = pixels.shape[axis]
    first = pixels.narrow(axis, 0, (size + 1) // 2)
    return torch.cat((first, first.narrow(axis, 0, size // 2).flip(axis)), axis)


@EFFECTS("mirror", order=100)
class Mirror(Effect):
    """Mirror effect: left onto right fades in over amount 0..0.5, top onto bottom over 0.5..1."""

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 0.5 two mirrored halves, at 1 four mirrored quarters."""
        amount = amounts["amount"]
        sides = fold(pixels, 1)
        if amount <= 0.5:
            return blend(pixels, sides, 2 * amount)
        return blend(sides, fold(sides, 0), 2 * amount - 1)
