"""Beat grid: beats and bars counted from the beat features, for what begins with one."""

from livegan.core.types import FeatureFrame

MIN_CONFIDENCE = 0.3  # of the beat tracker, from which it counts
NAMES = ("beat.phase", "bar.phase", "beat.bpm", "beat.confidence")


class _PhaseCounter:
    """Counter of a phase's turns; a phase that is corrected back over its beginning does not count it again."""

    def __init__(self) -> None:
        self.count = 0
        self._place, self._phase = 0.0, 0.0

    def step(self, phase: float, *, again: bool) -> None:
        """Take the phase, 0..1; `again`: none was known before it, so nothing has turned since."""
        self._place = self.count + phase if again else self._place + (phase - self._phase + 0.5) % 1.0 - 0.5
        self._phase = phase
        self.count = max(self.count, int(self._place + 1e-6))


class BeatGrid:
    """Beats and bars passed since the beginning, and the tempo, as far as a beat is heard."""

    FALLBACK_BEAT_S = 0.5  # length of a beat while none is heard

    def __init__(self) -> None:
        self.known_s = float("-inf")  # when a beat was known last
        self.known = False  # whether one is known now
        self.beat_s = self.FALLBACK_BEAT_S
        self._beat, self._bar = _PhaseCounter(), _PhaseCounter()

    @property
    def beats(self) -> int:
        """How many beats have begun."""
        return self._beat.count

    @property
    def bars(self) -> int:
        """How many bars have begun."""
        return self._bar.count

    def step(self, features: FeatureFrame, time_s: float) -> None:
        """Take the features of one frame."""
        at = features.layout.index
        before = self.known
        self.known = all(name in at for name in NAMES) and features["beat.confidence"] >= MIN_CONFIDENCE
        if not self.known:
            return
        self.known_s = time_s
        self.beat_s = 60 / max(features["beat.bpm"], 20.0)
        self._beat.step(features["beat.phase"], again=not before)
        self._bar.step(features["bar.phase"], again=not before)
