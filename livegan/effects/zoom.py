"""Zoom: a part of the picture, enlarged."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS
from livegan.effects.resample import planes_of
from livegan.effects.warp import Warp

if TYPE_CHECKING:
    import torch

CANDIDATES = 24  # first pixels among which the one is found that makes the rest of the way whole pixels
NEAR = 0.1  # px: what is nearer to its place than this stays there


@EFFECTS("zoom", order=110)
class Zoom(Warp):
    """Zoom effect: enlarges the middle, or another point, by ``1 + amount``, bilinear."""

    parameters = (
        AMOUNT,
        Parameter("x", -1, 1, 0, "the point that stays in place: -1 is the left edge, 1 the right one"),
        Parameter("y", -1, 1, 0, "the point that stays in place: -1 is the upper edge, 1 the lower one"),
    )
    planes = False
    leaves = False

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 a quarter of the picture fills it."""
        scale = 1 / (1 + amounts["amount"])
        nearer = places * scale
        for axis, centre in enumerate((amounts["x"], amounts["y"])):
            if centre:
                nearer[axis].add_(centre * (1 - scale))
        return nearer

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """Alone in a chain and on a CPU the part is cut out and resized: the same, in half the time."""
        import torch.nn.functional as F

        scale = 1 + amounts["amount"]
        if pixels.device.type != "cpu" or min(pixels.shape[:2]) * amounts["amount"] < 2:
            return super().step(pixels, amounts, dt_s)
        left, over = _cut(pixels.shape[1], scale, amounts["x"])
        top, down = _cut(pixels.shape[0], scale, amounts["y"])
        part = planes_of(pixels)[
            :, :, top : top + _needed(pixels.shape[0], scale, down), left : left + _needed(pixels.shape[1], scale, over)
        ]
        large = F.interpolate(part, scale_factor=scale, mode="bilinear", antialias=True)[0].permute(1, 2, 0)
        return _shifted(_shifted(large, 0, down, pixels.shape[0]), 1, over, pixels.shape[1]).float()


def _cut(size: int, scale: float, centre: float) -> tuple[int, float]:
    """Pixel at which to cut a line so that the enlarged part begins so many (as nearly whole) pixels later."""
    start = size * (1 - 1 / scale) * (centre + 1) / 2
    last = max(int(start) - 1, 0)  # the pixel before the part has a share in its edge
    return min(
        ((first, (start - first) * scale) for first in range(last, max(last - CANDIDATES, -1), -1)),
        key=lambda cut: abs(cut[1] - round(cut[1])),
    )


def _needed(size: int, scale: float, offset: float) -> int:
    return math.ceil((size + offset + 1) / scale) + 2


def _shifted(large: "torch.Tensor", axis: int, offset: float, size: int) -> "torch.Tensor":
    """`size` values, float, from a place between two pixels on; where they end, the last one again."""
    import torch

    first, length = int(offset + NEAR), large.shape[axis]
    part = offset - first if offset - first > NEAR else 0.0
    count = size + (part > 0)
    if first + count <= length:
        values = large.narrow(axis, first, count)
    else:
        values = large.index_select(axis, torch.arange(first, first + count).clamp_(max=length - 1))
    if not part:
        return values
    values = values.float()
    return torch.lerp(values.narrow(axis, 0, size), values.narrow(axis, 1, size), part)
