"""Constant-tempo segmentation of decoded beats into rigid grids.

Most produced music keeps a click, and then every beat is known to milliseconds.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

SPREAD_S = 0.014  # of decoded beats about their grid: frames are 10 ms, the teacher's 20
PIECE_COST = 40.0  # another grid must explain the beats by so much better
FEWEST = 16  # beats of a grid
NEAR_S = 0.035  # an attack so near a beat may be the beat's
ROUNDS = 4  # of laying a grid onto attacks

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` beats from `first_s` on, `period_s` apart."""

    first_s: float
    period_s: float
    count: int

    @property
    def beats(self) -> Floats:
        """Times of the beats [s]."""
        return np.asarray(self.first_s + self.period_s * np.arange(self.count))

    @property
    def bpm(self) -> float:
        return 60.0 / self.period_s


def rigid_grids(beats: Floats) -> list[Grid]:
    """Grids of 16 beats or more, in order, that decoded `beats` [s] are best told by; what is left out is not rigid.

    A penalised least-squares segmentation, exact by dynamic programming (Jackson and others 2005, An algorithm for
    optimal partitioning of data on an interval).
    """
    count = len(beats)
    if count < FEWEST:
        return []
    index = np.arange(count + 1, dtype=np.float64)
    sums = [np.concatenate(([0.0], np.cumsum(x))) for x in (beats, beats**2, beats * np.arange(count))]
    cost, came = np.full(count + 1, np.inf), np.zeros(count + 1, int)
    cost[0] = 0.0
    for end in range(1, count + 1):
        start = np.arange(max(0, end - 2000), end)
        size = end - start
        t, tt, kt = (total[end] - total[start] for total in sums)
        mean_k = 0.5 * (start + end - 1)
        spread_k = size * (size**2 - 1.0) / 12.0
        cross = kt - mean_k * t
        rest = tt - t**2 / size - np.where(size > 1, cross**2 / np.maximum(spread_k, 1e-9), 0.0)
        total = cost[start] + np.maximum(rest, 0.0) / SPREAD_S**2 + PIECE_COST
        best = int(total.argmin())
        cost[end], came[end] = total[best], start[best]
    grids, last = [], count
    while last > 0:
        size_of, last = last - int(came[last]), int(came[last])
        if size_of >= FEWEST:
            period, first = np.polyfit(index[:size_of], beats[last : last + size_of], 1)
            grids.append(Grid(float(first), float(period), size_of))
    return grids[::-1]


def lay_on(grid: Grid, times: Floats, heights: Floats) -> tuple[Grid, float]:
    """`grid` moved onto the attacks at `times` [s] of those `heights`, and how far these scatter about it [s].

    A weighted line through the strongest attack near every beat; the farthest count less each round (Tukey's bisquare).
    A grid with attacks at less than a third of its beats stays as it is, with a scatter of 35 ms.
    """
    near, scatter = NEAR_S, NEAR_S
    for _ in range(ROUNDS):
        beats = grid.beats
        found, height = _strongest(beats, times, heights, near)
        has = height > 0
        if has.sum() < max(6, grid.count / 3):
            return grid, NEAR_S
        off = found - beats
        middle = float(np.median(off[has]))
        width = max(3.0 * 1.48 * float(np.median(np.abs(off[has] - middle))), 0.008)
        weight = np.sqrt(height) * np.where(has, np.clip(1.0 - ((off - middle) / width) ** 2, 0.0, 1.0) ** 2, 0.0)
        slope, start = np.polyfit(np.arange(grid.count), off, 1, w=np.sqrt(weight) + 1e-9)
        grid = replace(grid, first_s=grid.first_s + float(start), period_s=grid.period_s + float(slope))
        left = (found - grid.beats)[has]
        scatter = float(np.median(np.abs(left)))
        near = max(0.015, min(near, 4.0 * scatter))
    return grid, scatter


def _strongest(beats: Floats, times: Floats, heights: Floats, near: float) -> tuple[Floats, Floats]:
    found, height = beats.copy(), np.zeros(len(beats))
    low, high = np.searchsorted(times, beats - near), np.searchsorted(times, beats + near)
    for k in range(len(beats)):
        if high[k] > low[k]:
            at = low[k] + int(heights[low[k] : high[k]].argmax())
            found[k], height[k] = times[at], heights[at]
    return found, height


def laid_grids(beats: Floats, times: Floats, heights: Floats) -> list[tuple[Grid, float]]:
    """Rigid grids of decoded `beats`, each laid onto the attacks, with its scatter [s].

    Neighbours that are one grid, once they are laid on, become one.
    """
    laid: list[tuple[Grid, float]] = []
    for grid in rigid_grids(beats):
        grid, scatter = lay_on(grid, times, heights)
        if laid and (joined := _joined(laid[-1][0], grid)) is not None:
            wider, wider_scatter = lay_on(joined, times, heights)
            if wider_scatter < max(laid[-1][1], scatter) + 0.002 and abs(wider.bpm / joined.bpm - 1.0) < 0.002:
                laid[-1] = (wider, wider_scatter)
                continue
        laid.append((grid, scatter))
    return laid


def _joined(left: Grid, right: Grid) -> Grid | None:
    """One grid over both, or None if they differ in tempo by over 0.4 % or in phase by over 40 ms."""
    if abs(left.period_s / right.period_s - 1.0) > 0.004:
        return None
    middle_left = left.first_s + left.period_s * (left.count - 1) / 2
    middle_right = right.first_s + right.period_s * (right.count - 1) / 2
    apart = (middle_right - middle_left) / (0.5 * (left.period_s + right.period_s))
    whole = round(2 * apart) / 2 if (left.count + right.count) % 2 else round(apart)
    if abs(apart - whole) * left.period_s > 0.04 or whole <= 0:
        return None
    period = (middle_right - middle_left) / whole
    count = round((right.beats[-1] - left.first_s) / period) + 1
    return Grid(middle_left - period * (left.count - 1) / 2, period, count)
