"""Colour grading of a dream: levels, a gradient map as far as it is needed, detail, a little glow and a vignette.

A network's own colours reach only so far: each motif has its hues. What the search in w leaves is done here, and only
as much of it as is left.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.colour_gradient import gradient_of
from livegan.core.oklab import oklab_to_srgb
from livegan.core.target import Target
from livegan.core.types import Pixels
from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS
from livegan.studio.dream.losses import COLOUR_PX, oklab, palette_loss, sharpness_of, shrunk

LOW, HIGH = 0.01, 0.995  # quantiles of brightness that become black and white
STRETCH = 0.8  # how far
NEAR, FAR = 0.004, 0.030  # palette loss at which no gradient map is needed, and at which all of it is
PALE, PALE_CHROMA = 1.3, 0.1
LEAST_AMOUNT = 0.35  # of the gradient map where a colour is named
KEPT_NEAR, KEPT_FAR = 0.45, 0.10  # of a pixel's own colour
PLACES = 0.28, 0.85  # of the middle colour, darkest and brightest
BLOOM = {"amount": 0.22, "threshold": 0.45, "spread": 0.55, "streak": 0.0, "warm": 0.0}
VIGNETTE = {"amount": 0.28, "size": 0.35, "soft": 1.0}
TRIM = 4
DETAIL, DETAIL_SHARP = 0.5, 0.9  # of unsharp masking, and what sharpness 1 adds


@dataclass(frozen=True, slots=True)
class Grade:
    """What is done to the colours of a picture; every number may be blended."""

    black: float = 0.0  # brightness that becomes 0, and
    white: float = 1.0  # ... 1
    amount: float = 0.0  # of the gradient map
    keep: float = KEPT_NEAR
    place: float = 0.5
    detail: float = DETAIL
    dark: tuple[float, float, float] = (0.0, 0.0, 0.0)  # OKLab
    middle: tuple[float, float, float] = (0.5, 0.0, 0.0)
    light: tuple[float, float, float] = (1.0, 0.0, 0.0)

    def vector(self) -> NDArray[np.float64]:
        """All its numbers, (SIZE,)."""
        return np.concatenate([np.atleast_1d(getattr(self, each.name)) for each in fields(self)]).astype(np.float64)

    @classmethod
    def of(cls, vector: NDArray[np.generic]) -> "Grade":
        """The grade of such numbers."""
        numbers = [float(value) for value in np.asarray(vector, np.float64)]
        colours = [(numbers[at], numbers[at + 1], numbers[at + 2]) for at in (6, 9, 12)]
        return cls(*numbers[:6], *colours)  # type: ignore[arg-type]


def grade_of(picture: Tensor, target: Target) -> Grade:
    """The grade that brings a picture (3, h, w), -1..1, to the colours and the light of a target."""
    small = shrunk(picture[None].clamp(-1, 1), 2 * COLOUR_PX)
    brightness = _luma((small[0] + 1) / 2).flatten()
    low, high = (float(torch.quantile(brightness, share)) for share in (LOW, HIGH))
    black, white = STRETCH * low, 1 - STRETCH * (1 - max(high, low + 0.25))
    detail = DETAIL + DETAIL_SHARP * (sharpness_of(target) - 0.5)
    gradient = gradient_of(target)
    if gradient is None:
        return Grade(black, white, detail=max(detail, 0.0))
    far = float(palette_loss(oklab(shrunk(small, COLOUR_PX)), gradient)[0])
    pale = 1.0 if gradient.is_grey else PALE - gradient.chroma / PALE_CHROMA  # any other hue shows beside pale colours
    share = float(np.clip(max((far - NEAR) / (FAR - NEAR), pale), 0, 1))
    stretched = ((brightness - black) / (white - black)).clamp(0, 1)
    place = float(np.clip(2 * float(torch.quantile(stretched, gradient.dark_share)), *PLACES))
    return Grade(
        black,
        white,
        LEAST_AMOUNT + (1 - LEAST_AMOUNT) * share,
        (KEPT_NEAR + (KEPT_FAR - KEPT_NEAR) * share) * (1 - float(np.clip(pale, 0, 1))),
        place,
        max(detail, 0.0),
        *(tuple(lab.tolist()) for lab in (gradient.dark, gradient.middle, gradient.light)),
    )


def finished(picture: Tensor, grade: Grade, size: tuple[int, int]) -> Pixels:
    """A picture (3, h, w), -1..1, graded, enlarged and cut to `size` (width, height): uint8 (h, w, 3)."""
    large = covered(trimmed(picture), size)
    large = large + grade.detail * (large - _blurred(large, 0.006))
    pixels = ((large + 1) * 127.5).sub_(255 * grade.black).mul_(1 / (grade.white - grade.black)).clamp_(0, 255)
    pixels = pixels.permute(1, 2, 0)
    if grade.amount > 0:
        amounts = {"amount": min(grade.amount, 1.0), "keep": grade.keep, "place": grade.place}
        for name in ("dark", "middle", "light"):
            colour = oklab_to_srgb(getattr(grade, name)).tolist()
            amounts |= dict(zip((f"{name}_red", f"{name}_green", f"{name}_blue"), colour, strict=True))
        pixels = EFFECTS["gradient"]().step(pixels, amounts, 0.0)
    pixels = EFFECTS["bloom"]().step(pixels, BLOOM, 0.0)
    pixels = EFFECTS["vignette"]().step(pixels, VIGNETTE, 0.0)
    done: Pixels = rounded(pixels).cpu().numpy()
    return done


def trimmed(picture: Tensor) -> Tensor:
    """Without the outermost TRIM pixels, which networks often draw darker than the rest."""
    return picture[:, TRIM:-TRIM, TRIM:-TRIM] if min(picture.shape[1:]) > 40 * TRIM else picture


def covered(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture (3, h, w) scaled until it covers `size` (width, height), and its middle cut out."""
    width, height = size
    own_height, own_width = picture.shape[1:]
    scale = max(width / own_width, height / own_height)
    sides = (max(height, round(own_height * scale)), max(width, round(own_width * scale)))
    if sides != (own_height, own_width):
        picture = F.interpolate(picture[None], size=sides, mode="bicubic", antialias=scale < 1)[0]
    top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
    return picture[:, top : top + height, left : left + width]


def _blurred(picture: Tensor, radius: float) -> Tensor:
    """A box blur, twice, of `radius` heights."""
    side = 2 * max(1, round(radius * picture.shape[1])) + 1
    for _ in range(2):
        picture = F.avg_pool2d(picture[None], side, 1, side // 2, count_include_pad=False)[0]
    return picture


def _luma(picture: Tensor) -> Tensor:
    return 0.2126 * picture[0] + 0.7152 * picture[1] + 0.0722 * picture[2]
