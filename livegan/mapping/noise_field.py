"""Noise field: white noise smoothed over time by a Gaussian, at any moment and without end."""

import numpy as np

from livegan.core.types import Vector

REACH = 4.0  # standard deviations of the kernel (scipy's gaussian_filter has as many)
KNOTS = 2  # of white noise in one standard deviation
_STREAM, _AHEAD = 6, 1 << 20  # numbers of knots are positive in the seed


class NoiseField:
    """Gaussian noise (size,) of variance 1, smooth over time.

    White noise stands at knots and is weighted by a Gaussian around the moment asked for: `gaussian_filter` along time,
    at moments between the knots too. Its autocorrelation at a distance d in standard deviations is exp(-d² / 4).
    """

    def __init__(self, size: int, seed: int, knots: int = KNOTS) -> None:
        """`knots`: in one standard deviation."""
        self._size, self._seed, self._knots = size, seed, knots
        self._count = round(2 * REACH * knots) + 1
        self._first: int | None = None
        self._noise = np.zeros((self._count, size), np.float32)

    def at(self, place: float) -> Vector:
        """The field at `place` [standard deviations of its kernel], (size,)."""
        first = int(np.ceil((place - REACH) * self._knots - 1e-9))
        if first != self._first:
            kept = {} if self._first is None else {self._first + i: row for i, row in enumerate(self._noise)}
            self._noise = np.stack([kept[i] if i in kept else self._knot(i) for i in range(first, first + self._count)])
            self._first = first
        distances = (first + np.arange(self._count)) / self._knots - place
        weights = np.where(abs(distances) <= REACH + 1e-6, np.exp(-(distances**2) / 2), 0.0)
        weights /= np.sqrt(np.square(weights).sum())
        return np.asarray(weights.astype(np.float32) @ self._noise)

    def _knot(self, number: int) -> Vector:
        rng = np.random.default_rng([self._seed, _STREAM, number + _AHEAD])
        return rng.standard_normal(self._size, np.float32)
