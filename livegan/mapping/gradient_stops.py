"""Gradient stops: three colours for dark, middle and light parts of a picture, from the colours of a dream target."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from livegan.core.oklab import srgb_to_oklab
from livegan.core.target import Rgb, Target

Lab = NDArray[np.float64]  # OKLab: lightness, a, b

DARK, LIGHT = 0.35, 0.86  # lightness up to which a colour serves as shadow, and from which as light
DARKER = 0.4  # how much brighter the parts of the middle's colour are, from a bright picture to a dark one
STOPS = 10  # dark, middle and light in OKLab, and the brightness that the middle has
WARMTH = 0.6  # how far the warmth of a target that names no colours counts, at its extremes

_COLD = np.concatenate([srgb_to_oklab([(0.01, 0.02, 0.09), (0.10, 0.38, 0.62), (0.85, 0.96, 1.0)]).ravel(), [0.5]])
_WARM = np.concatenate([srgb_to_oklab([(0.08, 0.01, 0.03), (0.80, 0.28, 0.10), (1.0, 0.90, 0.66)]).ravel(), [0.5]])


def gradient_stops(target: Target) -> tuple[Lab, float]:
    """Stops (10,) of a target, and how far they count, 0..1: 0 where it names neither colours nor warmth."""
    if target.colours:
        stops = _of_colours(target.colours)
        if target.brightness is not None:
            stops[-1] += DARKER * (0.5 - target.brightness)
        return stops, 1.0
    if target.warmth is None:
        return np.zeros(STOPS), 0.0
    return _COLD + (_WARM - _COLD) * target.warmth, WARMTH * abs(2 * target.warmth - 1)


def _of_colours(colours: Sequence[tuple[float, Rgb]]) -> Lab:
    """The darkest, or a shade of it, for dark parts; the lightest, or a tint, for light ones; another between."""
    shares = [share for share, _ in colours]
    labs = [srgb_to_oklab(colour) for _, colour in colours]
    order = sorted(range(len(labs)), key=lambda i: float(labs[i][0]))
    darkest = order[0]
    dark, place = _shade(labs[darkest]), 0.4
    if labs[darkest][0] <= DARK and len(order) > 1:
        dark, place = labs[darkest], 0.25 + 0.4 * shares[darkest] / sum(shares)
        order = order[1:]
    elif labs[darkest][0] <= DARK:
        dark = labs[darkest] * (0.5, 1, 1)
    *others, lightest = order
    if others or labs[lightest][0] >= LIGHT:
        light, place = labs[lightest], place - 0.1
        middle = labs[max(others, key=lambda i: shares[i])] if others else (dark + light) / 2
    else:
        middle, light = labs[lightest], _tint(labs[lightest])
    return np.concatenate([dark, middle, light, [place]])


def _shade(lab: Lab) -> Lab:
    return np.asarray(lab * (0.15, 0.4, 0.4))


def _tint(lab: Lab) -> Lab:
    return np.asarray(lab * (0.4, 0.55, 0.55) + (0.6, 0, 0))
