"""The silence gate: is anybody playing, or is that only the room?"""

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup


class Gate:
    """Opens at once above `open_db`, closes below `HYSTERESIS_DB` less, and then fades out in `FADE_S`."""

    HYSTERESIS_DB = 3.0
    FADE_S = 0.15
    LINGER_S = 1.5

    def __init__(self, open_db: float, hop_s: float) -> None:
        """Closed."""
        self.open_db = open_db
        self.open = False
        self.value = 0.0
        self._hop_s = hop_s
        self._shut_s = self.LINGER_S

    @property
    def lately(self) -> bool:
        """Was it open within the last 1.5 s: are these the pauses of a piece, or is it over?"""
        return self._shut_s < self.LINGER_S

    def step(self, level_db: float) -> float:
        """1 while open, falling in a straight line to exactly 0 after it closed."""
        self.open = level_db > (self.open_db - self.HYSTERESIS_DB if self.open else self.open_db)
        self._shut_s = 0.0 if self.open else self._shut_s + self._hop_s
        self.value = max(0.0, 1.0 - self._shut_s / self.FADE_S)
        return self.value


@FEATURES("gate")
class GateFeature(Feature):
    """1 while somebody plays, 0 in silence and in room noise below -57 dBFS; fades for 0.15 s in between."""

    source = "hysteresis gate; thresholds our own"

    def __init__(self, setup: Setup) -> None:
        """One number: `gate`."""
        self.names = ("gate",)

    def hear(self, hop: Hop, out: Vector) -> None:
        """Copy it."""
        out[0] = hop.gate
