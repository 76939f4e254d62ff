"""Gamma: middle tones lifted or lowered, black and white kept."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("gamma", order=336)
class Gamma(Effect):
    """Gamma effect: raises values (white is 1) to a power; below 1 it is brighter, above 1 darker."""

    parameters = (
        AMOUNT,
        Parameter("power", 0.2, 5, 0.5, "the exponent at amount 1"),
        Parameter("warm", -1, 1, 0, "another power for red than for blue: above 0 middle tones are warmer"),
    )
    planes = True

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 ``255 * (v / 255) ** power``."""
        import torch

        out = pixels * (1 / 255)
        powers = [amounts["power"] * 2 ** (side * amounts["warm"]) for side in (-0.5, 0.0, 0.5)]
        for plane, power in zip(out.unbind(-1), powers, strict=True):
            torch.pow(plane, power ** amounts["amount"], out=plane)  # a geometric blend of 1 and the power
        return out.mul_(255)
