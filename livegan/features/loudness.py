"""Loudness (LUFS, ITU-R BS.1770), peak level and crest factor."""

from math import log10, pi, sqrt, tan

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples, Vector
from livegan.features.block_filter import BlockFilter
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup
from livegan.features.sanitize import peak

MOMENTARY_S = 0.4
SILENCE_DB = -120.0
PEAK_FALL_DB_S = 20.0  # how fast a peak meter comes down [dB/s]


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """The two filters of BS.1770-5, annex 1: a shelf (the head) and a high-pass; second-order sections (2, 6).

    The standard tabulates them for 48 kHz; these are the analogue filters behind that table, at any rate (as in
    libebur128).
    """
    k = tan(pi * 1681.974450955533 / sample_rate)
    gain, q = 10.0 ** (3.999843853973347 / 20.0), 0.7071752369554196
    half = gain**0.4996667741545416
    norm = 1.0 + k / q + k * k
    shelf = [gain + half * k / q + k * k, 2.0 * (k * k - gain), gain - half * k / q + k * k]
    head = [*(b / norm for b in shelf), 1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm]
    k, q = tan(pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    norm = 1.0 + k / q + k * k
    return np.array([head, [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm]])


@FEATURES("level.lufs")
class Lufs(Feature):
    """Momentary loudness of the last 0.4 s in LUFS: a 997 Hz sine of full scale in one channel is -3.01.

    Powers of channels add up, so in both channels of a stereo group it is 0. Silence is -120.
    """

    unit = "LUFS"
    low, high = SILENCE_DB, 50.0
    look_s = 0.043
    delay_s = 0.2
    source = "ITU-R BS.1770-5, annex 1; EBU Tech 3341 (momentary)"

    def __init__(self, setup: Setup) -> None:
        self.names = ("level.lufs",)
        self._weighting = k_weighting(setup.sample_rate)
        self._every = max(1, round(self.look_s / setup.hop_s))
        self._hop = setup.hop
        self._sound: Samples | None = None
        self._filter: BlockFilter | None = None
        self._squares: NDArray[np.float64] = np.zeros(max(1, round(MOMENTARY_S / (self._every * setup.hop_s))))
        self._at = 0
        self._value = SILENCE_DB

    def compute(self, hop: Hop, out: Vector) -> None:
        """Collects four hops at a time: filtering more at once costs less."""
        if self._sound is None or self._filter is None:
            channels = hop.raw.shape[1]
            self._sound = np.zeros((self._every * self._hop, channels), np.float32)
            self._filter = BlockFilter(self._weighting, len(self._sound), channels)
        place = hop.number % self._every
        self._sound[place * self._hop : (place + 1) * self._hop] = hop.raw
        if place == self._every - 1 and self._sound.size:
            weighted = self._filter.filtered(self._sound)
            self._squares[self._at] = float(np.vdot(weighted, weighted)) / len(weighted)
            self._at = (self._at + 1) % len(self._squares)
            mean = float(self._squares.mean())
            self._value = max(SILENCE_DB, -0.691 + 10.0 * log10(mean)) if mean > 0 else SILENCE_DB
        out[0] = self._value


@FEATURES("level.peak")
class Peak(Feature):
    """Greatest sample of any channel in dBFS, falling by 20 dB a second; silence is -120."""

    unit = "dBFS"
    low, high = SILENCE_DB, 24.1
    peak = True
    source = "IEC 60268-18 (peak programme meter, digital)"

    def __init__(self, setup: Setup) -> None:
        self.names = ("level.peak",)
        self._fall_db = PEAK_FALL_DB_S * setup.hop_s
        self._db = SILENCE_DB

    def compute(self, hop: Hop, out: Vector) -> None:
        self._db = max(SILENCE_DB, self._db - self._fall_db, 20.0 * log10(max(hop.peak, 1e-6)))
        out[0] = self._db


@FEATURES("level.crest")
class Crest(Feature):
    """Peak over RMS of the last 43 ms or so, 0..1 for 0..24 dB: a square is 0, a sine 0.13, drums above 0.5."""

    delay_s = 0.03
    look_s = 0.02
    source = "crest factor, Peeters 2004, section 5"

    def __init__(self, setup: Setup) -> None:
        self.names = ("level.crest",)
        self._window = setup.window
        self._every = max(1, round(self.look_s / setup.hop_s))
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """Every fourth hop, of the mean of the channels; 0 in silence."""
        if hop.number % self._every == 0:
            past = hop.past[-self._window :]
            rms = sqrt(float(np.dot(past, past)) / len(past))
            top = peak(past)
            crest_db = 20.0 * log10(top / rms) if rms > 1e-7 else 0.0
            self._value = min(1.0, max(0.0, crest_db / 24.0))
        out[0] = self._value * hop.gate
