"""Colour matrices: linear maps of RGB values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

LUMA = (0.2126, 0.7152, 0.0722)  # weights of ITU-R BT.709
Rows = Sequence[Sequence[float]]


def apply_matrix(pixels: "torch.Tensor", matrix: Rows) -> "torch.Tensor":
    """Each pixel's (r, g, b) times `matrix` (3, 3), a row for each colour that comes out, kept within 0..255."""
    import torch

    colours = pixels.unbind(-1)
    out = torch.empty_like(pixels)
    for plane, row in zip(out.unbind(-1), matrix, strict=True):
        torch.mul(colours[0], row[0], out=plane)
        plane.add_(colours[1], alpha=row[1]).add_(colours[2], alpha=row[2])
    return out.clamp_(0, 255)


def luma(pixels: "torch.Tensor") -> "torch.Tensor":
    """Brightness of each pixel (h, w), 0..255 (ITU-R BT.709)."""
    red, green, blue = pixels.unbind(-1)
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def between(start: Rows, end: Rows, amount: float) -> Rows:
    """Linear interpolation of two matrices: `start` at 0, `end` at 1, beyond it above."""
    return [[a + (b - a) * amount for a, b in zip(*rows, strict=True)] for rows in zip(start, end, strict=True)]
