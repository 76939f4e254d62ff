"""Energy in three broad bands: bass, mid, treble."""

import numpy as np

from livegan.core.types import Vector
from livegan.features.band_levels import BROAD, EDGES_HZ
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup


@FEATURES("energy")
class Energy(Feature):
    """`bass` 20-150 Hz, `mid` 150-2000 Hz, `treble` 2-16 kHz: each within its own rolling range."""

    delay_s = 0.005
    source = "band powers by Parseval; rolling range as in features/range.py"

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(EDGES_HZ)

    def compute(self, hop: Hop, out: Vector) -> None:
        np.multiply(hop.normalised[1 : 1 + BROAD], np.float32(hop.gate), out=out)
