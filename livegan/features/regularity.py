"""Regularity of events: whether hits above some strength keep time, as drums do, or come at random, as claps do."""

from math import exp

import numpy as np
from numpy.typing import NDArray

MEMORY_S = 4.0  # time constant with which intervals are forgotten
BIN_S = 0.015
SHORTEST_S, LONGEST_S = 0.075, 0.975  # intervals that count: shorter ones are the gap between two onsets at work
PAST = 32  # events that each new one is compared with, at the most
FIRST = round(SHORTEST_S / BIN_S)
BINS = round(LONGEST_S / BIN_S) + 1
SMOOTH = 4 / 3  # mean energy of one interval in the histogram: laid between two bins, then over (1/2, 1, 1/2)


class Regularity:
    """Interval histograms of several streams of events that fade in 4 s, and how far each is from pure randomness.

    An all-order interval histogram, the autocorrelation of a point process (Cox & Lewis 1966, "The Statistical Analysis
    of Series of Events", chapter 5), is flat for events at random. The index is its mean square over its squared mean,
    less what so few intervals make at random: 1 for a Poisson process at any rate, 1.5 to 6 for drums and songs.
    """

    def __init__(self, streams: int) -> None:
        """Before the first event nothing is known: the doubt is infinite."""
        self.index: NDArray[np.float64] = np.zeros(streams)  # 1: at random
        self.doubt: NDArray[np.float64] = np.full(streams, np.inf)  # standard deviation of the index, if all is random
        self.rate: NDArray[np.float64] = np.zeros(streams)  # events [1/s]
        self._histogram = np.zeros((streams, BINS + 1))
        self._weights = np.zeros(streams)  # sum of the squared weights of the intervals
        self._times = np.full((streams, PAST), -np.inf)
        self._count = np.zeros(streams, int)
        self._newest_s = 0.0

    def event(self, time_s: float, streams: NDArray[np.bool_]) -> None:
        """An event at `time_s`, not before the last one, in those `streams` (streams,)."""
        keep = exp(-(time_s - self._newest_s) / MEMORY_S)
        self._newest_s = time_s
        self._histogram *= keep
        self._weights *= keep * keep
        self.rate *= keep
        rows = np.flatnonzero(streams)
        apart = (time_s - self._times[rows]) / BIN_S
        which, column = np.nonzero((apart >= FIRST) & (apart < BINS - 1))
        place = apart[which, column]
        below = place.astype(int)
        found = np.bincount(which, minlength=len(rows))
        share = 1.0 / found[which]  # every event counts alike, however dense they are
        np.add.at(self._histogram, (rows[which], below), share * (1.0 - (place - below)))
        np.add.at(self._histogram, (rows[which], below + 1), share * (place - below))
        self._weights[rows] += 1.0 / np.maximum(found, 1) * (found > 0)
        self._times[rows, self._count[rows] % PAST] = time_s
        self._count[rows] += 1
        self.rate[rows] += 1.0 / MEMORY_S

    def measure(self) -> None:
        """Bring `index` and `doubt` up to date; `rate` is that of the newest event."""
        counts = self._histogram
        smooth = counts[:, FIRST:-1] + 0.5 * (counts[:, FIRST - 1 : -2] + counts[:, FIRST + 1 :])
        bins = smooth.shape[1]
        total = smooth.sum(axis=1)
        known = total > 0.0
        scale = bins / np.square(np.where(known, total, 1.0))
        random = SMOOTH * self._weights * scale
        self.index[:] = np.square(smooth).sum(axis=1) * scale - random
        self.doubt[:] = np.where(known, random * 2.0 / np.sqrt(bins), np.inf)
