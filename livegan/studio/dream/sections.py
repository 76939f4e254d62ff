"""Sections of a song by self-similarity novelty (Foote 2000), and which of them are alike."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from livegan.studio.dream.song_analysis import STEP_S, Curve

Rows = NDArray[np.float64]  # (steps, k)

KERNEL_S = 8.0  # before and after a boundary
LEAST_S = 6.0  # of a section
FLOOR, PROMINENCE = 0.12, 0.08  # novelty of a boundary, at least, and how much it stands out: a loop has none
ALIKE = 0.9  # cosine of the means of two sections that are one and the same part of the song


@dataclass(frozen=True, slots=True)
class Section:
    """Section of a song; sections of one label sound alike, as verses do, and choruses."""

    start_s: float
    end_s: float
    label: int


def sections(rows: Rows, seconds: float, embedding: NDArray[np.floating] | None = None) -> tuple[Section, ...]:
    """The sections of a song, without gaps. `rows`: `SongAnalysis.rows`; `embedding` (n, k): musicnn's, or None."""
    described = _described(rows)
    if embedding is not None and len(embedding):
        places = np.minimum(np.arange(len(rows)) * len(embedding) // max(1, len(rows)), len(embedding) - 1)
        described = np.hstack((described, _described(np.asarray(embedding, np.float64))[places]))
    if len(described) < 2:
        return (Section(0.0, seconds, 0),)
    cuts = [0.0, *(peak * STEP_S for peak in peaks(novelty(described))), seconds]
    cuts = [
        cut for at, cut in enumerate(cuts) if at in (0, len(cuts) - 1) or LEAST_S / 2 <= cut <= seconds - LEAST_S / 2
    ]
    means = [
        described[int(start / STEP_S) : max(int(start / STEP_S) + 1, int(end / STEP_S))].mean(axis=0)
        for start, end in pairwise(cuts)
    ]
    return tuple(
        Section(start, end, label) for (start, end), label in zip(pairwise(cuts), labels(np.array(means)), strict=True)
    )


def _described(rows: Rows) -> Rows:
    """Rows measured against the whole song, each of length 1 at most."""
    if not len(rows):
        return rows
    spread = rows.std(axis=0)
    standard = (rows - rows.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    return np.asarray(standard / np.maximum(np.linalg.norm(standard, axis=1, keepdims=True), 1e-9))


def novelty(described: Rows) -> Curve:
    """Foote's novelty (steps,), 0 where before and after sound alike: a Gaussian checkerboard along the diagonal.

    The checkerboard is u u^T, u a step from -1 to 1 under the Gaussian. So its sum over the similarities x x^T of the
    rows around a step is |u^T x|^2, and the matrix of all similarities, gigabytes for an hour, is not needed.
    """
    half = max(2, min(round(KERNEL_S / STEP_S), len(described) // 2))
    at = (np.arange(-half, half) + 0.5) / half
    taper = np.exp(-4 * at**2)
    step = np.sign(at) * taper / taper.sum()
    padded = np.pad(described, ((half, half), (0, 0)), mode="edge")
    change = np.zeros_like(described)
    for before, share in enumerate(step.tolist()):
        change += share * padded[before : before + len(described)]
    return np.asarray(np.square(change).sum(axis=1))


def peaks(curve: Curve) -> list[int]:
    """Steps at which a section begins: where the novelty stands out from what is around it."""
    found, _ = find_peaks(curve, height=FLOOR, prominence=PROMINENCE, distance=round(LEAST_S / STEP_S))
    return [int(at) for at in found]


def labels(means: Rows) -> list[int]:
    """A label for each section, from 0 on: that of the first one that it is like."""
    firsts, found = list[NDArray[np.float64]](), list[int]()
    for mean in means:
        direction = mean / max(float(np.linalg.norm(mean)), 1e-9)
        alike = [float(direction @ first) for first in firsts]
        if alike and max(alike) >= ALIKE:
            found.append(int(np.argmax(alike)))
            continue
        found.append(len(firsts))
        firsts.append(direction)
    return found
