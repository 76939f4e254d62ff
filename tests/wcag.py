"""Flash analysis of finished frames: WCAG 2.3.1 taken literally, pixel by pixel, slowly; shares no code with livegan.

General flash: a pair of opposing changes in relative luminance of 10 % or more of the maximum, where the relative
luminance of the darker image is below 0.80. Red flash: a pair of opposing transitions involving a saturated red,
R / (R + G + B) >= 0.8, with a change of (R - G - B) x 320 above 20, negative values being 0. More than three of either
kind in any second, over more than a quarter of the picture, are too many.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AREA = 0.25
Values = NDArray[np.float64]


def linear(frame: NDArray[np.uint8]) -> Values:
    """IEC 61966-2-1."""
    v = frame.astype(np.float64) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def transitions(values: Sequence[Values], counts: Sequence[NDArray[np.bool_]], least: float) -> NDArray[np.int8]:
    """For each frame and pixel 1 for a transition upwards, -1 downwards, else 0: (frames, pixels)."""
    found = np.zeros((len(values), values[0].size), np.int8)
    low, high = values[0].copy(), values[0].copy()  # since the last transition
    low_counts, high_counts = counts[0].copy(), counts[0].copy()
    last = np.zeros(values[0].size, np.int8)  # 0: none so far
    for k in range(1, len(values)):
        now, now_counts = values[k], counts[k]
        up = (last <= 0) & (now - low >= least) & (low_counts | now_counts)
        down = ~up & (last >= 0) & (high - now >= least) & (high_counts | now_counts)
        found[k] = up.astype(np.int8) - down
        turned = up | down
        last = np.where(turned, found[k], last)
        low_counts = np.where(turned | (now < low), now_counts, low_counts)
        high_counts = np.where(turned | (now > high), now_counts, high_counts)
        low, high = np.where(turned, now, np.minimum(low, now)), np.where(turned, now, np.maximum(high, now))
    return found


def most(found: NDArray[np.int8], times_s: Sequence[float]) -> int:
    """The most flashes in any one second over more than a quarter of the picture, at the same or at changing places."""
    worst = 0
    changes, last = [], 0  # of a quarter of the picture in one frame
    turned = (found != 0).astype(np.int32)
    first, counts = 0, np.zeros(found.shape[1], np.int32)
    for k, time_s in enumerate(times_s):
        counts += turned[k]
        while times_s[first] <= time_s - 1:
            counts -= turned[first]
            first += 1
        of_most = np.sort(counts)[::-1][int(AREA * counts.size)]  # so many, or more, over more than a quarter
        for direction in (-last or 1, last or -1):
            if direction != last and (found[k] == direction).mean() > AREA:
                changes.append(time_s)
                last = direction
        together = sum(1 for change_s in changes if change_s > time_s - 1)
        worst = max(worst, int(of_most) // 2, together // 2)
    return worst


def flashes(frames: Sequence[NDArray[np.uint8]], times_s: Sequence[float]) -> tuple[int, int]:
    """The most general and the most red flashes in any one second."""
    lights = [linear(frame).reshape(-1, 3) for frame in frames]
    luminance = [light @ np.array([0.2126, 0.7152, 0.0722]) for light in lights]
    dark = [value < 0.80 for value in luminance]
    reds = [np.maximum(light[:, 0] - light[:, 1] - light[:, 2], 0) * 320 for light in lights]
    saturated = [(light[:, 0] >= 0.8 * light.sum(axis=1)) & (light[:, 0] > 0) for light in lights]
    general = most(transitions(luminance, dark, 0.1), times_s)
    return general, most(transitions(reds, saturated, 20 + 1e-9), times_s)
