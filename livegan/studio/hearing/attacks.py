"""Onset strength envelope, 210 times a second: a grid of beats is laid onto its peaks to milliseconds."""

from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from livegan.studio.hearing.teacher_spectrum import SAMPLE_RATE

RATE: Final = 210  # frames a second
HOP: Final = SAMPLE_RATE // RATE  # 105 samples
WINDOW = 512  # [samples], 23 ms
BEFORE_S: Final = 0.0025  # an attack raises the sum most when it is so long past the middle of the window
LOW_HZ = 160.0  # the kick drum lies below
GAIN = 300.0  # sound that is weaker than 1 / GAIN of a full-scale sine counts little
AT_ONCE = 4000

Floats = NDArray[np.float32]


def attack_strength(sound: Floats) -> tuple[Floats, Floats]:
    """Mean rise over all bands, and over those of a kick drum, both (frames,), of mono `sound` (n,) at 22050 Hz.

    Frame k speaks of an attack at k / 210 s. A rise is that of log(1 + magnitude) within 10 ms (Boeck and Widmer 2013,
    Maximum filter vibrato suppression for onset detection, section 2.2).
    """
    before_middle = WINDOW // 2 + round(BEFORE_S * SAMPLE_RATE)
    padded = np.pad(np.asarray(sound, np.float32), (before_middle, WINDOW))
    shape = np.hanning(WINDOW).astype(np.float32)
    shape *= 2.0 * GAIN / shape.sum()
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: len(sound) // HOP]
    whole, low = np.zeros(len(windows), np.float32), np.zeros(len(windows), np.float32)
    lowest = int(LOW_HZ * WINDOW / SAMPLE_RATE) + 1
    edges = np.unique(np.round(np.geomspace(1, WINDOW // 2, 40)).astype(int))
    past = np.zeros((2, len(edges)), np.float32)
    past_low = np.zeros((2, lowest - 1), np.float32)
    for at in range(0, len(windows), AT_ONCE):
        size = np.abs(scipy.fft.rfft(windows[at : at + AT_ONCE] * shape, axis=1))
        bands = np.log1p(np.maximum.reduceat(size, edges, axis=1))
        deep = np.log1p(size[:, 1:lowest])
        before = np.concatenate((past, bands))[: len(bands)]
        widest = before.copy()
        np.maximum(widest[:, 1:], before[:, :-1], out=widest[:, 1:])
        np.maximum(widest[:, :-1], before[:, 1:], out=widest[:, :-1])
        whole[at : at + AT_ONCE] = np.maximum(bands - widest, 0.0).mean(axis=1)
        low[at : at + AT_ONCE] = np.maximum(deep - np.concatenate((past_low, deep))[: len(deep)], 0.0).mean(axis=1)
        past, past_low = bands[-2:], deep[-2:]
    return whole, low


def attack_times(strength: Floats, least: float = 0.3) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times [s] and heights of the peaks of `strength` over `least` times its 0.95 quantile, 40 ms apart or more."""
    if len(strength) < 3:
        return np.zeros(0), np.zeros(0)
    around = np.max(np.lib.stride_tricks.sliding_window_view(np.pad(strength, 4), 9), axis=1)
    peaks = np.flatnonzero((strength == around) & (strength > least * max(float(np.quantile(strength, 0.95)), 1e-3)))
    peaks = peaks[(peaks > 0) & (peaks < len(strength) - 1)]
    left, top, right = (strength[peaks + step].astype(np.float64) for step in (-1, 0, 1))
    shift = 0.5 * (left - right) / np.minimum(left - 2.0 * top + right, -1e-9)
    return (peaks + np.clip(shift, -0.5, 0.5)) / RATE, top
