"""Bar-pointer model of the beat: probability of every tempo and phase, by the forward algorithm, frame by frame.

State space as in Krebs, Boeck & Widmer (ISMIR 2015, section 3.2): each tempo has one state per frame of its beat, so
that a state moves on by one each frame, and the tempo may change once a beat (section 3.3). Here tempi are spaced
evenly in their logarithm; a beat that is no whole number of frames long is either of its two neighbours at random.
The observation compares the probability of a beat with that of none (Boeck, Krebs & Widmer 2016, section 3.2), and
with a small probability everything starts anew, so that no hypothesis ever dies.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from livegan.core.tempo_range import ANY_TEMPO, FASTEST_BPM, SLOWEST_BPM, TempoRange
from livegan.core.types import Vector
from livegan.networks.hearing_bands import FRAME_RATE

FRAME_S = 1.0 / FRAME_RATE
STEP = 0.02  # logarithm of the ratio of two neighbouring tempi
CHANGE = 80.0  # how unlikely another tempo is at the next beat (lambda of Krebs, Boeck & Widmer 2015, equation 11)
RESTART = 1.5e-3  # probability that everything starts anew, per frame
USUAL_BPM, SPREAD = 122.0, 0.45  # the prior of the tempo: median, and standard deviation of its logarithm
PER_BEAT = 0.5  # power of the prior that counts anew at every beat
UNEXPECTED = 0.02  # what the prior of a tempo outside the expected range is multiplied by
BEAT_FRAMES = 2.0  # half width of a beat in the activation [frames]
SHARPNESS = 0.9  # share of an activation's log odds that is believed: frames are not independent
EVEN = 0.75  # times the square of its greatest lately, an activation speaks neither for a beat nor against it
LEAST_EVEN, MOST_EVEN = 0.0023, 0.5
GREATEST_S, RISE = 4.0, 0.6  # time constant of the greatest, and the share of a rise that it follows in a frame
USUAL_GREATEST = 0.28  # before anything is heard
AGAINST, FAVOUR = -0.7, 1.3  # a frame says no more [nats]
NEAR_S = 0.07  # beats so near are the same
NEAR_TEMPO = 0.05  # tempi whose logarithms are so near are the same
BINS = 16  # of a beat, where the leading hypothesis is looked for


_NEAR_BINS = np.asarray(sum(np.roll(np.eye(BINS), by, axis=1) for by in (-1, 0, 1)), np.float32)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Tempo and phase with the states around them."""

    bpm: float
    phase: float  # -0.5..0.5 beats; 0: a beat is now
    mass: float  # probability of all states near it, 0..1


class BarPointer:
    """Probability of every tempo and phase, given the beat activation of all frames so far."""

    def __init__(self) -> None:
        """Nothing heard yet; any tempo may lead."""
        count = round(log(FASTEST_BPM / SLOWEST_BPM) / STEP) + 1
        steps = np.arange(count, dtype=np.float64)
        self.log_bpm: NDArray[np.float64] = log(FASTEST_BPM) - STEP * steps  # shortest beat first
        self._slowness = -self.log_bpm
        period = 60.0 / FRAME_S * np.exp(-self.log_bpm)  # frames to a beat
        length = np.ceil(period).astype(np.intp)
        self._last = np.cumsum(length) - 1  # state of each tempo
        self._first = self._last - length + 1
        self._before_last = self._last - 1
        self._shorter = np.asarray(length - period, np.float32)  # how often its beat is a frame shorter
        row = np.repeat(np.arange(count), length)
        period_of = period[row]
        self._phase = np.asarray((np.arange(len(row)) - self._first[row]) / period_of - 0.5, np.float32)
        self._period = np.asarray(period_of, np.float32)
        self._log_bpm_of = np.asarray(self.log_bpm[row], np.float32)
        self._row, self._length = row, length
        apart = np.abs(self.log_bpm[None] - self.log_bpm[:, None])
        self._near_all = np.asarray(apart < 2.5 * STEP, np.float32)  # tempi that are looked at together
        change = np.exp(-CHANGE * np.abs(period[None] / period[:, None] - 1.0))
        self._change_evenly = (change / change.sum(axis=1, keepdims=True)).T
        self.expect(ANY_TEMPO)
        weight = 1.0 - np.abs(self._phase * self._period) / BEAT_FRAMES
        self._beat_states = np.flatnonzero(weight > 0.0)
        self._beat_weight = np.asarray(weight[self._beat_states], np.float32)
        self._bin_starts = (self._first[:, None] + np.ceil(np.arange(BINS) / BINS * period[:, None])).astype(np.intp)
        self._bin_starts = self._bin_starts.ravel()
        self._greatest = USUAL_GREATEST  # beat activation lately
        self.probability: Vector = self._anew.copy()  # (states,), sum 1
        self._next: Vector = np.empty_like(self.probability)
        self._ending: Vector = np.empty(count, np.float32)
        self._early: Vector = np.empty(count, np.float32)
        self._beginning: Vector = np.empty(count, np.float32)
        self._likelihood: Vector = np.empty(len(self._beat_states), np.float32)
        self._of_beat: Vector = np.empty(len(self._beat_states), np.float32)
        self._binned: Vector = np.empty(len(self._bin_starts), np.float32)
        self._smooth: Vector = np.empty((count, BINS), np.float32)
        self._summed: Vector = np.empty((count, BINS), np.float32)

    def expect(self, tempo_range: TempoRange) -> None:
        """From now on lead by a tempo inside this range [bpm] only."""
        prior = _prior(self.log_bpm, tempo_range)
        per_beat = np.power(prior / prior.max(), PER_BEAT)[:, None]
        self._change = np.ascontiguousarray(self._change_evenly * per_beat, np.float32)
        self._anew = np.asarray(prior[self._row] / self._length[self._row], np.float32)
        self._restart: Vector = np.float32(RESTART) * self._anew
        self._range = low, high = tempo_range
        inside = (self.log_bpm > log(low) - STEP / 2) & (self.log_bpm < log(high) + STEP / 2)
        self._near_tempi = np.ascontiguousarray(self._near_all * inside[:, None], np.float32)

    def forget(self) -> None:
        """Anything may come."""
        self.probability[:] = self._anew
        self._greatest = USUAL_GREATEST

    def believe(self, bpm: float, phase: float, share: float) -> None:
        """Give `share` of the probability to a tempo and a phase that are known from elsewhere."""
        near = np.abs(self._log_bpm_of - log(bpm)) <= STEP
        apart = self._phase - np.float32(phase)
        apart -= np.rint(apart)
        known = near * np.exp(-0.5 * np.square(apart * self._period / 2.0))
        total = float(known.sum())
        if total > 0.0:
            self.probability *= np.float32(1.0 - share)
            self.probability += np.asarray(known * (share / total), np.float32)

    def step(self, beat: float) -> None:
        """One frame later, whose beat activation is `beat` (0..1; what is not a number says nothing)."""
        now, after = self.probability, self._next
        np.take(now, self._last, out=self._ending, mode="clip")
        np.take(now, self._before_last, out=self._early, mode="clip")
        np.multiply(self._early, self._shorter, out=self._beginning)
        self._ending += self._beginning
        self._early -= self._beginning
        now[self._before_last] = self._early
        np.dot(self._change, self._ending, out=self._beginning)
        after[1:] = now[:-1]
        after[self._first] = self._beginning
        for_beat = self._evidence(beat)
        if for_beat:
            np.multiply(self._beat_weight, np.float32(for_beat), out=self._likelihood)
            np.exp(self._likelihood, out=self._likelihood)
            np.take(after, self._beat_states, out=self._of_beat, mode="clip")
            self._of_beat *= self._likelihood
            after[self._beat_states] = self._of_beat
        after *= np.float32((1.0 - RESTART) / float(after.sum()))
        after += self._restart
        self.probability, self._next = after, now

    def _evidence(self, beat: float) -> float:
        """How much an activation speaks for a beat [nats], beside the greatest lately; 0 for what is not a number."""
        if not 0.0 <= beat <= 1.0:
            return 0.0
        even = min(max(EVEN * self._greatest**2, LEAST_EVEN), MOST_EVEN)  # weak ones stand out from less
        self._greatest *= 1.0 - FRAME_S / GREATEST_S
        self._greatest += RISE * max(beat - self._greatest, 0.0)
        beat = min(max(beat, 1e-4), 1.0 - 1e-4)
        nats = SHARPNESS * (log(beat / (1.0 - beat)) - log(even / (1.0 - even)))
        return min(max(nats, AGAINST), FAVOUR)

    def around(self, bpm: float, phase: float) -> tuple[float, float, float]:
        """Probability near a tempo and phase, and their mean from there: beats, and logarithm of the tempo."""
        at = log(bpm)
        rows = self._near(at)
        apart = self._phase[rows] - np.float32(phase)
        apart -= np.rint(apart)
        near = np.abs(apart) * self._period[rows] < np.float32(NEAR_S / FRAME_S)
        near = self.probability[rows] * near
        mass = float(near.sum())
        if mass < 1e-12:
            return 0.0, 0.0, 0.0
        return mass, float(near @ apart) / mass, float(near @ self._log_bpm_of[rows]) / mass - at

    def tempo_mass(self, bpm: float) -> float:
        """Probability of a tempo and its neighbours, whatever the phase."""
        return float(self.probability[self._near(log(bpm))].sum())

    def _near(self, log_bpm: float) -> slice:
        """States of the tempi near one, which is in the range of those that there are."""
        low, high = np.searchsorted(self._slowness, (-log_bpm - NEAR_TEMPO, -log_bpm + NEAR_TEMPO))
        return slice(self._first[low], self._last[high - 1] + 1)

    def leader(self, near_bpm: float | None = None) -> Hypothesis:
        """The most probable tempo and phase, with what is near both; near one tempo if that is asked for."""
        count = len(self.log_bpm)
        np.add.reduceat(self.probability, self._bin_starts, out=self._binned)
        np.matmul(self._binned.reshape(count, BINS), _NEAR_BINS, out=self._smooth)
        near = self._near_tempi
        if near_bpm is not None:
            near = self._near_all * (np.abs(self.log_bpm - log(near_bpm)) <= NEAR_TEMPO)[:, None]
        total = np.matmul(near, self._smooth, out=self._summed)
        row, place = divmod(int(total.argmax()), BINS)
        mass, phase_error, tempo_error = self.around(exp(self.log_bpm[row]), (place + 0.5) / BINS - 0.5)
        phase = (place + 0.5) / BINS - 0.5 + phase_error
        bpm = exp(self.log_bpm[row] + tempo_error)
        if near_bpm is None:
            bpm = min(max(bpm, self._range[0]), self._range[1])
        return Hypothesis(bpm, phase - round(phase), mass)


def _prior(log_bpm: NDArray[np.float64], tempo_range: tuple[float, float]) -> NDArray[np.float64]:
    """Probability of each tempo before anything is heard, (tempi,)."""
    low, high = tempo_range
    usual = np.exp(-0.5 * np.square((log_bpm - log(USUAL_BPM)) / SPREAD))
    inside = (log_bpm > log(low) - STEP) & (log_bpm < log(high) + STEP)
    usual[~inside] *= UNEXPECTED
    return np.asarray(usual / usual.sum())
