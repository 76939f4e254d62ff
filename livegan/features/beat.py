"""Beat tracker: real-time tempo, beat and bar tracking with rhythmic patterns instead of pulses.

Real-time predominant local pulse (Meier, Chiu & Mueller, TISMIR 7(1) 2024) asks which sinusoid fits the activation of
the last seconds best and follows its phase. Here the sinusoid is replaced by whole patterns of four beats in four bands
(compare Krebs, Boeck & Widmer, ISMIR 2013): a back beat knows by itself whether it is 87 or 174 bpm, where its beats
are and where its bar begins. All tempi share one leaky Fourier transform of the activation.
"""

from math import exp

import numpy as np

from livegan.core.types import Vector
from livegan.features.beat_clock import BeatState
from livegan.features.beat_phase import BeatPhase, ramp
from livegan.features.taps import Taps
from livegan.features.tempo_decision import MAX_BPM, MIN_BPM, MIN_EVIDENCE, SHORT_MEMORY, TempoDecision
from livegan.features.tempogram import Tempogram

BLOCK_S = 0.032  # one look at the tempogram
MEMORIES_S = (3.0, 1.5)  # long and short
USUAL_S = 4.0  # an activation is measured against its mean over so long
FLOOR = 0.005  # ... or this: what is less is silence
MAX_FLUX = 10.0  # no honest flux is more [decades]
MAX_ACTIVATION = 30.0  # no hit counts more than so many means
DELAY_S = 0.020  # from a hit to the peak of its activation
SILENT_S = 2.0  # a piece ends
UNSURE, CERTAIN = 0.2, 0.65  # fit of the pattern [nats] where confidence begins and is whole
LITTLE, PLENTY = 0.2, 0.5  # the same of the activation in memory, as a share of what steady music leaves there
FEW, MANY = 8.0, 20.0  # ... and effective number of hops with activation: one hit is no rhythm


class _Activation:
    """Onset activation in blocks, normalised to its mean; how much of it there was lately."""

    def __init__(self, hop_s: float, hops: int) -> None:
        self._hop_s, self._block_s = hop_s, hops * hop_s
        self._block = np.zeros((4, hops), np.float32)
        self._at = 0
        self._mean = np.full(4, FLOOR, np.float32)
        self._keep_mean = np.float32(exp(-self._block_s / USUAL_S))
        self._keep = exp(-self._block_s / MEMORIES_S[SHORT_MEMORY])
        self.forget()

    def forget(self) -> None:
        self._sum = self._squares = self._played = 0.0  # lately, and the share of time with any

    def add(self, activation: Vector, playing: bool) -> bool:
        """Take one hop (4,); True if a block is full."""
        self._block[:, self._at] = activation if playing else 0.0
        self._at = (self._at + 1) % self._block.shape[1]
        return self._at == 0

    def normalised(self, playing: bool) -> Vector:
        """The full block (4, hops), measured against its mean."""
        block = self._block
        np.fmax(block, np.float32(0.0), out=block)  # what is not a number counts as 0
        np.minimum(block, np.float32(MAX_FLUX), out=block)
        self._mean *= self._keep_mean
        self._mean += (1.0 - self._keep_mean) * block.mean(axis=1)
        np.maximum(self._mean, FLOOR, out=self._mean)
        block /= self._mean[:, None]
        np.minimum(block, MAX_ACTIVATION, out=block)
        total = block.mean(axis=0)
        self._played = self._played * self._keep + (1.0 - self._keep) * playing
        self._sum = self._sum * self._keep + float(total.sum())
        self._squares = self._squares * self._keep + float(total @ total)
        return block

    def enough(self) -> float:
        """0..1: is enough activation remembered, at enough positions, to distinguish a rhythm from a single hit?"""
        hops = self._sum**2 / max(self._squares, 1e-6)
        full = self._sum * self._hop_s / MEMORIES_S[SHORT_MEMORY]
        return ramp(hops, FEW, MANY) * ramp(min(full, self._played), LITTLE, PLENTY)


class BeatTracker:
    """Beat clock from the sound. Feed it one activation per hop; `state` is the beat after each.

    The beat is predicted, not found: `beat` is true in the hop in which it falls. Without music it runs on at the last
    tempo, and `confidence` is 0.
    """

    def __init__(self, hop_s: float) -> None:
        """Nothing heard yet; runs free at 120 bpm."""
        self.hop_s = hop_s
        self.confidence = 0.0
        self.beat = self.downbeat = False
        self.time_s = 0.0  # how much was heard; `tap` and `beats_at` count from the same moment
        hops = max(1, round(BLOCK_S / hop_s))
        self._tempogram = Tempogram(hop_s, hops, MEMORIES_S)
        self._activation = _Activation(hop_s, hops)
        self._tempo = TempoDecision(self._tempogram, hops * hop_s)
        self._phase = BeatPhase(hops * hop_s)
        self._taps = Taps()
        self._silent_s = 0.0

    @property
    def bpm(self) -> float:
        """Tempo in beats per minute."""
        return self._tempo.bpm

    @property
    def phase(self) -> float:
        """Where in the beat: 0 on it, rising to 1."""
        return self._phase.position % 1.0

    @property
    def bar_phase(self) -> float:
        """Where in the bar of four beats (of two in six-eight): 0 on the first, rising to 1."""
        bar = self.beats_per_bar
        return ((self._phase.position - self._phase.bar) % bar) / bar

    @property
    def beats_per_bar(self) -> int:
        """Four, or two in six-eight."""
        return self._tempo.rhythm.bar

    @property
    def pattern(self) -> str:
        """Name of the pattern that fits best."""
        return self._tempo.rhythm.name

    @property
    def state(self) -> BeatState:
        """The beat in the last hop."""
        return BeatState(self.bpm, self.confidence, self.phase, self.bar_phase, self.beat, self.downbeat)

    def beats_at(self, time_s: float) -> float:
        """Beats at a moment near now, on the time of `time_s`."""
        return self._phase.position - self._phase.bar + (time_s - self.time_s) * self.bpm / 60.0

    def tap(self, time_s: float) -> None:
        """A tap at `time_s`; the third one sets tempo and beat."""
        line = self._taps.add(time_s)
        if line is not None:
            period_s, first_s = line
            self._tempo.set(60.0 / period_s)
            self._phase.tap((self.time_s - first_s) / period_s)

    def halve(self) -> None:
        """Every other beat is one; the first of the bar stays."""
        self._scale(0.5)

    def double(self) -> None:
        """Between two beats there is another."""
        self._scale(2.0)

    def nudge(self, beats: float) -> None:
        """Let the beat fall so much earlier; a whole number moves the bar only."""
        self._phase.nudge(beats)

    def expect(self, low_bpm: float, high_bpm: float) -> None:
        """Look for tempi from `low_bpm` to `high_bpm`; the present one goes on, or half or twice of it, if that is one.

        A tempo that was set by hand goes on in any case.
        """
        factor = self._tempo.expect(low_bpm, high_bpm)
        if factor != 1.0:
            self._phase.scale(factor)

    def listen(self) -> None:
        """What was tapped is a tempo like any other: what is heard decides."""
        self._tempo.release()

    def _scale(self, by: float) -> None:
        if MIN_BPM <= self.bpm * by <= MAX_BPM:
            self._tempo.set(self.bpm * by)
            self._phase.scale(by)

    def step(self, activation: Vector, chroma_change: float = 0.0, playing: bool = True) -> None:
        """One hop later: mean positive flux (4,) of bass, low-mid, mid and high band; how much the harmony moved."""
        full = self._activation.add(activation, playing)
        self.time_s += self.hop_s
        self._silent_s = 0.0 if playing else self._silent_s + self.hop_s
        self._phase.advance(self.bpm / 60.0 * self.hop_s)
        if chroma_change > 0.0 and self._tempo.locked:
            self._phase.vote(chroma_change, self.hop_s)
        if full:
            self._look()
        self.beat, self.downbeat = self._phase.count(self.beats_per_bar)

    def skip(self, time_s: float) -> None:
        """The beat runs on through `time_s` that nothing was heard of."""
        self.time_s += time_s
        self._phase.advance(self.bpm / 60.0 * time_s)
        self._phase.recount()

    def _look(self) -> None:
        """A block is full: decide on the tempo, follow the phase."""
        self._tempogram.add(self._activation.normalised(self._silent_s == 0.0))
        if self._silent_s > SILENT_S:
            if self._tempo.heard_s:
                self._forget()
            self.confidence = 0.0
            return
        enough = self._activation.enough()
        if self._tempo.step(enough):
            self._phase.restart()
        if self._tempo.locked:
            self._follow(enough)

    def _forget(self) -> None:
        """A piece is over: the next may be anything. The clock runs on."""
        self._tempogram.clear()
        for part in (self._activation, self._tempo, self._phase):
            part.forget()

    def _follow(self, enough: float) -> None:
        """Phase, tempo and bar, a little at a time."""
        curves = self._tempo.fit_around()
        phase = self._phase
        phase.strength += 0.05 * (float(curves[1].max()) - phase.strength)
        self.confidence = ramp(phase.strength, UNSURE, CERTAIN) * enough
        if phase.strength > MIN_EVIDENCE:
            self._tempo.bend(curves)
        phase.follow(curves[1], DELAY_S * self.bpm / 60.0, self._tempo.settled)
