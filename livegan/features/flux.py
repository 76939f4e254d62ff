"""SuperFlux spectral flux with adaptive whitening: independent of gain and of vibrato."""

from collections.abc import Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples, Vector
from livegan.features.mel import OctaveBank

LEAK_WEIGHT = 60.0  # a band is measured against so many times what leaks into it
LEAK_STEPS = 8  # it is reckoned only so often
MEMORY_S = 10.0  # how long a band's loudest moment counts [s]
ZERO, ONE = np.float32(0.0), np.float32(1.0)


class Flux:
    """Positive difference of whitened logarithmic bands to the loudest neighbour a moment ago.

    Every band is measured against its own loudest moment of the last 10 s (adaptive whitening, Stowell & Plumbley 2007,
    with a floor), compressed as log10(1 + c x), and compared with the greatest of itself and its two neighbours `lag`
    steps ago (SuperFlux, Boeck & Widmer 2013, section 2.2: vibrato does not count). All relative: gain cancels out.
    """

    def __init__(
        self,
        bank: OctaveBank,
        ranges_hz: Sequence[tuple[float, float]],
        *,
        step_s: float,
        lag: int,
        compression: float,
        floor: float,
        leak: Samples | None = None,
    ) -> None:
        """`ranges_hz`: the flux is averaged over the bands of each; `floor`: least reference, of the greatest.

        `leak` (bands, bands): how much of each band the window lets into each other: no reference is less.
        """
        middles_hz = bank.middles_hz
        count = len(middles_hz)
        self._bank = bank
        self._keep = np.float32(exp(-step_s / MEMORY_S))
        self._floor = floor
        self._leak = leak
        self._leaked: Vector = np.zeros(count, np.float32)
        self._steps = 0
        self._compression = np.float32(compression)
        self._peaks: Vector = np.full(count, 1e-14, np.float32)
        self._ceilings: Samples = np.zeros((max(1, lag), count), np.float32)  # max-filtered past, a ring; once silence
        self._at = 0
        inside = np.array([(middles_hz >= low) & (middles_hz < high) for low, high in ranges_hz])
        self._means: Samples = (inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)).astype(np.float32)
        self._reference: Vector = np.zeros(count, np.float32)
        self._now: Vector = np.zeros(count, np.float32)
        self._appeared: Vector = np.zeros(count, np.float32)
        self.loudest = 1e-14  # the greatest of all bands of the last 10 s

    def step(self, spectrum: Vector, least: float = 1e-14) -> Vector:
        """Mean flux per range [decades], (ranges,), 0 or more; of magnitudes or powers (bins,).

        `least`: no band is measured against less, so that what leaks into bands where nothing sounds does not count.
        """
        energy, peaks, reference = self._bank(spectrum), self._peaks, self._reference
        now, appeared = self._now, self._appeared
        peaks *= self._keep
        np.maximum(peaks, energy, out=peaks)
        self.loudest = float(np.maximum.reduce(peaks))
        np.maximum(peaks, np.float32(max(self._floor * self.loudest, least)), out=reference)
        if self._leak is not None:
            if self._steps % LEAK_STEPS == 0:
                np.matmul(self._leak, peaks, out=self._leaked)
            self._steps += 1
            np.maximum(reference, self._leaked, out=reference)
        np.divide(energy, reference, out=now)
        now *= self._compression
        now += ONE
        np.log10(now, out=now)
        past = self._ceilings[self._at]
        np.subtract(now, past, out=appeared)
        np.maximum(appeared, ZERO, out=appeared)
        past[:] = now
        np.maximum(past[1:], now[:-1], out=past[1:])
        np.maximum(past[:-1], now[1:], out=past[:-1])
        self._at = (self._at + 1) % len(self._ceilings)
        return np.asarray(self._means @ appeared)


def leakage(shape: NDArray[np.float64], middles: NDArray[np.float64]) -> Samples:
    """Share of a tone in each band that a window (n,) lets into each other, beyond its main lobe: (bands, bands).

    `middles`: of the bands [bins]. The side lobes' envelope, as a tone's own may stand anywhere in its band.
    """
    fine = 8
    lobes = np.abs(np.fft.rfft(shape, len(shape) * fine))
    envelope = np.maximum.accumulate(lobes[::-1])[::-1]
    apart = np.abs(middles[:, None] - middles)
    shares = envelope[np.minimum(((apart - 2.0).clip(0.0) * fine).astype(int), len(envelope) - 1)]
    return np.where(apart >= 8.0, LEAK_WEIGHT * shares, 0.0).astype(np.float32)
