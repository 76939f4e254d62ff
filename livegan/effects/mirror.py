"""Mirror: reflection in two halves, then in four quarters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import blend
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


def fold(pixels: "torch.Tensor", axis: int, last: bool) -> "torch.Tensor":
    """One half along `axis`, the first or the `last`, and its reflection in place of the other."""
    import torch

    size = pixels.shape[axis]
    half = pixels.narrow(axis, size // 2 if last else 0, (size + 1) // 2)
    image = half.narrow(axis, size % 2 if last else 0, size // 2).flip(axis)
    out = torch.empty_like(pixels)  # laid out in memory as the picture is
    out.narrow(axis, size // 2 if last else 0, (size + 1) // 2).copy_(half)
    out.narrow(axis, 0 if last else size - size // 2, size // 2).copy_(image)
    return out


@EFFECTS("mirror", order=100)
class Mirror(Effect):
    """Mirror effect: left onto right fades in over amount 0..0.5, top onto bottom over 0.5..1."""

    parameters = (
        AMOUNT,
        Parameter("right", 0, 1, 0, "1: the right half is shown and reflected, not the left one", whole=True),
        Parameter("lower", 0, 1, 0, "1: the lower half, not the upper one", whole=True),
    )

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 0.5 two mirrored halves, at 1 four mirrored quarters."""
        amount = amounts["amount"]
        sides = fold(pixels, 1, round(amounts["right"]) > 0)
        if amount <= 0.5:
            return blend(pixels, sides, 2 * amount)
        return blend(sides, fold(sides, 0, round(amounts["lower"]) > 0), 2 * amount - 1)
