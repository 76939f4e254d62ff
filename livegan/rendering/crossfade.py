"""Pictures laid over pictures: how unlike networks fade into each other."""

import torch
import torch.nn.functional as F
from torch import Tensor

BAND = 1 << 18  # numbers worked on at once: temporaries stay in the cache of a CPU, and small


def crossfade(below: Tensor, above: Tensor, share: float) -> Tensor:
    """`below` at `share` 0, `above` at 1: uint8 (height, width, 3) pictures in, one out; both untouched.

    Of unlike pictures the smaller one is made as large as the other, and what does not fit its proportions is cut off;
    `above` is brought to the device of `below`.
    """
    if share <= 0:
        return below
    over = above.to(below.device, non_blocking=True)
    if over.numel() > below.numel():
        below = covering(below, over.shape[0], over.shape[1])
    elif over.shape != below.shape:
        over = covering(over, below.shape[0], below.shape[1])
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


def covering(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture uint8 (h, w, c) that fills another size: its middle, in its own proportions."""
    tall, wide = picture.shape[:2]
    rows, columns = min(tall, max(1, round(wide * height / width))), min(wide, max(1, round(tall * width / height)))
    top, left = (tall - rows) // 2, (wide - columns) // 2
    return resized(picture[top : top + rows, left : left + columns], height, width)


def resized(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture uint8 (h, w, c) at another size: linear, and without aliases where it shrinks."""
    planes = picture.permute(2, 0, 1)[None]
    if picture.device.type != "cpu":  # there is no such sampling of whole numbers on a GPU
        planes = planes.float()
    sampled = F.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    if sampled.dtype != torch.uint8:
        sampled = sampled.add_(0.5).clamp_(0, 255).to(torch.uint8)
    return sampled[0].permute(1, 2, 0).contiguous()
