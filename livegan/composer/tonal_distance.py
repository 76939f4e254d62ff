"""Tonal distance: how far apart in harmony two voices are, by their tonal centroids (Harte, Sandler & Gasser 2006).

A chroma vector (how long each pitch class sounds) is normalised to sum 1 and projected on three circles: of fifths
(radius 1), of minor thirds (1) and of major thirds (.5). The distance is Euclidean: 0 for equal voices.
"""

import numpy as np
from numpy.typing import NDArray

_RADII = (1.0, 1.0, 0.5)
_TURNS = (7 / 6, 3 / 2, 2 / 3)  # of pi a semitone: the circles of fifths, minor thirds and major thirds


def _projection() -> NDArray[np.float64]:
    """The six coordinates of every pitch class: (12, 6)."""
    angles = np.pi * np.arange(12)[:, None] * np.array(_TURNS)
    circles = np.stack([np.sin(angles), np.cos(angles)], axis=2) * np.array(_RADII)[:, None]
    projection: NDArray[np.float64] = circles.reshape(12, 6)
    return projection


_PROJECTION = _projection()


def tonal_centroid(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tonal centroids of chroma vectors (..., 12): (..., 6). NaN where nothing sounds."""
    total = chroma.sum(-1, keepdims=True)
    normed = np.divide(chroma, total, out=np.full(chroma.shape, np.nan), where=total > 0)
    centroids: NDArray[np.float64] = normed @ _PROJECTION
    return centroids


def tonal_distances(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances of every two voices in every window, of those in which both sound: chroma (voices, windows, 12)."""
    centroids = tonal_centroid(chroma)
    high, low = np.triu_indices(len(chroma), 1)
    distances = np.linalg.norm(centroids[high] - centroids[low], axis=-1).ravel()
    heard: NDArray[np.float64] = distances[np.isfinite(distances)]
    return heard
