"""Silence gate with hysteresis: music or room noise."""

from math import exp

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup


class Gate:
    """Noise gate: opens at once above `open_db`, closes below `HYSTERESIS_DB` less, and then fades out in `FADE_S`.

    A set much quieter than `open_db` opens it too, once music begins: after three onsets in about two seconds
    the threshold sinks to `UNDER_DB` below how loud it has been lately, `LOWEST_DB` at the least. Room noise has no
    onsets, so it stays shut there.
    """

    HYSTERESIS_DB = 3.0
    FADE_S = 0.15
    LINGER_S = 1.5
    UNDER_DB, LOWEST_DB = 25.0, -78.0
    ENOUGH, FORGET_S, SINK_DB_S = 1.8, 2.0, 6.0

    def __init__(self, open_db: float, hop_s: float) -> None:
        self.usual_db = open_db
        self.open_db = open_db
        self.open = False
        self.value = 0.0
        self._hop_s = hop_s
        self._shut_s = self.LINGER_S
        self._loud_db = -120.0
        self._begun, self._keep = 0.0, exp(-hop_s / self.FORGET_S)

    @property
    def recently_open(self) -> bool:
        """True if it was open within the last 1.5 s: pauses within a piece."""
        return self._shut_s < self.LINGER_S

    def step(self, level_db: float, began: bool = False) -> float:
        """1 while open, falling in a straight line to exactly 0 after it closed."""
        self._begun = self._begun * self._keep + began
        self._loud_db = max(level_db, self._loud_db - self.SINK_DB_S * self._hop_s)
        self.open_db = self.usual_db
        if self._begun > self.ENOUGH:
            self.open_db = min(self.usual_db, max(self._loud_db - self.UNDER_DB, self.LOWEST_DB))
        self.open = level_db > (self.open_db - self.HYSTERESIS_DB if self.open else self.open_db)
        self._shut_s = 0.0 if self.open else self._shut_s + self._hop_s
        self.value = max(0.0, 1.0 - self._shut_s / self.FADE_S)
        return self.value


@FEATURES("gate")
class GateFeature(Feature):
    """Gate feature: 1 while music plays, 0 in silence and in room noise; fades for 0.15 s in between.

    Music is sound above -54 dBFS (-57 to stay), or above -78 dBFS where onsets are detected.
    """

    source = "hysteresis gate; thresholds our own"

    def __init__(self, setup: Setup) -> None:
        self.names = ("gate",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = hop.gate
