"""Beat and bar phase: a counter of beats that is pulled towards the hits, and votes for the bar's first beat."""

from math import exp, floor

import numpy as np

from livegan.core.types import Vector
from livegan.features.beat_patterns import BEATS
from livegan.features.tempo_decision import CYCLE_POINTS, MIN_EVIDENCE, POINTS_PER_BEAT

OTHER_PHASE = 0.04  # another phase of the beat must be so much better [nats]
OTHER_PHASE_S = (1.0, 20.0)  # ... for so long, while the tempo is open and later
PULL = 0.08  # share of the phase error corrected per look
BAR_S = 12.0  # the bar is voted for over so long


class BeatPhase:
    """Beat counter: `position` in beats, of which number `bar` (and every fourth or second after it) begins a bar."""

    def __init__(self, block_s: float) -> None:
        """`block_s`: time from one `follow` to the next."""
        self.bar = 0
        self.strength = 0.0  # how well the pattern fits lately [nats]
        self._block_s = block_s
        self._beats = 0.0
        self._offset = 0.0  # nudged
        self._last = 0  # number of the last beat
        self._votes = np.zeros(BEATS)
        self.forget()

    def forget(self) -> None:
        """A piece is over. The counter runs on."""
        self._shift_s = 0.0  # how long another phase has been better
        self._snap = False
        self.strength = 0.0
        self._votes[:] = 0.0

    def restart(self) -> None:
        """A new tempo was chosen: take the best phase at the next look."""
        self._shift_s = self._offset = 0.0
        self._votes[:] = 0.0
        self._snap = True

    @property
    def position(self) -> float:
        return self._beats + self._offset

    def advance(self, beats: float) -> None:
        self._beats += beats

    def count(self, bar: int) -> tuple[bool, bool]:
        """Whether a beat has fallen since the last call, and whether it is the first of a bar of `bar` beats."""
        now = floor(self.position)
        beat = now > self._last
        self._last = max(now, self._last)
        return beat, beat and (now - self.bar) % bar == 0

    def recount(self) -> None:
        """Beats jumped over are not counted."""
        self._last = floor(self.position)

    def tap(self, beats: float) -> None:
        """The beat is where `beats` is a whole number now."""
        self._shift_s = 0.0
        self._beats += (beats - self._beats - self._offset + 0.5) % 1.0 - 0.5
        self.recount()

    def nudge(self, beats: float) -> None:
        """Let the beat fall so much earlier."""
        self._offset += beats
        self.recount()

    def scale(self, by: float) -> None:
        """The tempo is `by` times as fast now; the first of the bar stays."""
        self._shift_s = 0.0
        self._beats = (self._beats - self.bar) * by + BEATS * 100
        self.bar, self._votes[:] = 0, 0.0
        self.recount()

    def vote(self, chroma_change: float, hop_s: float) -> None:
        """Harmony changes on the first beat of a bar."""
        self._votes[floor(self._beats + 0.2) % BEATS] += min(chroma_change, 1.0) * hop_s

    def follow(self, curve: Vector, delay_beats: float, settled: bool) -> None:
        """Pull the phase and vote for the bar; `curve` (points,): fit of the pattern by place in the cycle."""
        newest = self._beats - delay_beats  # where the newest activation was
        folded = curve.reshape(BEATS, POINTS_PER_BEAT).max(axis=0)
        error, self._snap = self._error(folded, newest, settled), False
        self._beats += error
        self._votes *= exp(-self._block_s / BAR_S)
        first = np.arange(BEATS)  # if the cycle began at beat number `first`, we are at newest - first in it
        places = np.rint((newest - first) * POINTS_PER_BEAT).astype(np.intp) % CYCLE_POINTS
        votes = curve[places]
        self._votes += (votes - votes.mean()) * self._block_s
        winner = int(self._votes.argmax())
        if self._votes[winner] > self._votes[self.bar % BEATS] + 0.1:
            self.bar = winner

    def _error(self, folded: Vector, newest: float, settled: bool) -> float:
        """How far to move [beats]: a share of the error near by, all of it if another phase has long been better."""
        top = int(folded.argmax())
        here = round(newest * POINTS_PER_BEAT)
        window = (here + np.arange(-5, 6)) % POINTS_PER_BEAT
        near = int(window[folded[window].argmax()])
        away = (top - near + POINTS_PER_BEAT // 2) % POINTS_PER_BEAT - POINTS_PER_BEAT // 2
        better = abs(away) > 2 and folded[top] > folded[near] + OTHER_PHASE
        self._shift_s = self._shift_s + self._block_s if better else max(0.0, self._shift_s - self._block_s)
        pull = PULL * ramp(self.strength, 0.5 * MIN_EVIDENCE, 1.5 * MIN_EVIDENCE)  # without a beat: run on
        if self._snap or self._shift_s > OTHER_PHASE_S[settled]:
            self._shift_s, near, pull = 0.0, top, 1.0
        target = _summit(folded, near) / POINTS_PER_BEAT
        return pull * ((target - newest + 0.5) % 1.0 - 0.5)


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _summit(curve: Vector, top: int) -> float:
    """Place of the maximum between the points (parabola)."""
    before, at, after = float(curve[top - 1]), float(curve[top]), float(curve[(top + 1) % len(curve)])
    bend = before - 2.0 * at + after
    return top + (0.5 * (before - after) / bend if bend < -1e-9 else 0.0)
