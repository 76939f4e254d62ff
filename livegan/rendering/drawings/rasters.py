"""Rasters of layers: images and text as planes with alpha, and where they are placed in a picture."""

from collections.abc import Mapping
from math import ceil, cos, floor, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.layer_files import open_font, open_image
from livegan.rendering.drawings.look import Look

LOGO = 0.3  # of the height of the picture that a logo takes at scale 1
TEXT = 0.17  # ... and the letters of a text
LARGEST_PX = 2048  # longer side of a raster that is kept
Region = tuple[int, int, int, int]  # top, bottom, left, right [px]


def read_image(path: Path, longest_px: int) -> NDArray[np.uint8]:
    """An image, uint8 (h, w, 4), its longer side `longest_px` at most. MediaError if it cannot be read."""
    from PIL import Image, ImageOps

    with open_image(path) as image:
        image.draft("RGB", (longest_px, longest_px))
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    if max(upright.size) > longest_px:
        upright.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return np.array(upright)  # a copy: torch wants to be able to write


def premultiplied(rgba: NDArray[np.uint8], cut: "Cut") -> Tensor:
    """Colours times alpha, and alpha: float (4, h, w), 0..1, with what `cut` makes transparent."""
    planes = torch.from_numpy(rgba).permute(2, 0, 1).float().div_(255)
    alpha = planes[3]
    if cut.by_luminance:
        alpha = alpha * luminance(planes[:3])
    mask = cut.mask(alpha.shape[0], alpha.shape[1])
    if mask is not None:
        alpha = alpha * mask
    return torch.cat((planes[:3] * alpha, alpha[None]))


class Cut:
    """What is made transparent of a raster: dark parts, what an image masks, what lies outside a box."""

    def __init__(self, options: Mapping[str, str], values: Mapping[str, float]) -> None:
        """`options` and `values` are those of the layer."""
        self.by_luminance = options.get("key") == "luminance"
        self._path = Path(options["mask"]) if "mask" in options else None
        self._box = tuple(values[name] for name in ("left", "top", "right", "bottom")) if "left" in values else None
        self._feather = values.get("feather", 0.0)
        self._image: Tensor | None = None
        self._made: tuple[tuple[int, int], Tensor | None] | None = None

    def mask(self, height: int, width: int) -> Tensor | None:
        """Plane (height, width) that the alpha is multiplied by; None: by nothing."""
        if self._made is None or self._made[0] != (height, width):
            self._made = (height, width), self._make(height, width)
        return self._made[1]

    def _make(self, height: int, width: int) -> Tensor | None:
        if self._path is None and self._box is None:
            return None
        plane = torch.ones(height, width)
        if self._path is not None:
            if self._image is None:
                rgba = torch.from_numpy(read_image(self._path, LARGEST_PX)).permute(2, 0, 1).float().div_(255)
                self._image = luminance(rgba[:3]) * rgba[3]
            plane = F.interpolate(self._image[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]
        if self._box is not None:
            left, top, right, bottom = self._box
            across, down = (torch.arange(size) / size + 0.5 / size for size in (width, height))
            soft = max(self._feather, 1e-3)
            inside = torch.minimum((across - left).clamp(max=1), right - across)[None] / soft + 0.5
            inside = torch.minimum(inside, (torch.minimum(down - top, bottom - down) / soft + 0.5)[:, None])
            plane = plane * inside.clamp(0, 1)
        return plane


def luminance(colours: Tensor) -> Tensor:
    """Luma of colours (3, h, w), BT.709."""
    luma: Tensor = colours[0] * 0.2126 + colours[1] * 0.7152 + colours[2] * 0.0722
    return luma


def text_plane(text: str, font: Path | None, height_px: float) -> Tensor:
    """Coverage (1, h, w), 0..1, of a text whose letters are `height_px` high; lines are centred."""
    from PIL import Image, ImageDraw

    size = min(max(height_px * 1.35, 6.0), 600.0)
    face: Any = open_font(font, size, text)
    draw = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=face, align="center")
    width, height = min(ceil(right - left) + 4, 4 * LARGEST_PX), min(ceil(bottom - top) + 4, LARGEST_PX)
    image = Image.new("L", (max(width, 1), max(height, 1)))
    ImageDraw.Draw(image).multiline_text((2 - left, 2 - top), text, 255, font=face, align="center")
    return torch.from_numpy(np.array(image)).float().div_(255)[None]


def natural_px(kind: str, fit: str, own: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    """Height and width [px] of a raster (h, w) at scale 1 in a picture (height, width)."""
    (own_height, own_width), (height, width) = own, size
    ratios = height / own_height, width / own_width
    if kind == "logo" and not fit:
        factor = LOGO * ratios[0]
    elif kind == "text":
        factor = 1.0
    else:
        factor = min(ratios) if fit == "contain" else max(ratios)
    return own_height * factor, own_width * factor


def place(
    planes: Tensor, natural: tuple[float, float], look: Look, size: tuple[int, int], margin_px: int = 0
) -> tuple[Region, Tensor] | None:
    """Planes (c, h, w) where they lie in a picture (height, width), bilinear: a region of it, and (c, rows, columns).

    `natural`: their height and width at scale 1 [px]; `margin_px`: of the region around them, for a halo. None if they
    lie outside, or are less than a pixel.
    """
    height, width = size
    tall, wide = natural[0] * look.scale, natural[1] * look.scale
    if tall < 1 or wide < 1:
        return None
    c, s = cos(2 * pi * look.turn), sin(2 * pi * look.turn)
    middle_x, middle_y = width / 2 * (1 + look.x), height / 2 * (1 + look.y)
    reach_x, reach_y = (abs(wide * c) + abs(tall * s)) / 2, (abs(wide * s) + abs(tall * c)) / 2
    top, bottom = max(floor(middle_y - reach_y) - margin_px, 0), min(ceil(middle_y + reach_y) + margin_px, height)
    left, right = max(floor(middle_x - reach_x) - margin_px, 0), min(ceil(middle_x + reach_x) + margin_px, width)
    if top >= bottom or left >= right:
        return None
    region = top, bottom, left, right
    if _is_aligned(planes, look, middle_x, middle_y, tall, wide) and not margin_px:
        first_row, first_column = round(middle_y - tall / 2), round(middle_x - wide / 2)
        return region, planes[:, top - first_row : bottom - first_row, left - first_column : right - first_column]
    across = torch.arange(left, right, device=planes.device) + (0.5 - middle_x)
    down = (torch.arange(top, bottom, device=planes.device) + (0.5 - middle_y))[:, None]
    where = torch.stack(((across * c + down * s) * (2 / wide), (down * c - across * s) * (2 / tall)), -1)
    return region, F.grid_sample(planes[None], where[None], padding_mode="zeros", align_corners=False)[0]


def _is_aligned(planes: Tensor, look: Look, middle_x: float, middle_y: float, tall: float, wide: float) -> bool:
    """Whether every pixel of the planes falls on one of the picture."""
    own = planes.shape[1:]
    corner = middle_y - tall / 2, middle_x - wide / 2
    whole = all(abs(value - round(value)) < 1e-3 for value in (*corner, tall, wide))
    return look.turn % 1 == 0 and whole and (round(tall), round(wide)) == (own[0], own[1])
