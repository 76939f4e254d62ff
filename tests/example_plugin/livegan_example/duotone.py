"""Duotone: shades of one colour, lights of another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import blend
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("duotone", order=327)
class Duotone(Effect):
    """Fades into two colours: a dark blue, and one between yellow and pink for what is bright."""

    parameters = (AMOUNT, Parameter("pink", 0, 1, 0.3, "0: lights are yellow; 1: pink"))

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        dark = pixels.new_tensor([20, 10, 80])
        light = pixels.new_tensor([255, 240, 90]).lerp(pixels.new_tensor([255, 120, 200]), amounts["pink"])
        grey = pixels.mean(-1, keepdim=True) / 255
        return blend(pixels, dark + (light - dark) * grey, amounts["amount"])
