"""Robust regression: the line through the newest ticks of a clock, which may be late, lost, or arrive in bursts."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

WINDOW = 96  # ticks of the line: four beats
SHORT = 24  # while the tempo changes
FEWEST = 12  # ticks that a line needs
LOST = 1.6  # periods from the line to a tick, from which one between them is lost
EARLY = 0.4  # ... and below which one that was taken as lost has come after all
MOST_LOST = 24  # at once
APART = 12  # two losses within so many ticks are none: the tempo has changed
CHANGED = (0.3, 0.006)  # mean distance of the newest ticks from the line [periods, s]: from both, the tempo changes
NEWEST = 8
KEPT = 4  # ticks, of those before a change of tempo
OUTLIER = 3.0  # median distances from the line, beyond which a tick does not count
SHORTEST_S = 1e-6  # period of a line: ticks that all came at one moment, or backwards, make none
PRECISE_S = 0.0005  # what is nearer to the line always counts


@dataclass(frozen=True, slots=True)
class Fit:
    """The line at its newest tick."""

    time_s: float  # where the line has that tick
    number: int
    period_s: float


class TickLine:
    """Line through the newest ticks: least squares, without the outliers, over less while the tempo changes."""

    def __init__(self) -> None:
        self.number = 0  # of the newest tick
        self._ticks: deque[tuple[int, float]] = deque(maxlen=WINDOW)
        self._fit: Fit | None = None
        self._stale = False
        self._lost = 0  # taken as lost lately
        self._lost_at = -APART

    def clear(self) -> None:
        """Nothing is known of the tempo; numbers go on."""
        self._ticks.clear()
        self._fit, self._stale = None, False
        self._lost, self._lost_at = 0, self.number - APART

    def add(self, time_s: float) -> int:
        """Take a tick. How much every number is greater than it should be: ticks taken as lost that were not."""
        fit, surplus, step = self._known(), 0, 1
        if fit is not None:
            gap = (time_s - fit.time_s) / fit.period_s - (self.number - fit.number)
            recent = self.number - self._lost_at < APART
            if gap >= LOST and recent:  # again: it is slower now
                surplus = self._lost
                self._restart()
            elif gap >= LOST:
                step = min(round(gap), MOST_LOST)
                self._lost, self._lost_at = step - 1, self.number + step
            elif gap < EARLY and recent and self._lost > 0:
                self._lost -= 1
                return 0
        self.number += step
        self._ticks.append((self.number, time_s))
        self._stale = True
        return surplus

    def fit(self) -> Fit | None:
        """The line; None before there are enough ticks. After a change of tempo the old one goes on until there are."""
        if self._stale and len(self._ticks) >= FEWEST:
            fit, self._stale = self._regress(), False
            if fit.period_s > SHORTEST_S:
                self._fit = fit
        return self._fit

    def _known(self) -> Fit | None:
        """What the next tick is measured by: the line, also without the newest ticks if they are few."""
        if len(self._ticks) < FEWEST:
            return None
        return self._fit if self._fit is not None and self.number - self._fit.number < NEWEST else self.fit()

    def _restart(self) -> None:
        """Another tempo: only the newest ticks count, each as one."""
        times = [time_s for _, time_s in list(self._ticks)[-KEPT:]]
        self._ticks.clear()
        self._lost, self._lost_at = 0, self.number - APART
        self._ticks.extend((self.number - len(times) + 1 + at, time_s) for at, time_s in enumerate(times))

    def _regress(self) -> Fit:
        ticks = np.array(self._ticks)
        numbers, times = ticks[:, 0], ticks[:, 1]
        newest_s = times[-1]
        period_s, at_s = _line(numbers - self.number, times - newest_s)
        if len(times) > SHORT:
            off = times - newest_s - at_s - (numbers - self.number) * period_s
            if abs(float(off[-NEWEST:].mean())) > max(CHANGED[0] * period_s, CHANGED[1]):
                period_s, at_s = _line(numbers[-SHORT:] - self.number, times[-SHORT:] - newest_s)
        return Fit(float(newest_s + at_s), self.number, float(period_s))


def _line(numbers: Numbers, times: Numbers) -> tuple[float, float]:
    """Period, and the line's value at number 0: least squares, then once more without the outliers."""
    period_s, at_s = _least_squares(numbers, times)
    off = np.abs(times - at_s - numbers * period_s)
    good = off <= max(OUTLIER * float(np.median(off)), PRECISE_S)
    if not good.all() and good.sum() >= FEWEST // 2:
        period_s, at_s = _least_squares(numbers[good], times[good])
    return period_s, at_s


def _least_squares(x: Numbers, y: Numbers) -> tuple[float, float]:
    mean_x, mean_y = float(x.mean()), float(y.mean())
    dx = x - mean_x
    slope = float(dx @ (y - mean_y)) / max(float(dx @ dx), 1e-12)
    return slope, mean_y - slope * mean_x
