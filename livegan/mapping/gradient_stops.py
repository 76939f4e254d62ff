"""Gradient stops: colours for dark, middle and light parts of a picture, from the colours or the warmth of a target."""

import numpy as np
from numpy.typing import NDArray

from livegan.core.colour_gradient import gradient_of
from livegan.core.oklab import srgb_to_oklab
from livegan.core.target import Target

Stops = NDArray[np.float64]

STOPS = 10  # dark, middle and light in OKLab, and the brightness that the middle has
WARMTH = 0.6  # how far the warmth of a target that names no colours counts, at its extremes
BLACKEST, PER_SHARE = 0.16, 0.62  # brightness of the middle where nothing is dark, and what the dark share adds

_COLD = np.concatenate([srgb_to_oklab([(0.01, 0.02, 0.09), (0.10, 0.38, 0.62), (0.85, 0.96, 1.0)]).ravel(), [0.35]])
_WARM = np.concatenate([srgb_to_oklab([(0.08, 0.01, 0.03), (0.80, 0.28, 0.10), (1.0, 0.90, 0.66)]).ravel(), [0.35]])


def gradient_stops(target: Target) -> tuple[Stops, float]:
    """Stops (10,) of a target, and how far they count, 0..1: 0 where it names neither colours nor warmth."""
    gradient = gradient_of(target)
    if gradient is not None:
        place = BLACKEST + PER_SHARE * gradient.dark_share
        return np.concatenate([gradient.dark, gradient.middle, gradient.light, [place]]), 1.0
    if target.warmth is None:
        return np.zeros(STOPS), 0.0
    return _COLD + (_WARM - _COLD) * target.warmth, WARMTH * abs(2 * target.warmth - 1)
