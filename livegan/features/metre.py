"""Metre and bar of the beat: a hidden Markov model stepped once a beat on the downbeat activation.

As the bar-pointer model of Krebs, Boeck & Widmer (ISMIR 2015) and the downbeat observation of Boeck, Krebs & Widmer
(ISMIR 2016, section 3.2), with beats instead of frames, because the beat itself is followed elsewhere.
"""

from math import log

import numpy as np

METRES = {2: 0.05, 3: 0.16, 4: 0.75, 6: 0.04}  # beats per bar, and how likely before anything is heard
RESTART = 0.01  # probability per beat that bar and metre start anew
EVEN = 1.05  # times its mean over beats, an activation speaks neither for a downbeat nor against it
LEAST_EVEN, MOST_EVEN = 0.03, 0.5
USUAL_MEAN, MEAN_BEATS = 0.2, 8.0  # the mean before anything is heard, and over how many beats it is
MOST = 2.5  # a beat says no more [nats]
CLEARLY = 1.5  # another metre must be so many times as probable


class Metre:
    """Probability of every metre and place in the bar."""

    def __init__(self) -> None:
        """Nothing is known: four beats to the bar."""
        self._of = np.array([metre for metre in METRES for _ in range(metre)])
        self._place = np.concatenate([np.arange(metre) for metre in METRES])
        self._anew = np.array([METRES[metre] / metre for metre in self._of])
        self._first = self._place == 0
        self._before = np.arange(len(self._of)) - 1 + self._first * self._of  # state one beat earlier
        self._mean = USUAL_MEAN  # downbeat activation of a beat
        self.beats_per_bar = 4
        self.probability = self._anew.copy()  # (states,), sum 1

    def forget(self) -> None:
        """Anything may come; the metre stays until then."""
        self.probability[:] = self._anew
        self._mean = USUAL_MEAN

    def step(self, downbeat: float) -> int:
        """A beat later, whose downbeat activation is `downbeat` (0..1): its place in the bar, 0 for the first."""
        now = self.probability[self._before] * (1.0 - RESTART) + RESTART * self._anew
        if 0.0 <= downbeat <= 1.0:
            even = min(max(EVEN * self._mean, LEAST_EVEN), MOST_EVEN)
            self._mean += (downbeat - self._mean) / MEAN_BEATS
            odds = log((downbeat + 0.01) / (1.01 - downbeat)) - log(even / (1.0 - even))
            now[self._first] *= np.exp(min(max(odds, -MOST), MOST))
        now /= now.sum()
        self.probability = now
        metres = {metre: float(now[self._of == metre].sum()) for metre in METRES}
        best = max(metres, key=metres.__getitem__)
        if metres[best] > CLEARLY * metres[self.beats_per_bar]:
            self.beats_per_bar = best
        mine = np.where(self._of == self.beats_per_bar, now, 0.0)
        return int(self._place[int(mine.argmax())])
