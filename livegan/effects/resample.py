"""Resampling of pictures in fixed-point numbers: several times as fast as in float on a CPU."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def planes_of(pixels: "torch.Tensor") -> "torch.Tensor":
    """A picture float (h, w, 3) within 0..255 as (1, 3, h, w): uint8 on a CPU, where that is quick, else float."""
    import torch

    whole = pixels.to(torch.int16).to(torch.uint8) if pixels.device.type == "cpu" else pixels
    return whole[None].permute(0, 3, 1, 2)  # in this order torch knows that colours are last in memory


def smaller(pixels: "torch.Tensor", height: int, width: int) -> "torch.Tensor":
    """A picture float (h, w, 3) at a smaller size, antialiased: float (3, height, width), contiguous."""
    import torch.nn.functional as F

    return F.interpolate(planes_of(pixels), (height, width), mode="bilinear", antialias=True)[0].float().contiguous()


def larger(small: "torch.Tensor", like: "torch.Tensor") -> "torch.Tensor":
    """Values float (3, h, w) within 0..255 at the size, and in the memory layout, of a picture float (h, w, 3)."""
    import torch
    import torch.nn.functional as F

    if small.device.type == "cpu":
        layout = torch.channels_last if like.is_contiguous() else torch.contiguous_format
        planes = small.add(0.5).to(torch.int16).to(torch.uint8)[None].contiguous(memory_format=layout)
    else:
        planes = small[None]
    large = F.interpolate(planes, like.shape[:2], mode="bilinear", antialias=True)
    return large[0].permute(1, 2, 0).float()
