"""Pixelation: large square pixels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import blend
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("pixelate", order=120)
class Pixelate(Effect):
    """Fades into blocks of one colour each."""

    parameters = (AMOUNT, Parameter("size", 2, 128, 16, "side of a block", "px"))

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        height, width, _ = pixels.shape
        size = round(amounts["size"])
        blocks = pixels[::size, ::size].repeat_interleave(size, 0).repeat_interleave(size, 1)
        return blend(pixels, blocks[:height, :width], amounts["amount"])
