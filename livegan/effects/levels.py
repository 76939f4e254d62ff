"""Affine maps of pixel values, rounding and blending: what contrast, flash and their like are made of."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def rounded(values: "torch.Tensor") -> "torch.Tensor":
    """Whole numbers 0..255 (uint8) nearest to `values`; overwrites `values`.

    By way of int16: torch converts float to that, and that to uint8, with vector instructions; float to uint8 without.
    """
    import torch

    return values.add_(0.5).clamp_(0, 255).to(torch.int16).to(torch.uint8)


def affine(pixels: "torch.Tensor", gain: float, offset: float) -> "torch.Tensor":
    """``pixels * gain + offset``, rounded and kept within 0..255."""
    return rounded(pixels.float().mul_(gain).add_(offset))


def blend(pixels: "torch.Tensor", other: "torch.Tensor", amount: float) -> "torch.Tensor":
    """Linear blend: `pixels` at amount 0, `other` at 1."""
    return rounded(pixels.float().lerp(other.float(), amount))
