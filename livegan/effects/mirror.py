"""Mirror: a kaleidoscope of two halves, then of four quarters."""

import torch

from livegan.effects.levels import between
from livegan.effects.registry import EFFECTS


def folded(pixels: torch.Tensor, axis: int) -> torch.Tensor:
    """The first half along `axis`, and its reflection in place of the second."""
    size = pixels.shape[axis]
    first = pixels.narrow(axis, 0, (size + 1) // 2)
    return torch.cat((first, first.narrow(axis, 0, size // 2).flip(axis)), axis)


@EFFECTS("mirror")
class Mirror:
    """Left onto right fades in over amount 0..0.5, top onto bottom over 0.5..1."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 0.5 two mirrored halves, at 1 four mirrored quarters."""
        if amount <= 0:
            return pixels
        sides = folded(pixels, 1)
        if amount <= 0.5:
            return between(pixels, sides, 2 * amount)
        return between(sides, folded(sides, 0), 2 * amount - 1)
