"""Affine maps of pixel values, conversion and blending: what contrast, flash and their like are made of."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def as_planes(picture: "torch.Tensor") -> "torch.Tensor":
    """A picture uint8 (h, w, 3) as float32 (h, w, 3) whose three colours are a plane each in memory."""
    import torch

    return torch.stack(picture.unbind(-1)).float().permute(1, 2, 0)


def rounded(values: "torch.Tensor") -> "torch.Tensor":
    """Whole numbers 0..255 nearest to `values`: uint8 (h, w, 3), contiguous. `values` are not written to.

    By way of int16: torch converts float to that, and that to uint8, with vector instructions; float to uint8 without.
    """
    import torch

    whole = values.add(0.5).clamp_(0, 255).to(torch.int16).to(torch.uint8)
    return whole if whole.is_contiguous() else torch.stack(whole.unbind(-1), -1)


def affine(pixels: "torch.Tensor", gain: float, offset: float) -> "torch.Tensor":
    """``pixels * gain + offset``, kept within 0..255."""
    values = pixels * gain
    if offset:
        values.add_(offset)
    return values if 0 <= offset <= 255 and 0 <= 255 * gain + offset <= 255 else values.clamp_(0, 255)


def blend(pixels: "torch.Tensor", other: "torch.Tensor", amount: float) -> "torch.Tensor":
    """Linear blend of two pictures: `pixels` at amount 0, `other` at 1."""
    return other if amount >= 1 else pixels.lerp(other, amount)


def mean_colour(pixels: "torch.Tensor") -> "torch.Tensor":
    """Mean of each colour of a picture (h, w, 3): float (3,)."""
    rows = pixels.mean(0) if pixels.is_contiguous() else pixels.permute(2, 0, 1).mean(1).T
    return rows.mean(0)
