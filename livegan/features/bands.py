"""Log-mel spectrum: `band.0` (40 Hz) to `band.39` (16 kHz)."""

import numpy as np

from livegan.core.types import Vector
from livegan.features.band_levels import BROAD
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup


@FEATURES("band")
class Bands(Feature):
    """Mel bands in dB, each within its own rolling range."""

    delay_s = 0.005
    source = "O'Shaughnessy 1987 (mel); Stowell & Plumbley 2007 (whitening)"

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"band.{i}" for i in range(setup.bands))

    def compute(self, hop: Hop, out: Vector) -> None:
        np.multiply(hop.normalised[1 + BROAD :], np.float32(hop.gate), out=out)
