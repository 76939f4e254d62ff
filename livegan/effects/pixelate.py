"""Pixelate: large square pixels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import blend
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.resample import smaller

if TYPE_CHECKING:
    import torch


def enlarged(small: "torch.Tensor", height: int, width: int) -> "torch.Tensor":
    """Values (3, h, w) at a larger size, each repeated: (height, width, 3) with each colour as a plane in memory."""
    import torch

    rows, columns = (
        torch.arange(size, device=small.device) * count // size
        for size, count in ((height, small.shape[1]), (width, small.shape[2]))
    )
    return small.index_select(2, columns).index_select(1, rows).permute(1, 2, 0)


@EFFECTS("pixelate", order=150)
class Pixelate(Effect):
    """Pixelation effect: fades into blocks, each of the mean colour of what it covers."""

    parameters = (
        AMOUNT,
        Parameter("blocks", 4, 240, 36, "blocks over the height"),
        Parameter("stretch", 0.125, 8, 1, "how much wider than high a block is"),
    )
    planes = True

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 blocks only."""
        height, width, _ = pixels.shape
        down = max(1, min(height, round(amounts["blocks"])))
        across = max(1, min(width, round(amounts["blocks"] * width / height / amounts["stretch"])))
        return blend(pixels, enlarged(smaller(pixels, down, across), height, width), amounts["amount"])
