"""Tap tempo: a straight line through the newest taps."""

import numpy as np

MIN_S, MAX_S = 0.2, 2.0  # between two taps of one series
COUNT = 8  # taps that count
FEWEST = 3


class Taps:
    """The newest taps of one series; a pause begins another."""

    def __init__(self) -> None:
        self._times_s: list[float] = []

    def add(self, time_s: float) -> tuple[float, float] | None:
        """Take a tap: period and moment of a beat [s] of the line through the series, None for the first two."""
        if self._times_s and not MIN_S < time_s - self._times_s[-1] < MAX_S:
            self._times_s.clear()
        self._times_s = [*self._times_s[1 - COUNT :], time_s]
        if len(self._times_s) < FEWEST:
            return None
        period_s, first_s = np.polyfit(np.arange(len(self._times_s)), self._times_s, 1)
        return float(period_s), float(first_s)
