"""Contrast: values spread around a grey."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import mean_colour
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch

LUMA_601 = (0.299, 0.587, 0.114)  # weights of ITU-R BT.601, as PIL's grey has them


@EFFECTS("contrast", order=340)
class Contrast(Effect):
    """Contrast effect: spreads values around the picture's mean grey by ``1 + amount`` (as in Lucid Sonic Dreams).

    That is PIL's ``Contrast.enhance(1 + amplitude * strength)``, the amount being ``amplitude * strength``.
    """

    parameters = (
        AMOUNT,
        Parameter("pivot", 0, 1, 0, "0: around the picture's own mean grey; 1: around middle grey, so that dark sinks"),
    )

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 differences from the mean are doubled."""
        import torch

        amount, pivot = amounts["amount"], amounts["pivot"]
        means = mean_colour(pixels)
        grey = (means * torch.tensor(LUMA_601, device=pixels.device)).sum().add_(0.5).floor_()
        grey = grey.mul_(1 - pivot).add_(127.5 * pivot)
        return (pixels * (1 + amount)).sub_(grey * amount).clamp_(0, 255)
