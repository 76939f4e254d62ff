"""Tempo decision: which tempo and which rhythm pattern explain the tempogram best, decided slowly."""

from math import exp, log

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.beat_patterns import BEATS, PATTERNS, Pattern, spectra, usual
from livegan.features.tempogram import Comb, Tempogram

MIN_BPM, MAX_BPM, STEP = 48.0, 212.0, 0.008  # tempi compared, and the logarithm of their distance
LONG_MEMORY, SHORT_MEMORY = 0, 1  # of the tempogram: what is played, and exactly when
CYCLE_POINTS = 128  # of a cycle of four beats, in the correlation
POINTS_PER_BEAT = CYCLE_POINTS // BEATS
MIN_ACTIVATION = 20.0  # with less activation than this in memory there is nothing to decide yet

PRIOR = 0.25  # nats per unit of `usual`
SETTLE_S = 0.4  # evidence is averaged over so long
FIRST_S = 1.5  # nothing is decided before so much was heard
MIN_EVIDENCE = 0.12  # evidence that there is a rhythm at all [nats]
RELATED = np.log([1 / 3, 1 / 2, 2 / 3, 3 / 4, 4 / 3, 3 / 2, 2, 3])  # readings of the same rhythm
SAME = 0.035  # logarithm of the ratio of two tempi that are one
OPEN_S = 8.0  # after so long the octave is chosen; it stays until silence or another tempo
OTHER = (0.05, 0.25)  # another tempo must be so much better [nats] for so long [s]
OTHER_READING = ((0.1, 1.0), (0.4, 8.0))  # the same, for another reading of the rhythm: while open, and later
OTHER_THAN_TAPPED = (0.8, 8.0)  # the same, against a tapped tempo
BEND = 0.1  # share of the tempo's error corrected per look


class TempoDecision:
    """Chosen tempo `bpm` and `pattern`, from the evidence for every pattern at every tempo."""

    def __init__(self, tempogram: Tempogram, block_s: float) -> None:
        """`block_s`: time from one `step` to the next."""
        self.bpm = 120.0
        self.pattern = 0  # number in PATTERNS
        self.tempi = np.exp(np.arange(log(MIN_BPM), log(MAX_BPM), STEP))
        self._tempogram, self._block_s = tempogram, block_s
        self._comb_indices = tempogram.comb_indices(self.tempi)
        self._spectra = spectra(self.tempi)
        self._prior = PRIOR * usual(self.tempi)
        self._expected = np.ones(len(self.tempi), bool)
        self._score = np.zeros((len(PATTERNS), len(self.tempi)), np.float32)
        self._evidence = np.zeros_like(self._score)
        self._row = 0
        self._noise = 2
        self._comb: Comb = tempogram.comb(LONG_MEMORY, self._comb_indices, MIN_ACTIVATION)
        self.forget()

    def forget(self) -> None:
        """A piece is over: the next may be anything. The tempo stays."""
        self._evidence[:] = 0.0
        self._score[:] = 0.0
        self._row = 0
        self.heard_s = 0.0
        self._locked_s = -1.0  # how long this tempo; negative: none
        self._pressure_s = 0.0  # how long another tempo has been better
        self._tapped = False

    @property
    def locked(self) -> bool:
        """Whether a tempo is chosen."""
        return self._locked_s >= 0.0

    @property
    def settled(self) -> bool:
        """Whether it has been so long enough to stay."""
        return self._locked_s > OPEN_S

    @property
    def rhythm(self) -> Pattern:
        """The pattern that fits best."""
        return PATTERNS[self.pattern]

    def set(self, bpm: float) -> None:
        self.bpm = min(max(bpm, MIN_BPM), MAX_BPM)
        self._tapped = True
        self._locked_s, self._pressure_s = OPEN_S, 0.0

    def expect(self, low_bpm: float, high_bpm: float) -> float:
        """Choose among these tempi only; the factor by which the present one becomes one of them, if any does, or 1."""
        self._expected = (self.tempi >= low_bpm * exp(-STEP)) & (self.tempi <= high_bpm * exp(STEP))
        if self._tapped or low_bpm <= self.bpm <= high_bpm:
            return 1.0
        for factor in (2.0, 0.5, 3.0, 1 / 3):
            if max(low_bpm, MIN_BPM) <= self.bpm * factor <= min(high_bpm, MAX_BPM):
                self.bpm *= factor
                return factor
        self._locked_s = -1.0
        return 1.0

    def release(self) -> None:
        """The tempo that was set is open again, like one that was heard."""
        self._tapped = False
        self._locked_s = min(self._locked_s, 0.0)

    def bend(self, curves: Vector) -> None:
        """Follow a small drift of the tempo; `curves` (3, points) as from `fit_around`."""
        slower, same, faster = (float(top) for top in curves.max(axis=1))
        curve = slower - 2.0 * same + faster
        lean = 0.5 * (slower - faster) / curve if curve < -1e-4 else 0.0
        self.bpm *= exp(STEP * BEND * min(max(lean, -1.0), 1.0))
        self.bpm = min(max(self.bpm, MIN_BPM), MAX_BPM)

    def fit_around(self) -> Vector:
        """Fit of the pattern by place in the cycle at a slightly slower, the same, and a faster tempo, (3, points)."""
        spectrum = self._spectra[self._noise, self.pattern, :, self._nearest(self.bpm), None]
        around = self.bpm * np.exp(np.array([-STEP, 0.0, STEP]))
        indices = self._tempogram.comb_indices(around)
        return _fit(spectrum, self._tempogram.comb(SHORT_MEMORY, indices, MIN_ACTIVATION))

    def step(self, enough: float) -> bool:
        """Compare one pattern at all tempi, in turn, and decide after the last; True if a new tempo was chosen.

        `enough`: 0..1, whether there is enough activation to recognise a rhythm.
        """
        if self._row == 0:
            self._comb = self._tempogram.comb(LONG_MEMORY, self._comb_indices, MIN_ACTIVATION)
        self._score[self._row] = _fit(self._spectra[self._noise, self._row], self._comb).max(axis=-1)
        self._row = (self._row + 1) % len(PATTERNS)
        return self._row == 0 and self._decide(self._block_s * len(PATTERNS), enough)

    def _decide(self, dt: float, enough: float) -> bool:
        self.heard_s += dt
        rate = max(1.0 - exp(-dt / SETTLE_S), min(1.0, dt / self.heard_s))
        self._evidence += (self._score - self._evidence) * np.float32(rate)
        total = self._evidence + self._prior
        if not self._tapped:
            total[:, ~self._expected] = -np.inf
        best = total.max(axis=0)  # by tempo
        winner = int(best.argmax())
        pattern = int(total[:, winner].argmax())
        self._noise = int(_fit(self._spectra[:, pattern, :, winner], self._comb[:, winner]).max(axis=-1).argmax())
        if not self.locked:
            is_clear = self.heard_s > FIRST_S and self._evidence[pattern, winner] > MIN_EVIDENCE and enough > 0.3
            return bool(is_clear) and self._lock(winner)
        self._locked_s += dt
        here = self._nearest(self.bpm)
        near = max(0, here - 4) + int(best[max(0, here - 4) : here + 5].argmax())
        ratio = log(self.tempi[winner] / self.tempi[near])
        if abs(ratio) < SAME:
            self._pressure_s = 0.0
        else:
            reading = bool(np.abs(RELATED - ratio).min() < SAME)
            better, wait_s = OTHER_READING[self.settled] if reading else OTHER
            if self._tapped:
                better, wait_s = OTHER_THAN_TAPPED
            up = best[winner] > best[near] + better and self._evidence[pattern, winner] > MIN_EVIDENCE
            self._pressure_s = self._pressure_s + dt if up else max(0.0, self._pressure_s - dt)
            if self._pressure_s >= wait_s:
                locked_s = self._locked_s
                self._lock(winner)
                self._locked_s = locked_s if reading else 0.0  # another reading does not open the question again
                return True
        pattern = int(total[:, near].argmax())
        if total[pattern, near] > total[self.pattern, near] + 0.05:
            self.pattern = pattern
        return False

    def _nearest(self, bpm: float) -> int:
        return min(max(round(log(bpm / MIN_BPM) / STEP), 0), len(self.tempi) - 1)

    def _lock(self, tempo: int) -> bool:
        self.bpm = float(self.tempi[tempo])
        self.pattern = int((self._evidence[:, tempo] + self._prior[:, tempo]).argmax())
        self._locked_s = self._pressure_s = 0.0
        self._tapped = False
        return True


def _fit(spectrum: NDArray[np.complex64], comb: Comb) -> Vector:
    """Log-likelihood per unit of activation [nats] by place in the cycle: (..., 4, n, 61), (4, n, 61) -> (..., n, 128).

    Without the axis of the tempi: (..., 4, 61) and (4, 61) -> (..., 128).
    """
    spectrum = np.moveaxis(spectrum, -comb.ndim, 0)
    harmonics = spectrum[0] * comb[0]
    for of_band, heard in zip(spectrum[1:], comb[1:], strict=True):  # band by band: that stays in the cache
        harmonics += of_band * heard
    return np.asarray(scipy.fft.irfft(harmonics, CYCLE_POINTS, axis=-1, norm="forward"))
