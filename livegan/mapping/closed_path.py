"""Closed paths through latents: a periodic cubic spline, or great circles of z."""

from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from livegan.core.blend import slerp
from livegan.core.types import Mix, Vector
from livegan.networks.latents.files import Kind, Points

REACH = 8  # points on either side that a spline takes into account: further ones weigh less than 1e-5
MIX_REACH = 3  # less, where each of them must be mapped for every picture: what is left out weighs less than 1 %
LEAST_WEIGHT = 1e-4  # of a latent that is worth mapping


def spline_weights(t: float, reach: int = REACH) -> NDArray[np.float64]:
    """Weights (2 reach + 2,) of the points of a cubic spline at `t` of the way from point `reach` to the next; sum 1.

    The spline passes each point and has a continuous second derivative (de Boor 1978, chapter IV): its tangents m solve
    m[i-1] + 4 m[i] + m[i+1] = 3 (p[i+1] - p[i-1]), where the inverse falls as (sqrt(3) - 2) ** distance.
    """
    tangent = _tangent(reach)
    weights = np.zeros(2 * reach + 4)  # with a point more on either side
    weights[:-1] = t * (1 - t) ** 2 * tangent
    weights[1:] += t * t * (t - 1) * tangent
    weights[reach + 1] += (1 + 2 * t) * (1 - t) ** 2
    weights[reach + 2] += t * t * (3 - 2 * t)
    return np.asarray(weights[1:-1] / weights[1:-1].sum())


@cache
def _tangent(reach: int) -> NDArray[np.float64]:
    """Weights (2 reach + 3,) of the points round one in the tangent there."""
    inverse = (sqrt(3) - 2) ** np.abs(np.arange(-reach, reach + 1)) / (2 * sqrt(3))
    return np.asarray(3 * np.convolve(inverse, [-1, 0, 1]))


class ClosedPath:
    """Interpolation along a closed path of latents; the last one leads back to the first."""

    def __init__(self, points: Points) -> None:
        array = points.array
        alike = array.ndim == 3 and bool((array == array[:, :1]).all())
        self._array = np.ascontiguousarray(array[:, :1] if alike else array)  # w+ of equal rows is one row
        self._mixes = points.mixes
        self.kind: Kind = points.kind

    def __len__(self) -> int:
        return len(self._array)

    def at(self, place: float) -> Vector:
        """The latent `place` points from the first, any number: z (z_dim,) on great circles, w (rows, w_dim) cubic."""
        start, t = self._start(place)
        if len(self) == 1 or t == 0:
            return np.array(self._array[start], np.float32)
        if self.kind == "z":
            return slerp(self._array[start], self._array[(start + 1) % len(self)], t)
        points, weights = self._weighted(start, t, REACH)
        return np.asarray(np.tensordot(weights.astype(np.float32), self._array[points], 1), np.float32)

    def mix(self, place: float) -> Mix:
        """The z round `place` with their weights, for a path that is cubic in w (gen_video.py of StyleGAN3)."""
        start, t = self._start(place)
        if len(self) == 1 or t == 0:
            return self._mix_of(start, 1.0)
        points, weights = self._weighted(start, t, MIX_REACH)
        return tuple(
            part
            for point, weight in zip(points, weights, strict=True)
            for part in self._mix_of(int(point), float(weight))
        )

    def _mix_of(self, point: int, weight: float) -> Mix:
        """One point with a weight: its z, or what stands for it."""
        if not self._mixes:
            return ((weight, np.array(self._array[point], np.float32)),)
        return tuple((weight * share, z.copy()) for share, z in self._mixes[point])

    def _start(self, place: float) -> tuple[int, float]:
        """The point before `place`, and how far it is from there to the next, 0..1."""
        place %= len(self)
        start = min(int(place), len(self) - 1)
        return start, place - start

    def _weighted(self, start: int, t: float, reach: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The points that count, each once, and their weights; sum 1."""
        places = (start + np.arange(-reach, reach + 2)) % len(self)
        points, inverse = np.unique(places, return_inverse=True)
        weights = np.bincount(inverse, spline_weights(t, reach))
        counts = np.abs(weights) > LEAST_WEIGHT if reach < REACH else np.ones(len(weights), bool)
        return points[counts], weights[counts] / weights[counts].sum()
