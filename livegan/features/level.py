"""How loud: in dBFS, and within the rolling range."""

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup


@FEATURES("level")
class Level(Feature):
    """Loudness within what has been heard lately: 1 is as loud as it gets, 0 is silence."""

    delay_s = 0.005
    source = "RMS under the window; rolling range as in features/range.py"

    def __init__(self, setup: Setup) -> None:
        """One number: `level`."""
        self.names = ("level",)

    def hear(self, hop: Hop, out: Vector) -> None:
        """Silent when the gate is shut."""
        out[0] = hop.places[0] * hop.gate


@FEATURES("level.db")
class LevelDb(Feature):
    """Loudness in dBFS: a full-scale sine is -3.01, a full-scale square 0, silence -120; DC does not count."""

    unit = "dBFS"
    low, high = -120.0, 24.1
    delay_s = 0.021
    source = "ITU-T G.100.1 (dBov)"

    def __init__(self, setup: Setup) -> None:
        """One number: `level.db`."""
        self.names = ("level.db",)

    def hear(self, hop: Hop, out: Vector) -> None:
        """As it is: no range, no gate."""
        out[0] = hop.level_db
