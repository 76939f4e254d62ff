"""Beat tracker: real-time tempo, beat and bar tracking with rhythmic patterns instead of pulses.

Real-time predominant local pulse (Meier, Chiu & Mueller, TISMIR 7(1) 2024) asks which sinusoid fits the activation of
the last seconds best and follows its phase. Here the sinusoid is replaced by whole patterns of four beats in four bands
(compare Krebs, Boeck & Widmer, ISMIR 2013): a back beat knows by itself whether it is 87 or 174 bpm, where its beats
are and where its bar begins. All tempi share one leaky Fourier transform of the activation.
"""

from math import exp, floor, log

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.beat_patterns import BEATS, PATTERNS, spectra, usual
from livegan.features.tempogram import Comb, Tempogram

MIN_BPM, MAX_BPM, STEP = 48.0, 212.0, 0.008  # tempi compared, and the logarithm of their distance
BLOCK_S = 0.032  # one look at the tempogram
LONG_MEMORY, SHORT_MEMORY = 0, 1  # memories: what is played, and exactly when
MEMORIES_S = (3.0, 1.5)
CYCLE_POINTS = 128  # of a cycle of four beats, in the correlation
POINTS_PER_BEAT = CYCLE_POINTS // BEATS
USUAL_S = 4.0  # an activation is measured against its mean over so long
FLOOR = 0.005  # ... or this: what is less is silence
MAX_FLUX = 10.0  # no honest flux is more [decades]
MAX_ACTIVATION = 30.0  # no hit counts more than so many means
MIN_ACTIVATION = 20.0  # with less activation than this in memory there is nothing to tell yet
DELAY_S = 0.020  # from a hit to the peak of its activation

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
OTHER_PHASE = 0.04  # another phase of the beat must be so much better [nats]
OTHER_PHASE_S = (1.0, 20.0)  # ... for so long, while open and later
PULL = 0.08  # share of the phase error corrected per look
BEND = 0.1  # the same, of the tempo's
BAR_S = 12.0  # the bar is voted for over so long
SILENT_S = 2.0  # a piece ends
UNSURE, CERTAIN = 0.2, 0.65  # fit of the pattern [nats] where confidence begins and is whole
LITTLE, PLENTY = 0.2, 0.5  # the same of the activation in memory, as a share of what steady music leaves there
FEW, MANY = 8.0, 20.0  # ... and effective number of hops with activation: one hit is no rhythm


class BeatTracker:
    """Feed it one activation per hop; read `phase`, `bpm`, `confidence`, `bar_phase`, `beat`, `downbeat` after each.

    The beat is predicted, not found: `beat` is true in the hop in which it falls. Without music it runs on at the last
    tempo, and `confidence` is 0. It is a `BeatClock`.
    """

    def __init__(self, hop_s: float) -> None:
        """Nothing heard yet; runs free at 120 bpm."""
        self.hop_s = hop_s
        self.bpm = 120.0
        self.confidence = 0.0
        self.beat = self.downbeat = False
        self.time_s = 0.0  # how much was heard; `tap` and `beats_at` count from the same moment
        self.tempi = np.exp(np.arange(log(MIN_BPM), log(MAX_BPM), STEP))
        hops = max(1, round(BLOCK_S / hop_s))
        self._dt = hops * hop_s
        self._tempogram = Tempogram(hop_s, hops, MEMORIES_S)
        self._comb_indices = self._tempogram.comb_indices(self.tempi)
        self._spectra = spectra(self.tempi)
        self._prior = PRIOR * usual(self.tempi)
        self._block = np.zeros((4, hops), np.float32)
        self._at = 0
        self._mean = np.full(4, FLOOR, np.float32)
        self._keep_mean = np.float32(exp(-self._dt / USUAL_S))
        self._score = np.zeros((len(PATTERNS), len(self.tempi)), np.float32)
        self._evidence = np.zeros_like(self._score)
        self._row = 0
        self._noise = 2
        self._comb: Comb = self._tempogram.comb(LONG_MEMORY, self._comb_indices, MIN_ACTIVATION)
        self._beats = 0.0
        self._last = 0  # beat told
        self._offset = 0.0  # hands'
        self._taps: list[float] = []
        self._votes = np.zeros(BEATS)
        self._bar = 0
        self._pattern = 0
        self._silent_s = 0.0
        self._forget()

    def _forget(self) -> None:
        """A piece is over: the next may be anything. The clock runs on."""
        self._tempogram.clear()
        self._evidence[:] = 0.0
        self._score[:] = 0.0
        self._row = 0
        self._heard_s = 0.0
        self._locked_s = -1.0  # how long this tempo; negative: none
        self._pressure_s = 0.0  # how long another tempo has been better
        self._shift_s = 0.0  # the same, another phase
        self._snap = False
        self._tapped = False
        self._strength = 0.0
        self._sum = self._squares = self._played = 0.0  # of the activation lately, and the share of time with any
        self._votes[:] = 0.0

    # -- what is told ------------------------------------------------------------------------------------------------

    @property
    def phase(self) -> float:
        """Where in the beat: 0 on it, rising to 1."""
        return (self._beats + self._offset) % 1.0

    @property
    def bar_phase(self) -> float:
        """Where in the bar of four beats (of two in six-eight): 0 on the first, rising to 1."""
        bar = PATTERNS[self._pattern].bar
        return ((self._beats + self._offset - self._bar) % bar) / bar

    @property
    def pattern(self) -> str:
        """Name of the pattern that fits best."""
        return PATTERNS[self._pattern].name

    def beats_at(self, time_s: float) -> float:
        """Beats at a moment near now, on the time of `time_s`."""
        return self._beats + self._offset + (time_s - self.time_s) * self.bpm / 60.0

    # -- hands -------------------------------------------------------------------------------------------------------

    def tap(self, time_s: float) -> None:
        """A hand beats time; the third tap sets tempo and beat."""
        if self._taps and not 0.2 < time_s - self._taps[-1] < 2.0:
            self._taps.clear()
        self._taps = [*self._taps[-7:], time_s]
        if len(self._taps) >= 3:
            count = np.arange(len(self._taps))
            period_s, first_s = np.polyfit(count, self._taps, 1)
            self._take(60.0 / float(period_s))
            now = (self.time_s - float(first_s)) / float(period_s)
            self._beats += (now - self._beats - self._offset + 0.5) % 1.0 - 0.5
            self._last = floor(self._beats + self._offset)

    def halve(self) -> None:
        """Every other beat is one; the first of the bar stays."""
        self._scale(0.5)

    def double(self) -> None:
        """Between two beats there is another."""
        self._scale(2.0)

    def nudge(self, beats: float) -> None:
        """The beat falls so much earlier; a whole number moves the bar only."""
        self._offset += beats
        self._last = floor(self._beats + self._offset)

    def _scale(self, by: float) -> None:
        if MIN_BPM <= self.bpm * by <= MAX_BPM:
            self._take(self.bpm * by)
            self._beats = (self._beats - self._bar) * by + BEATS * 100
            self._bar, self._votes[:] = 0, 0.0
            self._last = floor(self._beats + self._offset)

    def _take(self, bpm: float) -> None:
        self.bpm = min(max(bpm, MIN_BPM), MAX_BPM)
        self._tapped = True
        self._locked_s, self._pressure_s, self._shift_s = OPEN_S, 0.0, 0.0

    # -- hop by hop --------------------------------------------------------------------------------------------------

    def step(self, activation: Vector, chroma_change: float = 0.0, playing: bool = True) -> None:
        """One hop later: mean positive flux (4,) of bass, low-mid, mid and high band; how much the harmony moved."""
        self._block[:, self._at] = activation if playing else 0.0
        self._at += 1
        self.time_s += self.hop_s
        self._silent_s = 0.0 if playing else self._silent_s + self.hop_s
        self._beats += self.bpm / 60.0 * self.hop_s
        if chroma_change > 0.0 and self._locked_s >= 0.0:
            self._votes[floor(self._beats + 0.2) % BEATS] += min(chroma_change, 1.0) * self.hop_s
        if self._at == self._block.shape[1]:
            self._at = 0
            self._look()
        now = floor(self._beats + self._offset)
        self.beat = now > self._last
        self.downbeat = self.beat and (now - self._bar) % PATTERNS[self._pattern].bar == 0
        self._last = max(now, self._last)

    def skip(self, time_s: float) -> None:
        """The beat runs on through `time_s` that nothing was heard of."""
        self.time_s += time_s
        self._beats += self.bpm / 60.0 * time_s
        self._last = floor(self._beats + self._offset)

    def _look(self) -> None:
        """A block is full. One pattern is compared at all tempi in each, in turn."""
        block = self._block
        np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        np.clip(block, 0.0, MAX_FLUX, out=block)
        self._mean *= self._keep_mean
        self._mean += (1.0 - self._keep_mean) * block.mean(axis=1)
        np.maximum(self._mean, FLOOR, out=self._mean)
        block /= self._mean[:, None]
        np.minimum(block, MAX_ACTIVATION, out=block)
        self._tempogram.add(block)
        total = block.mean(axis=0)
        keep = exp(-self._dt / MEMORIES_S[SHORT_MEMORY])
        self._played = self._played * keep + (1.0 - keep) * (self._silent_s == 0.0)
        self._sum = self._sum * keep + float(total.sum())
        self._squares = self._squares * keep + float(total @ total)
        if self._silent_s > SILENT_S:
            if self._heard_s:
                self._forget()
            self.confidence = 0.0
            return
        if self._row == 0:
            self._comb = self._tempogram.comb(LONG_MEMORY, self._comb_indices, MIN_ACTIVATION)
        self._score[self._row] = _fit(self._spectra[self._noise, self._row], self._comb).max(axis=-1)
        self._row = (self._row + 1) % len(PATTERNS)
        if self._row == 0:
            self._decide(self._dt * len(PATTERNS))
        if self._locked_s >= 0.0:
            self._follow()

    def _decide(self, dt: float) -> None:
        """Which tempo, which pattern: slowly, and with reluctance."""
        self._heard_s += dt
        rate = max(1.0 - exp(-dt / SETTLE_S), min(1.0, dt / self._heard_s))
        self._evidence += (self._score - self._evidence) * np.float32(rate)
        total = self._evidence + self._prior
        best = total.max(axis=0)  # by tempo
        winner = int(best.argmax())
        pattern = int(total[:, winner].argmax())
        self._noise = int(_fit(self._spectra[:, pattern, :, winner], self._comb[:, winner]).max(axis=-1).argmax())
        if self._locked_s < 0.0:
            if self._heard_s > FIRST_S and self._evidence[pattern, winner] > MIN_EVIDENCE and self._enough() > 0.3:
                self._lock(winner)
            return
        self._locked_s += dt
        here = self._nearest(self.bpm)
        near = max(0, here - 4) + int(best[max(0, here - 4) : here + 5].argmax())
        ratio = log(self.tempi[winner] / self.tempi[near])
        if abs(ratio) < SAME:
            self._pressure_s = 0.0
        else:
            reading = bool(np.abs(RELATED - ratio).min() < SAME)
            better, wait_s = OTHER_READING[self._locked_s > OPEN_S] if reading else OTHER
            if self._tapped:
                better, wait_s = OTHER_THAN_TAPPED
            up = best[winner] > best[near] + better and self._evidence[pattern, winner] > MIN_EVIDENCE
            self._pressure_s = self._pressure_s + dt if up else max(0.0, self._pressure_s - dt)
            if self._pressure_s >= wait_s:
                locked_s = self._locked_s
                self._lock(winner)
                self._locked_s = locked_s if reading else 0.0  # another reading does not open the question again
                return
        pattern = int(total[:, near].argmax())
        if total[pattern, near] > total[self._pattern, near] + 0.05:
            self._pattern = pattern

    def _enough(self) -> float:
        """0..1: is so much activation remembered, in so many places, that a rhythm can be told from one hit?"""
        hops = self._sum**2 / max(self._squares, 1e-6)
        full = self._sum * self.hop_s / MEMORIES_S[SHORT_MEMORY]
        return _ramp(hops, FEW, MANY) * _ramp(min(full, self._played), LITTLE, PLENTY)

    def _nearest(self, bpm: float) -> int:
        return min(max(round(log(bpm / MIN_BPM) / STEP), 0), len(self.tempi) - 1)

    def _lock(self, tempo: int) -> None:
        self.bpm = float(self.tempi[tempo])
        self._pattern = int((self._evidence[:, tempo] + self._prior[:, tempo]).argmax())
        self._locked_s = self._pressure_s = self._shift_s = self._offset = 0.0
        self._votes[:] = 0.0
        self._tapped, self._snap = False, True

    def _follow(self) -> None:
        """Phase and tempo, a little at a time; the bar."""
        spectrum = self._spectra[self._noise, self._pattern, :, self._nearest(self.bpm), None]
        around = self.bpm * np.exp(np.array([-STEP, 0.0, STEP]))
        curves = _fit(
            spectrum, self._tempogram.comb(SHORT_MEMORY, self._tempogram.comb_indices(around), MIN_ACTIVATION)
        )  # (3, PLACES)
        slower, same, faster = (float(top) for top in curves.max(axis=1))
        self._strength += 0.05 * (same - self._strength)
        self.confidence = _ramp(self._strength, UNSURE, CERTAIN) * self._enough()
        bend = slower - 2.0 * same + faster
        lean = 0.5 * (slower - faster) / bend if bend < -1e-4 else 0.0
        if self._strength > MIN_EVIDENCE:
            self.bpm *= exp(STEP * BEND * min(max(lean, -1.0), 1.0))
            self.bpm = min(max(self.bpm, MIN_BPM), MAX_BPM)
        heard = self._beats - DELAY_S * self.bpm / 60.0  # what the newest activation tells of
        folded = curves[1].reshape(BEATS, POINTS_PER_BEAT).max(axis=0)
        error, self._snap = self._phase_error(folded, heard), False
        self._beats += error
        self._votes *= exp(-self._dt / BAR_S)
        self._vote(curves[1], heard)

    def _vote(self, curve: Vector, heard: float) -> None:
        """Of which beat is the bar's first: votes by beat number modulo four."""
        first = np.arange(BEATS)  # if the cycle began at beat number `first`, we are at heard - first in it
        normalised = np.rint((heard - first) * POINTS_PER_BEAT).astype(np.intp) % CYCLE_POINTS
        votes = curve[normalised]
        self._votes += (votes - votes.mean()) * self._dt
        winner = int(self._votes.argmax())
        if self._votes[winner] > self._votes[self._bar % BEATS] + 0.1:
            self._bar = winner

    def _phase_error(self, folded: Vector, heard: float) -> float:
        """How far to move [beats]: a share of the error near by, all of it if another phase has long been better."""
        top = int(folded.argmax())
        here = round(heard * POINTS_PER_BEAT)
        window = (here + np.arange(-5, 6)) % POINTS_PER_BEAT
        near = int(window[folded[window].argmax()])
        away = (top - near + POINTS_PER_BEAT // 2) % POINTS_PER_BEAT - POINTS_PER_BEAT // 2
        better = abs(away) > 2 and folded[top] > folded[near] + OTHER_PHASE
        self._shift_s = self._shift_s + self._dt if better else max(0.0, self._shift_s - self._dt)
        pull = PULL * _ramp(self._strength, 0.5 * MIN_EVIDENCE, 1.5 * MIN_EVIDENCE)  # nobody plays a beat: run on
        if self._snap or self._shift_s > OTHER_PHASE_S[self._locked_s > OPEN_S]:
            self._shift_s, near, pull = 0.0, top, 1.0
        target = _summit(folded, near) / POINTS_PER_BEAT
        return pull * ((target - heard + 0.5) % 1.0 - 0.5)


def _fit(spectrum: NDArray[np.complex64], comb: Comb) -> Vector:
    """Log-likelihood per unit of activation [nats] by place in the cycle: (..., 4, n, 61), (4, n, 61) -> (..., n, 128).

    Without the axis of the tempi: (..., 4, 61) and (4, 61) -> (..., 128).
    """
    axis = -comb.ndim
    out: Vector = scipy.fft.irfft((spectrum * comb).sum(axis=axis), CYCLE_POINTS, axis=-1) * np.float32(CYCLE_POINTS)
    return out


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _summit(curve: Vector, top: int) -> float:
    """Place of the maximum between the points (parabola)."""
    before, at, after = float(curve[top - 1]), float(curve[top]), float(curve[(top + 1) % len(curve)])
    bend = before - 2.0 * at + after
    return top + (0.5 * (before - after) / bend if bend < -1e-9 else 0.0)
