"""The log-mel spectrum: `band.0` (40 Hz) to `band.39` (16 kHz)."""

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.range import Range
from livegan.features.registry import FEATURES, Feature, Setup

DEPTH_DB = 45.0  # a band this far below the whole sound has no ceiling of its own any more


@FEATURES("band")
class Bands(Feature):
    """Mel bands in dB, each within its own rolling range."""

    delay_s = 0.005
    source = "O'Shaughnessy 1987 (mel); Stowell & Plumbley 2007 (whitening)"

    def __init__(self, setup: Setup) -> None:
        """One number per band."""
        self.names = tuple(f"band.{i}" for i in range(setup.bands))
        self._range = Range(setup.bands, setup.hop_s, setup.gate_db - 10.0)

    def hear(self, hop: Hop, out: Vector) -> None:
        """Silent when the gate is shut."""
        level_db = 10.0 * np.log10(hop.bands + np.float32(1e-12))
        np.multiply(self._range.step(level_db, hop.loud_db - DEPTH_DB, hop.lately), np.float32(hop.gate), out=out)
