"""Edges: outlines instead of surfaces."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.colour import luma
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


FRAME_PX = 4
DARK = 12.0  # what is darker than this has no colour of its own


def slope(values: "torch.Tensor", distance: int) -> "torch.Tensor":
    """Steepness of values (h, w): the length of the two differences over so many pixels; 0 along the frame."""
    import torch

    across, down = torch.zeros_like(values), torch.zeros_like(values)
    height, width = values.shape
    step = min(distance, width - 1)
    torch.sub(values[:, step:], values[:, : width - step], out=across[:, : width - step])
    step = min(distance, height - 1)
    torch.sub(values[step:], values[: height - step], out=down[: height - step])
    across.mul_(across).addcmul_(down, down).sqrt_()
    for axis, size in enumerate(values.shape):  # a network's outermost pixels are often odd
        across.narrow(axis, 0, min(FRAME_PX, size)).zero_()
        across.narrow(axis, max(0, size - FRAME_PX - distance), min(FRAME_PX + distance, size)).zero_()
    return across


@EFFECTS("edge", order=220)
class Edge(Effect):
    """Edge effect: fades into the outlines of the picture on black."""

    parameters = (
        AMOUNT,
        Parameter("gain", 0.5, 40, 10, "how bright an outline is"),
        Parameter("width", 0.002, 0.05, 0.006, "width of the lines", "of the height"),
        Parameter("colour", 0, 1, 0.7, "0: white lines; 1: in the picture's own colours, at their fullest"),
    )
    planes = True

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 outlines only."""
        import torch

        brightness = luma(pixels)
        width = amounts["width"] * pixels.shape[0]
        step = max(1, round(width))
        lines = slope(brightness, step).mul_(amounts["gain"] * width / step).clamp_(max=255)
        own = (pixels + DARK).div_((pixels.amax(-1, keepdim=True)).add_(DARK))
        own.sub_(1).mul_(amounts["colour"]).add_(1)
        return torch.lerp(pixels, own.mul_(lines[..., None]), amounts["amount"])
