"""Straight lines through every value of a picture: what contrast, flash and their like are made of."""

import torch


def rounded(values: torch.Tensor) -> torch.Tensor:
    """Whole numbers 0..255 (uint8) nearest to `values`; overwrites `values`."""
    return values.add_(0.5).clamp_(0, 255).to(torch.uint8)


def straight(pixels: torch.Tensor, gain: float, offset: float) -> torch.Tensor:
    """``pixels * gain + offset``, rounded and kept within 0..255."""
    return rounded(pixels.float().mul_(gain).add_(offset))


def between(pixels: torch.Tensor, other: torch.Tensor, amount: float) -> torch.Tensor:
    """`pixels` at 0, `other` at 1, a straight blend between."""
    return rounded(torch.lerp(pixels.float(), other.float(), amount))
