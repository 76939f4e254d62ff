"""Web Audio spectrum: `spectrum.0` .. between a fixed floor and ceiling, as an AnalyserNode gives it."""

from math import exp, log

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-12)


@FEATURES("spectrum")
class WebAudioSpectrum(Feature):
    """Mel bands from -100 dB (0) to -30 dB (1), smoothed: the numbers of a web-audio AnalyserNode.

    Unlike `band`, which knows how loud the set is and follows at once, these depend on the gain and take their time:
    smoothingTimeConstant 0.8 at 60 pictures a second, which is 75 ms.
    """

    floor_db, ceiling_db = -100.0, -30.0
    smooth_s = -1.0 / (60.0 * log(0.8))
    delay_s = 0.06
    source = "W3C Web Audio API 1.1, section 1.8 (AnalyserNode: smoothing over time, conversion to dB)"

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"spectrum.{i}" for i in range(setup.bands))
        self._keep = np.float32(exp(-setup.hop_s / self.smooth_s))
        self._take = ONE - self._keep
        self._scale = np.float32(20.0 / (self.ceiling_db - self.floor_db))
        self._shift = np.float32(-self.floor_db / (self.ceiling_db - self.floor_db))
        self._magnitude: Vector = np.zeros(setup.bands, np.float32)

    def compute(self, hop: Hop, out: Vector) -> None:
        """Magnitudes are smoothed, then taken to dB, as the standard says."""
        np.sqrt(hop.bands, out=out)
        out *= self._take
        self._magnitude *= self._keep
        self._magnitude += out
        np.add(self._magnitude, TINY, out=out)
        np.log10(out, out=out)
        out *= self._scale
        out += self._shift
        np.maximum(out, ZERO, out=out)
        np.minimum(out, ONE, out=out)
