"""Zoom: a part of the picture, enlarged."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import rounded
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("zoom", order=110)
class Zoom(Effect):
    """Zoom effect: enlarges the middle, or another point, by ``1 + amount``, bilinear."""

    parameters = (
        AMOUNT,
        Parameter("x", -1, 1, 0, "the point that stays in place: -1 is the left edge, 1 the right one"),
        Parameter("y", -1, 1, 0, "the point that stays in place: -1 is the upper edge, 1 the lower one"),
    )

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 a quarter of the picture fills it."""
        import torch
        import torch.nn.functional as F

        height, width, _ = pixels.shape
        scale = 1 + amounts["amount"]
        down, across = (
            torch.linspace(1 - size, size - 1, size, device=pixels.device) / (size * scale) + centre * (1 - 1 / scale)
            for size, centre in ((height, amounts["y"]), (width, amounts["x"]))
        )
        where = torch.empty(1, height, width, 2, device=pixels.device)
        where[..., 0] = across
        where[..., 1] = down[:, None]
        planes = pixels.float()[None].permute(0, 3, 1, 2)
        large = F.grid_sample(planes, where, padding_mode="border", align_corners=False)
        return rounded(large)[0].permute(1, 2, 0).contiguous()
