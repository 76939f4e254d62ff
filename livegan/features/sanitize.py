"""Sample sanitising and channel mixing: whatever a driver delivers becomes finite sound."""

import numpy as np

from livegan.core.types import Samples, Vector

MAX_AMPLITUDE = 16.0  # +24 dBFS: nothing honest is louder, and its square still fits float32
MIN_AMPLITUDE = 1e-9  # -180 dBFS: below the last bit of any converter, and denormals are slow


def clean(sound: Samples, out: Samples) -> None:
    """Copy `sound` (n, channels) into `out`, finite and within ±16.

    A sample that is not a number counts as 0, one beyond ±16 is cut there, whispers below -180 dBFS are silence. So
    every number made from `out` is finite.
    """
    loudest = peak(sound)  # NaN stays NaN and fails comparisons
    if loudest < MIN_AMPLITUDE:
        out[:] = 0.0
    elif loudest <= MAX_AMPLITUDE:
        out[:] = sound
    else:
        np.clip(np.where(np.isfinite(sound), sound, np.float32(0.0)), -MAX_AMPLITUDE, MAX_AMPLITUDE, out=out)


def peak(sound: Samples) -> float:
    """Greatest magnitude in `sound` (n, channels), 0 of none; NaN if any sample is none."""
    if not sound.size:
        return 0.0
    return max(float(np.maximum.reduce(sound, axis=None)), -float(np.minimum.reduce(sound, axis=None)))


def mix(sound: Samples, out: Vector, weights: Vector) -> None:
    """Sum of the channels of clean `sound` (n, channels) times `weights`, into `out` (n,); no channels are silence."""
    if not sound.shape[1]:
        out[:] = 0.0
        return
    np.matmul(sound, weights, out=out)
    if float(np.dot(out, out)) < MIN_AMPLITUDE**2:  # channels that cancel out but for rounding
        out[:] = 0.0
