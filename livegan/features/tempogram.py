"""Fourier tempogram of the onset activation with exponential memory, one for all tempi."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.beat_patterns import BEATS, HARMONICS

Comb = NDArray[np.complex64]

GRID_HZ = 0.0125  # distance of the frequencies: finer than any memory resolves
HIGHEST_HZ = 13.0  # a hit is heard 25 ms wide; nothing above says more


CombIndices = tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]
"""Where the combs of n tempi are read, (n, 61) each: bin below, share of the bin above, 0 above `HIGHEST_HZ`."""


class Tempogram:
    """Fourier tempogram of four bands over an exponential memory, phase relative to now.

    A pattern of four beats at a tempo is a comb of harmonics, read between the bins; so the tempi cost nothing until
    they are asked for (cyclic and Fourier tempograms: Grosche & Mueller, IEEE TASLP 2011).
    """

    def __init__(self, hop_s: float, hops: int, memories_s: tuple[float, ...]) -> None:
        """One sum per memory [s]; `hops` activations enter at a time."""
        hz = np.arange(int(HIGHEST_HZ / GRID_HZ) + 3) * GRID_HZ
        ages_s = np.arange(hops - 1, -1, -1) * hop_s
        turn = np.exp(-2j * np.pi * hz * hops * hop_s)
        keep = np.array([exp(-hops * hop_s / memory_s) for memory_s in memories_s])
        self._turn = (keep[:, None, None] * turn).astype(np.complex64)  # (memories, 1, bins)
        self._enter = np.exp(-2j * np.pi * hz * ages_s[:, None]).astype(np.complex64)  # (hops, bins)
        self._sums = np.zeros((len(memories_s), 4, len(hz)), np.complex64)
        self._harmonics = np.arange(HARMONICS) / (60.0 * BEATS)

    def add(self, block: Vector) -> None:
        """`block` (4, hops), 0 or more, oldest first."""
        self._sums *= self._turn
        self._sums += block.astype(np.complex64) @ self._enter

    def clear(self) -> None:
        self._sums[:] = 0.0

    def comb_indices(self, bpm: NDArray[np.float64]) -> CombIndices:
        """Where the comb of each tempo (n,) reads: bin below, share of the bin above, 0 where nothing is kept."""
        hz = np.multiply.outer(bpm, self._harmonics)
        in_range = hz < HIGHEST_HZ
        place = np.where(in_range, hz, 0.0) * (1.0 / GRID_HZ)
        below = place.astype(np.intp)
        return below, (place - below).astype(np.float32), in_range.astype(np.float32)

    def comb(self, memory: int, comb_indices: CombIndices, least: float) -> Comb:
        """(4, n, 61) harmonics of four beats at each tempo, per unit of activation (at least `least` of it)."""
        below, share, in_range = comb_indices
        sums = self._sums[memory]
        per_unit = np.float32(1.0) / np.maximum(sums[:, 0].real, np.float32(least))
        low: Comb = sums[:, below]
        high: Comb = sums[:, below + 1]
        high -= low
        high *= share
        high += low
        high *= in_range * per_unit[:, None, None]
        return high
