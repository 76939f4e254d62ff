"""Crossfade of two pictures of any size: how networks of different shapes fade into each other."""

import torch
import torch.nn.functional as F
from torch import Tensor

BAND = 1 << 18  # values processed at once, so that temporaries fit in the cache of a CPU


def crossfade(below: Tensor, above: Tensor, share: float) -> Tensor:
    """Linear interpolation of uint8 (height, width, 3) pictures: `below` at `share` 0, `above` at 1; both untouched.

    Of pictures of different sizes the smaller one is scaled to fill the other's and cropped; `above` is copied to the
    device of `below`.
    """
    if share <= 0:
        return below
    below, over = of_one_size(below, above)
    if share >= 1:
        return over
    if below.device.type != "cpu":
        return torch.lerp(below.float(), over.float(), share).add_(0.5).to(torch.uint8)
    mixed = torch.empty_like(below)
    rows = max(1, BAND // (below.shape[1] * below.shape[2]))
    for top in range(0, len(below), rows):
        band = slice(top, top + rows)
        mixed[band] = over[band].float().mul_(share).add_(below[band], alpha=1 - share).add_(0.5)
    return mixed


def of_one_size(below: Tensor, above: Tensor) -> tuple[Tensor, Tensor]:
    """Both on the device of `below` and of one size: the smaller one is scaled to fill the other's and cropped."""
    above = above.to(below.device, non_blocking=True)
    if above.numel() > below.numel():
        return covering(below, above.shape[0], above.shape[1]), above
    if above.shape != below.shape:
        above = covering(above, below.shape[0], below.shape[1])
    return below, above


def covering(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture uint8 (h, w, c) scaled to fill another size, its aspect ratio kept, cropped around the middle."""
    own_height, own_width = picture.shape[:2]
    rows = min(own_height, max(1, round(own_width * height / width)))
    columns = min(own_width, max(1, round(own_height * width / height)))
    top, left = (own_height - rows) // 2, (own_width - columns) // 2
    return resized(picture[top : top + rows, left : left + columns], height, width)


def resized(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture uint8 (h, w, c) at another size, by bilinear interpolation with antialiasing."""
    planes = picture.permute(2, 0, 1)[None]
    if picture.device.type != "cpu":  # uint8 is interpolated on the CPU only
        planes = planes.float()
    sampled = F.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    if sampled.dtype != torch.uint8:
        sampled = sampled.add_(0.5).clamp_(0, 255).to(torch.uint8)
    return sampled[0].permute(1, 2, 0).contiguous()
