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

    def __init__(self) -> None:
        self._places: torch.Tensor | None = None  # of the pixels: (height, width, 2), x and y, -1 to 1

    def _fit(self, pixels: "torch.Tensor") -> "torch.Tensor":
        import torch

        height, width, _ = pixels.shape
        places = self._places
        if places is None or places.shape[:2] != pixels.shape[:2] or places.device != pixels.device:
            down, across = (
                torch.linspace(1 - size, size - 1, size, device=pixels.device) / size for size in (height, width)
            )
            places = torch.stack((across.expand(height, width), down[:, None].expand(height, width)), -1)
            self._places = places
        return places

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 a quarter of the picture fills it."""
        import torch
        import torch.nn.functional as F

        scale = 1 + amounts["amount"]
        where = self._fit(pixels) * (1 / scale)
        for axis, centre in enumerate((amounts["x"], amounts["y"])):
            if centre:
                where[..., axis].add_(centre * (1 - 1 / scale))
        planes = pixels.float()[None].permute(0, 3, 1, 2)
        large = F.grid_sample(planes, where[None], padding_mode="border", align_corners=False)
        return torch.stack(rounded(large)[0].unbind(), -1)
