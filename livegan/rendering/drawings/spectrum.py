"""Spectrum: levels of the bands as bars, mirrored bars, a ring, or hills."""

from functools import lru_cache
from math import pi

import numpy as np
import torch
from torch import Tensor

from livegan.core.sound import BANDS, SILENT, Sound
from livegan.core.types import Vector
from livegan.rendering.drawings.light import COARSE, lit
from livegan.rendering.drawings.look import Look, grid

FEWEST, DOUBLINGS = 12, 3.4  # bars at density 0, and how often they double up to density 1
BAR = 0.62  # of its place that a bar fills
CAP = 2.0  # half of the bright end of a bar [px]
HEAT = 0.22  # white in the middle of bars
INNER = 0.36  # radius of a ring without sound
FINE = 512  # places along hills
SMOOTH = 31  # of them that are averaged


def draw(look: Look, sound: Sound | None, size: tuple[int, int], device: torch.device) -> Tensor:
    """The drawing, (3, height, width), 0..1."""
    levels = (sound or SILENT).spectrum
    geometry = (look.x, look.y, look.scale, look.turn, look.symmetry, look.form)
    along, up, pixel, hues = _geometry(*geometry, size, device)
    if look.form == 3:
        return lit(_hills(levels, along, up, pixel, look, size), hues, look)
    count = round(FEWEST * 2 ** (DOUBLINGS * look.density))
    edges = np.linspace(0, BANDS, count + 1)
    lows, highs = edges[:-1].astype(int), np.maximum(np.ceil(edges[1:]).astype(int), edges[:-1].astype(int) + 1)
    bars = np.array([levels[low:high].max() for low, high in zip(lows, highs, strict=True)], np.float32)
    place = along * count
    index = place.to(torch.int64).clamp_(0, count - 1)
    top = torch.from_numpy(bars).to(device)[index]
    beside = ((place - index - 0.5).abs_() * -1 + BAR / 2) * (look_width(look, size) / count)
    inside = (beside + 0.5).clamp_(0, 1)
    inside.mul_(((top - up) / pixel + 0.5).clamp_(0, 1)).mul_((up / pixel + 1.0).clamp_(0, 1))
    shade = (up / (top + 1e-3)).clamp_(0, 1).square_().mul_(0.7).add_(0.3)
    cap = (1 - ((top - up) / pixel - CAP).abs_() / CAP).clamp_(0, 1)
    return lit(inside.mul_(shade.add_(cap)), hues, look, HEAT)


def look_width(look: Look, size: tuple[int, int]) -> float:
    """How long the row of bars is [px]."""
    height, width = size
    if look.form == 2:
        return pi * INNER * height * look.scale / look.symmetry
    return width * look.scale / look.symmetry


def _hills(levels: Vector, along: Tensor, up: Tensor, pixel: float, look: Look, size: tuple[int, int]) -> Tensor:
    """A line over the levels, and a dim slope under it."""
    fine = np.interp(np.linspace(0, BANDS - 1, FINE + SMOOTH - 1), np.arange(BANDS), levels)
    smooth = np.convolve(fine, np.hanning(SMOOTH + 2)[1:-1] / np.hanning(SMOOTH + 2).sum(), "valid").astype(np.float32)
    index = (along * FINE).to(torch.int64).clamp_(0, FINE - 1)
    heights = torch.from_numpy(smooth).to(up.device)
    slope = torch.from_numpy(np.gradient(smooth).astype(np.float32) * FINE).to(up.device)
    steep = (1 + (slope / (pixel * look_width(look, size))).square()).sqrt()  # of the line, px to px
    top = heights[index]
    away = (up - top).abs_() / (steep[index] * pixel)
    thick = max(look.thickness / 100 * size[0], 1.0) / 2
    line = (thick + 0.5 - away).clamp_(0, 1)
    under = (up / (top + 1e-3)).clamp_(0, 1).square_().mul_((up < top).float()).mul_((up > 0).float()).mul_(0.3)
    return torch.maximum(line, under)


@lru_cache(4)
def _geometry(
    x: float, y: float, scale: float, turn: float, symmetry: int, form: int, size: tuple[int, int], device: torch.device
) -> tuple[Tensor, Tensor, float, Tensor]:
    """For each pixel its place along the bands and its height in levels; levels of a pixel; the plane of hues."""
    look = Look(x=x, y=y, scale=scale, turn=turn, symmetry=symmetry, form=form)
    along, up, levels = _places(look, size, device)
    small = max(2, size[0] // COARSE), max(2, size[1] // COARSE)
    return along, up, levels * 2 / (size[0] * scale), _places(look, small, device)[0] - 0.5


def _places(look: Look, size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor, float]:
    """Place along the bands 0..1, height in levels, and how many levels are half the height of the picture."""
    across, down = grid(look, size, device)
    aspect = size[1] / size[0]
    if look.form == 2:
        radius = (across.square() + down.square()).sqrt()
        angle = torch.atan2(across, down).abs() / pi  # 0 below .. 1 above, alike on both sides
        return _folded(angle, look.symmetry), (radius - INNER) / 0.5, 1 / 0.5
    along = _folded((across / aspect + 1) / 2, look.symmetry)
    if look.form == 1:
        return along, down.abs() / 0.85, 1 / 0.85
    return along, (0.86 - down) / 1.6, 1 / 1.6


def _folded(along: Tensor, times: int) -> Tensor:
    """A way 0..1 gone there and back so many times; 2: from the middle outwards."""
    if times == 1:
        return along.clamp(0, 1)
    return (along * times % 2.0 - 1).abs().contiguous()
