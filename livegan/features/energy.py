"""Bass, mid and treble: three broad bands of energy."""

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.mel import slices
from livegan.features.range import Range
from livegan.features.registry import FEATURES, Feature, Setup

EDGES_HZ = {"bass": (20.0, 150.0), "mid": (150.0, 2000.0), "treble": (2000.0, 16000.0)}
DEPTH_DB = (20.0, 18.0, 26.0)  # a band this far below the whole sound has no ceiling of its own any more


@FEATURES("energy")
class Energy(Feature):
    """`bass` 20-150 Hz, `mid` 150-2000 Hz, `treble` 2-16 kHz: each within its own rolling range."""

    delay_s = 0.005
    source = "band powers by Parseval; rolling range as in features/range.py"

    def __init__(self, setup: Setup) -> None:
        """Three numbers."""
        self.names = tuple(EDGES_HZ)
        self._weights = slices(list(EDGES_HZ.values()), setup.window, setup.sample_rate)
        self._depth_db = np.array(DEPTH_DB, np.float32)
        self._range = Range(len(self.names), setup.hop_s, setup.gate_db)

    def hear(self, hop: Hop, out: Vector) -> None:
        """Silent when the gate is shut."""
        level_db = 10.0 * np.log10(self._weights @ hop.power + np.float32(1e-12))
        place = self._range.step(level_db, np.float32(hop.loud_db) - self._depth_db, hop.lately)
        np.multiply(place, np.float32(hop.gate), out=out)
