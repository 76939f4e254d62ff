"""Idle scene's motion: what the music does to the scene that the window draws itself while no frame comes.

It reads the ring of features as the engine does, without a lock: so it follows the music while the engine hangs.
"""

from collections.abc import Mapping
from math import exp

from livegan.core.rings import FeatureRing
from livegan.core.types import FeatureFrame

SILENT_AFTER_S = 0.5  # without new features
MOST_HOPS = 100  # that are read at once
RISE_S, FALL_S = 0.06, 0.5  # time constants of level and bass
ONSET_S = 0.45  # time constant of an onset's ring of light
SLOW, FAST = 0.6, 1.4  # how fast the scene's own time runs in silence, and what full level adds
QUIET: Mapping[str, float] = {"time": 0.0, "level": 0.0, "bass": 0.0, "onset": 0.0, "beat": 0.0}
SPAN_S = 1000.0  # of the scene's own time, before it turns round: sines of large numbers are coarse


class IdleMotion:
    """Motion of the idle scene. Main thread only."""

    def __init__(self, ring: FeatureRing) -> None:
        self._ring, self._mark, self._heard_s = ring, 0, float("-inf")
        self._heard: FeatureFrame | None = None
        self._at_s: float | None = None
        self._time_s = self._level = self._bass = self._onset = 0.0

    def step(self, now_s: float) -> Mapping[str, float]:
        """The scene's numbers at `now_s`: its time [s], and level, bass, onset and beat, each 0..1."""
        dt_s = 0.0 if self._at_s is None else max(now_s - self._at_s, 0.0)
        self._at_s = now_s
        onset = self._listen(now_s)
        silent = now_s - self._heard_s > SILENT_AFTER_S
        self._level = _follow(self._level, 0.0 if silent else self._value("level"), dt_s)
        self._bass = _follow(self._bass, 0.0 if silent else self._value("bass"), dt_s)
        self._onset = max(self._onset * exp(-dt_s / ONSET_S), onset)
        self._time_s += dt_s * (SLOW + FAST * self._level)
        beat = 0.0 if silent else self._value("beat.confidence") * (1 - self._value("beat.phase")) ** 2
        turned = SPAN_S - abs((self._time_s + SPAN_S) % (4 * SPAN_S) - 2 * SPAN_S)  # there and back
        return {"time": turned, "level": self._level, "bass": self._bass, "onset": self._onset, "beat": beat}

    def _listen(self, now_s: float) -> float:
        """Take what was heard since the last step; the strongest onset in it."""
        batch = self._ring.since(max(self._mark, self._ring.written - MOST_HOPS))
        if batch is None:
            return 0.0
        self._mark, self._heard, self._heard_s = batch.mark, batch.frame, now_s
        return self._value("onset")

    def _value(self, name: str) -> float:
        """A feature that was heard last, 0..1; 0 where there is none of that name."""
        heard = self._heard
        return min(max(heard[name], 0.0), 1.0) if heard is not None and name in heard.layout.index else 0.0


def _follow(value: float, goal: float, dt_s: float) -> float:
    keep = exp(-dt_s / (RISE_S if goal > value else FALL_S))
    return goal + (value - goal) * keep
