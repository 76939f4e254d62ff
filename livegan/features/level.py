"""Level: RMS in dBFS, and normalised to the rolling range."""

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup


@FEATURES("level")
class Level(Feature):
    """Loudness within its rolling range: 1 is as loud as it gets, 0 is silence."""

    delay_s = 0.005
    source = "RMS under the window; rolling range as in features/range.py"

    def __init__(self, setup: Setup) -> None:
        self.names = ("level",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = hop.normalised[0] * hop.gate


@FEATURES("level.db")
class LevelDb(Feature):
    """Loudness in dBFS: a full-scale sine is -3.01, a full-scale square 0, silence -120; DC does not count."""

    unit = "dBFS"
    low, high = -120.0, 24.1
    delay_s = 0.021
    source = "ITU-T G.100.1 (dBov)"

    def __init__(self, setup: Setup) -> None:
        self.names = ("level.db",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = hop.level_db
