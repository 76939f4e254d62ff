"""Size of pictures: halved so that effects cost less, and memory of earlier frames brought to another size."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def resized(values: "torch.Tensor", height: int, width: int) -> "torch.Tensor":
    """Values float (h, w, 3) at another size, bilinear, antialiased."""
    import torch.nn.functional as F

    planes = F.interpolate(values.permute(2, 0, 1)[None], (height, width), mode="bilinear", antialias=True)
    return planes[0].permute(1, 2, 0)


def fitted(before: "torch.Tensor | None", pixels: "torch.Tensor") -> "torch.Tensor | None":
    """An earlier frame in the size and the memory layout of this one; None if there is none on its device."""
    import torch

    if before is None or before.device != pixels.device:
        return None
    if before.shape != pixels.shape:
        before = resized(before, pixels.shape[0], pixels.shape[1])
    return before if before.stride() == pixels.stride() else torch.empty_like(pixels).copy_(before)


def halved(pixels: "torch.Tensor") -> "torch.Tensor":
    """A picture uint8 (h, w, 3) at half its height and width, rounded down: the mean of each two by two pixels."""
    import torch

    height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    if height < 2 or width < 2:
        return pixels
    rows = pixels[0:height:2].to(torch.int16) + pixels[1:height:2]
    return ((rows[:, 0:width:2] + rows[:, 1:width:2] + 2) >> 2).to(torch.uint8)
