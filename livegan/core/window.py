"""Windows of short-time Fourier transforms, and the frequencies of their bins."""

from math import log2

import numpy as np
from numpy.typing import NDArray

FALL = 0.25  # share of an asymmetric window on the far side of its peak


def asymmetric_window(window: int, fall: float = FALL) -> NDArray[np.float64]:
    """Asymmetric window: half a Hann window up, another down over the last `fall` of it: (window,), sum 1.

    The newest sound counts sooner than under a Hann window (`fall` = 0.5, which it equals), at the same noise bandwidth
    of 1.5 bins and with more leakage: -24 dB instead of -38 dB from 100 Hz beyond 150 Hz (2048 at 48 kHz). For
    asymmetric windows of low delay see Mauler & Martin 2007.
    """
    down = max(1, round(window * fall))
    up = window - down
    rising = 0.5 - 0.5 * np.cos(np.pi * np.arange(up) / up)
    falling = 0.5 + 0.5 * np.cos(np.pi * np.arange(down) / down)
    shape = np.concatenate((rising, falling))
    return np.asarray(shape / shape.sum())


def scaled_window(window: int, sample_rate: int) -> int:
    """`window` as meant at 48 kHz, for another rate [samples]: the nearest power of two."""
    return int(2 ** round(log2(window * sample_rate / 48_000)))


def bin_hz(window: int, sample_rate: int) -> NDArray[np.float64]:
    """Frequency of every bin [Hz], (window // 2 + 1,)."""
    return np.arange(window // 2 + 1, dtype=np.float64) * (sample_rate / window)
