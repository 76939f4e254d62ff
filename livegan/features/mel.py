"""Filter banks: mel, logarithmic and rectangular bands as rows of weights over spectrum bins."""

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples, Vector
from livegan.core.window import bin_hz


def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pitch as heard [mel] of frequencies [Hz]: 2595 log10(1 + f / 700) (O'Shaughnessy 1987; the one HTK uses)."""
    return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))


def hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequencies [Hz] of `mels`: the inverse of `mel`."""
    return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))


def triangles(count: int, window: int, sample_rate: int, low_hz: float = 40.0, high_hz: float = 16000.0) -> Samples:
    """`count` triangles of height 1, evenly spaced in mel, half overlapping: (count, bins) float32.

    A triangle too narrow to touch any bin takes the nearest one. The top is never above half the sample rate.
    """
    top = min(high_hz, sample_rate / 2)
    lowest, highest = mel(np.array([low_hz, top]))
    edges = hz(np.linspace(float(lowest), float(highest), count + 2))
    bins = bin_hz(window, sample_rate)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.clip(np.minimum(rising, falling), 0.0, None)
    for row in np.flatnonzero(weights.sum(axis=1) == 0):
        weights[row, np.abs(bins - edges[row + 1]).argmin()] = 1.0
    return weights.astype(np.float32)


def slices(edges_hz: list[tuple[float, float]], window: int, sample_rate: int) -> Samples:
    """One row of weights per (low, high) [Hz]: 1 inside, the covered share of a bin at the edges. (n, bins) float32."""
    width = sample_rate / window
    bins = bin_hz(window, sample_rate)
    low, high = np.array(edges_hz).T[:, :, None]
    covered = np.minimum(high, bins + width / 2) - np.maximum(low, bins - width / 2)
    return np.asarray(np.clip(covered / width, 0.0, 1.0), np.float32)


class OctaveBank:
    """Triangles of sum 1 between marks, each from the middle of the one below to the middle of the one above.

    Every bin counts in two triangles at the most, so their sums are those of its segments between marks: no matrix.
    """

    def __init__(self, marks: NDArray[np.intp], sample_rate: int, window: int) -> None:
        """`marks` (bands + 2,): bins, ascending, at which triangles begin, culminate and end."""
        self.middles_hz = marks[1:-1] * (sample_rate / window)
        self._bins = slice(int(marks[0]), int(marks[-1]))
        self._starts = marks[:-1] - marks[0]
        widths = np.diff(marks)
        rising = (np.arange(marks[0], marks[-1]) - np.repeat(marks[:-1], widths)) / np.repeat(widths, widths)
        sums = 0.5 * (widths[:-1] + widths[1:])  # of each triangle of height 1
        own, below = np.append(1.0 / sums, 0.0), np.append(0.0, 1.0 / sums)
        weights = (rising * np.repeat(own, widths), (1.0 - rising) * np.repeat(below, widths))
        self._weights: Samples = np.array(weights, np.float32)  # of each bin in the triangle that rises, and that falls
        self._weighted: Samples = np.zeros_like(self._weights)

    def __call__(self, spectrum: Vector) -> Vector:
        """Sums (bands,) of a spectrum (bins,)."""
        np.multiply(spectrum[self._bins], self._weights, out=self._weighted)
        rising, falling = np.add.reduceat(self._weighted, self._starts, axis=1)
        return np.asarray(rising[:-1] + falling[1:])


def octaves(per_octave: int, window: int, sample_rate: int, low_hz: float, high_hz: float) -> OctaveBank:
    """Triangles of sum 1, `per_octave` to the octave but never closer than the bins.

    As in Boeck & Widmer 2013, section 2.1. No band is centred above 0.48 of the sample rate.
    """
    top = min(high_hz, 0.48 * sample_rate)
    count = int(np.floor(np.log2(top / low_hz) * per_octave)) + 3
    edges = low_hz * 2.0 ** (np.arange(count) / per_octave)
    marks = np.unique(np.rint(edges * window / sample_rate)).astype(int)
    return OctaveBank(marks[marks <= window // 2], sample_rate, window)
