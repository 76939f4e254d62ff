"""Mel power in proportion to the loudest lately: amplitude and its rise, linear, and the log-mel spectrum."""

from math import exp

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

MEMORY_S = 10.0  # how slowly the loudest is forgotten [s]
RISE_S = 0.046  # over which a rise is measured: two frames of 512 samples at 22 050 Hz
DEPTH_DB = 60.0  # a mel band so far below the loudest is 0
ZERO, FAINTEST = np.float32(0.0), np.float32(10.0 ** (-DEPTH_DB / 10))
UNDER_GATE_DB = 10.0  # nothing counts as the loudest that is so far below the gate


class Ceiling:
    """Rolling maximum: rises at once, sinks towards what is heard in `MEMORY_S`, never below a floor."""

    def __init__(self, setup: Setup, floor: float) -> None:
        """Powers, not dB; `floor` above 0."""
        self._keep = exp(-setup.hop_s / MEMORY_S)
        self._floor = floor
        self.value = floor

    def step(self, power: float, listening: bool) -> float:
        """The ceiling in this hop, never less than `power`; unless `listening` it does not sink."""
        if power > self.value:
            self.value = power
        elif listening:  # sinks evenly in dB
            self.value = max(max(power, self._floor) ** (1 - self._keep) * self.value**self._keep, self._floor)
        return self.value


def _floor(setup: Setup) -> float:
    """The least power of a band that counts as loud."""
    return float(10.0 ** ((setup.gate_db - UNDER_GATE_DB) / 10))


@FEATURES("amplitude")
class Amplitude(Feature):
    """`amplitude`, `amplitude.mean`: power of the loudest mel band, and of all, in proportion to the loudest lately.

    `amplitude.rise`: how much the mean rose in the last 46 ms, in proportion to its greatest rise lately. All linear in
    power: 10 dB below the loudest is 0.1, so that hits stand out.
    """

    peak = True
    delay_s = 0.008
    source = "lucid-sonic-dreams (get_spec_norm) and deep-music-visualizer, rolling instead of over the whole song"

    def __init__(self, setup: Setup) -> None:
        self.names = ("amplitude", "amplitude.mean", "amplitude.rise")
        floor = _floor(setup)
        self._loudest, self._mean, self._rise = (
            Ceiling(setup, floor),
            Ceiling(setup, floor / 10),
            Ceiling(setup, floor / 10),
        )
        self._past = [0.0] * max(1, round(RISE_S / setup.hop_s))
        self._at = 0

    def compute(self, hop: Hop, out: Vector) -> None:
        bands = hop.bands
        loudest, mean = float(np.maximum.reduce(bands)), float(np.add.reduce(bands)) / len(bands)
        rise = max(0.0, mean - self._past[self._at])
        self._past[self._at] = mean
        self._at = (self._at + 1) % len(self._past)
        out[0] = loudest / self._loudest.step(loudest, hop.recently_open) * hop.gate
        out[1] = mean / self._mean.step(mean, hop.recently_open) * hop.gate
        out[2] = rise / self._rise.step(rise, hop.recently_open) * hop.gate


@FEATURES("mel")
class LogMel(Feature):
    """`mel.0` (40 Hz) to `mel.39` (16 kHz): log-mel spectrum, 1 is the loudest band lately, 0 is 60 dB below it.

    Unlike `band.0`, which has a range of its own, the bands keep their proportions: a spectrum as it looks.
    """

    delay_s = 0.005
    source = "O'Shaughnessy 1987 (mel); dB below the loudest as in GANce (compute_spectrogram), rolling"

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"mel.{i}" for i in range(setup.bands))
        self._loudest = Ceiling(setup, _floor(setup))

    def compute(self, hop: Hop, out: Vector) -> None:
        top = self._loudest.step(float(np.maximum.reduce(hop.bands)), hop.recently_open)
        np.multiply(hop.bands, 1.0 / top, out=out)
        np.maximum(out, FAINTEST, out=out)
        np.log10(out, out=out)
        out *= hop.gate * 10.0 / DEPTH_DB
        out += hop.gate
        np.maximum(out, ZERO, out=out)
