"""Analyser node: waveform and spectrum of the newest sound, for drawings (W3C Web Audio API 1.1, section 1.8).

The four knobs of a web page's analyser (FFT size, smoothing, floor, ceiling) are parameters of a scene; beside them
there are an automatic gain, a tilt, and a trigger like that of an oscilloscope, so that a tone stands still.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import exp, log2

import numpy as np
from numpy.typing import NDArray

from livegan.core.sound import BANDS, POINTS, Sound, SoundWindow
from livegan.core.types import Vector

LOW_HZ, HIGH_HZ = 30.0, 16_000.0
RATE = 48_000  # for which FFT sizes are stated [Hz]
FULL = 0.8  # peak of a waveform after the automatic gain
QUIETEST = 0.012  # peak that is still lifted that far: -38 dBFS
GAIN_ATTACK_S, GAIN_RELEASE_S = 0.05, 6.0
TRIGGER_SMOOTH_S = 0.0006  # of the sound in which the trigger looks for a rising zero crossing
TINY = 1e-12


class Analyser:
    """Analyser node. Causal; the same windows, values and steps give the same numbers."""

    def __init__(self) -> None:
        """Begins in silence."""
        self._peak = 0.0
        self._magnitudes: Vector = np.zeros(0, np.float32)  # smoothed, of the newest FFT

    def step(self, window: SoundWindow | None, values: Mapping[str, float], dt_s: float) -> Sound:
        """Waveform and spectrum of `window` (None: silence), `dt_s` after the step before.

        `values` holds the parameters that begin with ``sound.``, each within its range.
        """
        samples = np.zeros(1, np.float32) if window is None else window.samples
        rate = RATE if window is None else window.sample_rate
        span = max(8, round(values["sound.span"] * rate))
        drawn = triggered(samples, span, rate)
        gain = self._gain(float(np.abs(drawn).max(initial=0.0)), dt_s) ** values["sound.gain"]
        points = np.interp(np.linspace(0, len(drawn) - 1, POINTS), np.arange(len(drawn)), drawn)
        return Sound(
            np.clip(points * gain, -1.0, 1.0).astype(np.float32),
            self._spectrum(samples, rate, gain, values, dt_s),
        )

    def _gain(self, peak: float, dt_s: float) -> float:
        """Gain that brings the sound of late to FULL."""
        time_s = GAIN_ATTACK_S if peak > self._peak else GAIN_RELEASE_S
        self._peak = peak + (self._peak - peak) * exp(-dt_s / time_s)
        return FULL / max(self._peak, QUIETEST)

    def _spectrum(self, samples: Vector, rate: int, gain: float, values: Mapping[str, float], dt_s: float) -> Vector:
        size = 2 ** round(log2(values["sound.size"] * rate / RATE))
        block = np.zeros(size, np.float32)
        kept = samples[-size:]
        block[size - len(kept) :] = kept
        block *= _blackman(size)
        magnitudes = np.abs(np.fft.rfft(block)).astype(np.float32) / np.float32(size)
        keep = np.float32(exp(-dt_s / values["sound.smooth"]) if values["sound.smooth"] > 0 else 0.0)
        if len(self._magnitudes) != len(magnitudes):
            self._magnitudes = np.zeros_like(magnitudes)
        self._magnitudes = keep * self._magnitudes + (np.float32(1) - keep) * magnitudes
        low, between, starts, octaves = _bands(size, rate)
        shown = np.maximum(
            self._magnitudes[low] * (1 - between) + self._magnitudes[low + 1] * between,
            np.maximum.reduceat(self._magnitudes, starts)[:BANDS],
        )
        db = 20 * np.log10(shown * gain + TINY) + values["sound.tilt"] * octaves
        floor_db = values["sound.floor"]
        ceiling_db = max(values["sound.ceiling"], floor_db + 1.0)
        return np.asarray(np.clip((db - floor_db) / (ceiling_db - floor_db), 0, 1), np.float32)


def triggered(samples: Vector, span: int, rate: int) -> Vector:
    """The last `span` samples, moved back by up to that much so that they begin where a wave rises through zero.

    Of several such places the one before the highest wave counts. Fewer samples are filled up with silence before them.
    """
    if len(samples) < 2 * span:
        filled = np.zeros(2 * span, np.float32)
        filled[2 * span - len(samples) :] = samples
        samples = filled
    past = samples[-2 * span :]
    width = max(1, round(TRIGGER_SMOOTH_S * rate))
    sums = np.concatenate(([0.0], np.cumsum(past, dtype=np.float64)))
    smooth = (sums[width:] - sums[:-width]) / width  # a mean of `width` samples that begins at each place
    places = np.flatnonzero((smooth[: span - 1] <= 0) & (smooth[1:span] > 0))
    if not len(places):
        return past[span:]
    peaks = np.maximum.reduceat(smooth[: places[-1] + span // 2], places)
    start = int(places[int(np.argmax(peaks))]) + width // 2
    return past[start : start + span]


@lru_cache(8)
def _blackman(size: int) -> Vector:
    window: Vector = np.blackman(size + 1)[:size].astype(np.float32)
    return window


@lru_cache(8)
def _bands(size: int, rate: int) -> tuple[NDArray[np.intp], Vector, NDArray[np.intp], Vector]:
    """For each band: the bin below its middle, how far the middle is above that, its first bin, octaves above 1 kHz."""
    edges = np.geomspace(LOW_HZ, min(HIGH_HZ, rate / 2.1), BANDS + 1)
    middles = np.sqrt(edges[:-1] * edges[1:])
    bins = middles * size / rate
    low = np.minimum(bins.astype(np.intp), size // 2 - 1)
    starts = np.minimum(np.ceil(edges * size / rate).astype(np.intp), size // 2)
    narrow = starts[1:] <= starts[:-1]  # no bin of its own: the interpolated one counts alone
    firsts = starts.copy()
    firsts[:-1][narrow] = low[narrow]
    return low, (bins - low).astype(np.float32), firsts, np.log2(middles / 1000).astype(np.float32)
