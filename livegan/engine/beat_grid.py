"""Beat grid: beats and bars counted from the beat features, for what begins with one."""

from livegan.core.beat_thresholds import MOVES
from livegan.core.types import FeatureFrame

CORRECTION = 0.2  # of a turn: a phase that goes back further is another reading of the beat
NAMES = ("beat.phase", "bar.phase", "beat.bpm", "beat.confidence")


class _PhaseCounter:
    """Counter of a phase's turns; one that is corrected back a little over its beginning is not counted again."""

    def __init__(self) -> None:
        self.count = 0
        self.place, self._phase = 0.0, 0.0

    def step(self, phase: float) -> None:
        """Take the phase, 0..1. One that has jumped far is counted from where it is now."""
        step = (phase - self._phase + 0.5) % 1.0 - 0.5
        self.place = self.count + phase if step < -CORRECTION else self.place + step
        self._phase = phase
        self.count = max(self.count, int(self.place + 1e-6))


class BeatGrid:
    """Beats and bars passed since the beginning, and the tempo, as far as a beat is heard."""

    FALLBACK_BEAT_S = 0.5  # length of a beat while none is heard

    def __init__(self) -> None:
        self.known_s = float("-inf")  # when a beat was known last
        self.known = False  # whether one is known now
        self.beat_s = self.FALLBACK_BEAT_S
        self.bar_begins = False  # in the newest frame
        self._beat, self._bar = _PhaseCounter(), _PhaseCounter()

    @property
    def beats(self) -> int:
        """How many beats have begun."""
        return self._beat.count

    @property
    def bars(self) -> int:
        """How many bars have begun."""
        return self._bar.count

    @property
    def bar_place(self) -> float:
        """Bars that have passed: whole ones, and the part of this one."""
        return self._bar.place

    def step(self, features: FeatureFrame, time_s: float) -> None:
        """Take the features of one frame."""
        at = features.layout.index
        self.known = all(name in at for name in NAMES) and features["beat.confidence"] >= MOVES
        self.bar_begins = False
        if "beat.phase" not in at or "bar.phase" not in at:
            return
        if self.known:
            self.known_s = time_s
            self.beat_s = 60 / max(features["beat.bpm"], 20.0)
        self._beat.step(features["beat.phase"])
        bars = self.bars
        self._bar.step(features["bar.phase"])
        self.bar_begins = self.bars > bars
