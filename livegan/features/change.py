"""Harmonic change and structural novelty: chord, key, section."""

from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.pitch_classes import EVERY
from livegan.features.registry import FEATURES, Feature, Setup


class CosineChange:
    """Cosine distance of a fast and a slow running mean of pitch class profiles, 0..1."""

    def __init__(self, fast_s: float, slow_s: float, step_s: float) -> None:
        """Time constants of the two means."""
        self._keep = np.exp(-step_s / np.array([[fast_s], [slow_s]]))
        self._means: NDArray[np.float64] = np.zeros((2, 12))

    def step(self, notes: NDArray[np.float64]) -> float:
        """Take the notes (12,) of one step."""
        self._means *= self._keep
        self._means += (1.0 - self._keep) * notes
        fast, slow = self._means
        size = sqrt(float(fast @ fast) * float(slow @ slow))
        return min(1.0, max(0.0, 1.0 - float(fast @ slow) / size)) if size > 1e-12 else 0.0


@FEATURES("chord.change")
class ChordChange(Feature):
    """Chord change: distance from the chord of the last second or two; 0 the same, 1 no note in common."""

    needs_chroma = True
    fast_s, slow_s, contrast = 0.12, 1.5, 2.0
    delay_s = 0.1
    source = "Harte, Sandler & Gasser 2006 (harmonic change), on chroma"

    def __init__(self, setup: Setup) -> None:
        self.names = ("chord.change",)
        self._turn = CosineChange(self.fast_s, self.slow_s, setup.hop_s * EVERY)
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """As often as there are fresh notes; silence is no chord."""
        if hop.chroma and hop.chroma.fresh and hop.open:
            self._value = min(1.0, self.contrast * self._turn.step(hop.chroma.notes))
        out[0] = self._value * hop.gate


@FEATURES("key.change")
class KeyChange(ChordChange):
    """Key change: distance of the notes of the last seconds from those of the last half minute, 0..1."""

    fast_s, slow_s, contrast = 5.0, 30.0, 3.0
    source = "as chord.change, slower; distance of pitch class profiles (Krumhansl 1990)"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.names = ("key.change",)


@FEATURES("section.change")
class SectionChange(Feature):
    """Novelty of the last 4 s against the 12 s before: 0..1, high some seconds after a new part of a song begins.

    Twice a second the mean of the notes and of ten bands of the spectrum is kept; their self-similarity under a
    checkerboard (alike before, alike after, unlike across) is the novelty. Causal, so it is late: it grows from the
    moment of the change and peaks about 4 s after it.
    """

    needs_chroma = True
    step_s, after, before = 0.5, 8, 24
    contrast = 2.0
    delay_s = 2.0
    source = "Foote 2000 (checkerboard kernel), one-sided to be causal"

    def __init__(self, setup: Setup) -> None:
        self.names = ("section.change",)
        self._every = max(1, round(self.step_s / setup.hop_s))
        self._cuts = np.linspace(0, setup.bands, min(10, setup.bands) + 1).astype(int)[:-1]
        self._notes: NDArray[np.float64] = np.zeros(12)
        self._bands: NDArray[np.float64] = np.zeros(setup.bands)
        self._heard = 0
        self._rows: NDArray[np.float64] = np.zeros((self.after + self.before, 12 + len(self._cuts)))
        self._count = 0
        self._value = 0.0
        ages = np.arange(self.before)[::-1]
        self._weights = exp(-1.0 / 16.0) ** ages

    def compute(self, hop: Hop, out: Vector) -> None:
        """Collects with every look at the notes, looks twice a second; silence is forgotten slowly, not learnt."""
        if hop.number % EVERY == EVERY - 1 and hop.open:
            if hop.chroma:
                self._notes += hop.chroma.notes
            self._bands += hop.bands
            self._heard += 1
        if hop.number % self._every == self._every - 1:
            self._look()
        out[0] = self._value * hop.gate

    def _look(self) -> None:
        """Push one row, compare the newest rows with those before."""
        if not self._heard:
            return
        level = np.log10(np.add.reduceat(self._bands / self._heard, self._cuts) + 1e-12)
        level -= level.max()
        notes = self._notes / max(float(np.linalg.norm(self._notes)), 1e-12)
        self._rows[:-1] = self._rows[1:]
        self._rows[-1] = np.concatenate((notes, np.maximum(level, -5.0) * 0.4))
        self._notes[:], self._bands[:], self._heard = 0.0, 0.0, 0
        self._count += 1
        if self._count < self.after + 8:
            return
        known = min(self.before, self._count - self.after)
        old, new = self._rows[self.before - known : self.before], self._rows[self.before :]
        weights = self._weights[self.before - known :]
        middle = (weights @ old) / weights.sum()
        across = float(np.linalg.norm(new.mean(axis=0) - middle))
        within_old = float(np.sqrt(weights @ np.square(old - middle).sum(axis=1) / weights.sum()))
        within_new = float(np.sqrt(np.square(new - new.mean(axis=0)).sum(axis=1).mean()))
        spread = within_old + within_new
        raw = across / (across + spread + 0.2)
        self._value = min(1.0, max(0.0, self.contrast * (raw - 0.35)))
