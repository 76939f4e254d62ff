"""Source separation, live: groups made from another group's spectrum, as sound again, one hop late.

The spectrum is masked and turned back. Only the newest two hops of it are kept, under a window that makes, together
with the fall of the analysis window, a Hann window that overlaps itself to one (Mauler & Martin 2007): so the parts of
a sound, added up, are the sound, `hop` samples later.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples, Vector
from livegan.core.window import asymmetric_window, bin_hz
from livegan.features.registry import Setup
from livegan.features.spectrum import Bins

Mask = Callable[[Bins, int], Vector]  # weights (bins,) from a spectrum (bins,) and the number of its hop
CROSSOVERS_HZ = (150.0, 2000.0)
PAST_S, LOOKS = 0.21, 9  # how long a tone lasts before it counts as one, and how many looks are taken at it
SPREAD_HZ = 400.0  # width over which a hit is flat


def crossover(setup: Setup, low_hz: float, high_hz: float) -> Mask:
    """Weights that are 1 from `low_hz` to `high_hz` and cross over within an octave; all splits together are 1."""
    octave = np.log2(np.maximum(bin_hz(setup.window, setup.sample_rate), 1.0))

    def above(hz: float) -> NDArray[np.float64]:
        if hz <= 0:
            return np.ones_like(octave)
        return np.asarray(np.sin(0.5 * np.pi * np.clip(octave - np.log2(hz) + 0.5, 0.0, 1.0)) ** 2)

    weights = (above(low_hz) - (above(high_hz) if high_hz else 0.0)).astype(np.float32)
    return lambda bins, hop: weights


class HarmonicMask:
    """Harmonic/percussive soft mask from two medians of the past: 1 is tone, 0 is hit.

    Over time the median of the last 0.2 s, over frequency that of the bins around (Fitzgerald 2010, equations 5-8, p =
    2, made causal): what lasted is harmonic, what is spread is percussive.
    """

    def __init__(self, setup: Setup) -> None:
        """One mask serves both parts of a sound."""
        bins = setup.window // 2 + 1
        self._hop, self._mask = -1, np.zeros(bins, np.float32)  # the newest
        self._every = max(1, round(PAST_S / setup.hop_s / LOOKS))
        self._looks: Samples = np.zeros((LOOKS, bins), np.float32)
        self._lasting: Vector = np.zeros(bins, np.float32)
        self._hops = 0
        width = max(1, round(SPREAD_HZ / (setup.sample_rate / setup.window) / 2))
        step = max(1, width // 4)
        self._starts = range(0, 9 * step, step)
        self._padded: Vector = np.zeros(bins + 8 * step, np.float32)
        self._around: Samples = np.zeros((len(self._starts), bins), np.float32)

    def __call__(self, bins: Bins, hop: int) -> Vector:
        """The mask (bins,), 0..1; of a hop that was asked for already, the same again."""
        if hop == self._hop:
            return self._mask
        self._hop = hop
        now = np.abs(bins)
        if self._hops % self._every == 0:
            self._looks[(self._hops // self._every) % LOOKS] = now
            self._lasting = np.partition(self._looks, LOOKS // 2, axis=0)[LOOKS // 2]
        self._hops += 1
        reach = self._starts[-1] // 2
        self._padded[:reach], self._padded[reach:-reach], self._padded[-reach:] = now[0], now, now[-1]
        for row, start in zip(self._around, self._starts, strict=True):
            row[:] = self._padded[start : start + len(row)]
        spread = np.partition(self._around, len(self._around) // 2, axis=0)[len(self._around) // 2]
        tone, hit = np.square(self._lasting), np.square(spread)
        self._mask = np.asarray(tone / (tone + hit + np.float32(1e-20)))
        return self._mask


class Separation:
    """Overlap-add resynthesis of a masked spectrum: one part of another group's sound."""

    def __init__(self, setup: Setup, mask: Mask) -> None:
        hop = setup.hop
        self._mask = mask
        self._hop = hop
        analysis = asymmetric_window(setup.window)[-2 * hop :]
        hann = 0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * hop) + 0.5) / hop)
        self._shape: Vector = (hann / np.maximum(analysis, analysis.max() * 1e-6)).astype(np.float32)
        self._masked: Bins = np.zeros(setup.window // 2 + 1, np.complex64)
        self._tail: Vector = np.zeros(hop, np.float32)
        self.sound: Samples = np.zeros((hop, 1), np.float32)

    def step(self, bins: Bins, hop: int) -> Samples:
        """The next hop of this part (hop, 1), lent until the next step; `hop`: its number."""
        np.multiply(bins, self._mask(bins, hop), out=self._masked)
        newest = np.fft.irfft(self._masked)[-2 * self._hop :].astype(np.float32) * self._shape
        np.add(self._tail, newest[: self._hop], out=self.sound[:, 0])
        self._tail[:] = newest[self._hop :]
        return self.sound


def part(kind: str, setup: Setup, steady: HarmonicMask | None = None) -> Separation:
    """The part so called: "harmonic", "percussive", "low", "mid" or "high".

    `steady`: a mask that the first two of one sound share; None: one of its own.
    """
    if kind == "harmonic":
        return Separation(setup, steady or HarmonicMask(setup))
    if kind == "percussive":
        tones = steady or HarmonicMask(setup)
        return Separation(setup, lambda bins, hop: np.float32(1.0) - tones(bins, hop))
    low_hz, high_hz = CROSSOVERS_HZ
    edges = {"low": (0.0, low_hz), "mid": (low_hz, high_hz), "high": (high_hz, 0.0)}
    return Separation(setup, crossover(setup, *edges[kind]))
