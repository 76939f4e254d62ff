"""Light of a drawing: strokes as sums of points, gaussian blur, glow, and colours of equal lightness (OKLCH)."""

from functools import lru_cache
from math import ceil, pi

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.rendering.drawings.look import Look, Points

UNIT = 1 << 12  # of the whole numbers that points are added up in: their sum does not depend on the order
SPACING = 0.5  # between the points of a line, in widths of it
POINTS = 16384  # along a line, at most
HUES = 256
COARSE = 8  # px of the picture to one of the plane of hues
HALO_PX = 96  # how far a halo reaches
COARSE_SIGMA = 2.2  # wider blurs are made at half the size [px]
LIGHTNESS, CHROMA = 0.74, 0.19  # of the palette, in OKLCH


def stroke(line: Points, size: tuple[int, int], width_px: float, device: torch.device, points: int = POINTS) -> Tensor:
    """Polyline (n, 2) [px] drawn `width_px` wide: plane (height, width), about 1 on the line. Fast parts are dimmer."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    length = float(along[-1])
    count = int(min(max(length / (SPACING * max(width_px, 1.0)), 64), points))
    places = np.linspace(0, length, count)
    x, y = (np.interp(places, along, line[:, axis]).astype(np.float32) for axis in (0, 1))
    speed = np.interp(places, along, np.append(steps, steps[-1]))  # px per point of the line
    share = min(length / count, 3.0) * np.minimum(1.0, (6.0 / np.maximum(speed, 1e-3)) ** 0.35)
    return blurred(splat(np.stack((x, y), 1), share.astype(np.float32), size, device), width_px)


def splat(points: Points, weights: NDArray[np.float32], size: tuple[int, int], device: torch.device) -> Tensor:
    """Points (n, 2) [px] of some weight added into a plane (height, width), each shared by its four nearest pixels."""
    height, width = size
    at = torch.from_numpy(points).to(device) + 0.5  # the plane has a margin of one pixel
    light = torch.from_numpy(weights).to(device) * UNIT
    low = at.floor()
    part = at - low
    low = low.to(torch.int64)
    plane = torch.zeros((height + 2) * (width + 2), dtype=torch.int32, device=device)
    inside = (low[:, 0] >= 0) & (low[:, 0] <= width) & (low[:, 1] >= 0) & (low[:, 1] <= height)
    first = torch.where(inside, low[:, 1] * (width + 2) + low[:, 0], 0)
    light = torch.where(inside, light, 0)
    for dy, down in ((0, 1 - part[:, 1]), (1, part[:, 1])):
        for dx, across in ((0, 1 - part[:, 0]), (1, part[:, 0])):
            plane.scatter_add_(0, first + (dy * (width + 2) + dx), (light * down * across).to(torch.int32))
    return plane.view(height + 2, width + 2)[1:-1, 1:-1].float() / UNIT


def blurred(plane: Tensor, width_px: float) -> Tensor:
    """Gaussian blur that makes a line of one pixel `width_px` wide and as bright as before in its middle."""
    sigma = (max(width_px, 1.0) ** 2 - 1.0) ** 0.5 / 2.355  # full width at half maximum
    if sigma < 0.2:
        return plane
    if sigma > COARSE_SIGMA:
        small = blurred(F.avg_pool2d(plane[None, None], 2, ceil_mode=True)[0, 0], max(width_px / 2, 1.0))
        return F.interpolate(small[None, None], plane.shape, mode="bilinear", align_corners=False)[0, 0] * 2
    kernel = _kernel(round(sigma, 2))
    return _convolved(_convolved(plane, kernel, 0), kernel, 1) / kernel[len(kernel) // 2]


def _convolved(plane: Tensor, kernel: tuple[float, ...], axis: int) -> Tensor:
    """Convolution along one axis, black outside: sums of shifted planes, faster than a library's for so few taps."""
    reach, length = len(kernel) // 2, plane.shape[axis]
    result = plane * kernel[reach]
    for shift in range(1, min(reach, length - 1) + 1):
        weight, count = kernel[reach + shift], length - shift
        result.narrow(axis, shift, count).add_(plane.narrow(axis, 0, count), alpha=weight)
        result.narrow(axis, 0, count).add_(plane.narrow(axis, shift, count), alpha=weight)
    return result


@lru_cache(256)
def _kernel(sigma: float) -> tuple[float, ...]:
    reach = ceil(2.5 * sigma)
    values = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return tuple(float(value) for value in values / values.sum())


def lit(core: Tensor, hues: Tensor, look: Look, heat: float = 0.8) -> Tensor:
    """Colours (3, height, width), 0..1, of a plane of strokes (height, width), with a halo; `heat`: white of the core.

    `hues` is a small plane of places along the drawing, -0.5..0.5, over which the hue spreads.
    """
    height, width = core.shape
    small = _colours(hues, look)[:, None]  # as three pictures of one channel: much faster on a CPU
    colours = F.interpolate(small, (height, width), mode="bilinear", align_corners=False)[:, 0]
    energy = core * 1.6
    if look.glow > 0:
        energy = energy + halo(core) * look.glow
    shine = torch.exp(-energy).neg_().add_(1)
    hot = (core * 0.9).clamp_(0, 1).square_().mul_(heat)
    return colours.mul_(shine.sub_(hot)).add_(hot)


def halo(core: Tensor) -> Tensor:
    """What planes of light (..., height, width) shed around themselves: a near and a far glow."""
    size = core.shape[-2:]
    near = _soft(F.avg_pool2d(core.reshape(-1, 1, *size), 4, ceil_mode=True, count_include_pad=False))
    far = _soft(F.avg_pool2d(near, 4, ceil_mode=True, count_include_pad=False))
    far = F.interpolate(far, near.shape[2:], mode="bilinear", align_corners=False)
    return F.interpolate(near * 1.1 + far * 1.3, size, mode="bilinear", align_corners=False).view(core.shape)


def _soft(planes: Tensor) -> Tensor:
    kernel = _kernel(1.6)
    return _convolved(_convolved(planes, kernel, 2), kernel, 3)


def _colours(hues: Tensor, look: Look) -> Tensor:
    """(3, h, w) of the palette."""
    index = ((look.hue + look.spread * hues) % 1.0 * HUES).to(torch.int64) % HUES
    colours = palette().to(hues.device)[index].permute(2, 0, 1).contiguous()
    return colours * look.colour + (1 - look.colour)


@lru_cache(1)
def palette() -> Tensor:
    """Hues of equal lightness, sRGB (HUES, 3), red first (Ottosson 2020, OKLab); chroma is reduced into the gamut."""
    angle = 2 * pi * np.arange(HUES) / HUES + np.deg2rad(25)
    best = np.zeros((HUES, 3))
    for chroma in np.linspace(0, CHROMA, 60):
        lab = np.stack((np.full(HUES, LIGHTNESS), chroma * np.cos(angle), chroma * np.sin(angle)), 1)
        linear = (lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T
        fits = ((linear > -0.001) & (linear < 1.001)).all(1)
        best[fits] = linear[fits]
    clipped = best.clip(0, 1)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return torch.from_numpy(encoded.astype(np.float32))


_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
