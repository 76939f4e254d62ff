"""Spectral shape: centroid, spread, flatness, roll-off, flux, entropy, and compressibility."""

import zlib

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.mel import hz, mel, triangles
from livegan.features.registry import FEATURES, Feature, Setup

LOW_HZ, HIGH_HZ = 40.0, 16000.0
SHARE = 0.85  # of the power below the roll-off
FLUX = 0.3  # decades of flux that count as all there is


@FEATURES("shape")
class Shape(Feature):
    """`brightness`, `spread`, `flatness`, `rolloff`, `flux`, `complexity.spectral`, all 0..1 and all 0 in silence.

    Measured on the mel bands, 40 Hz (0) to 16 kHz (1) by octaves. brightness:
    centroid. spread: standard deviation around it, times two. flatness: geometric over arithmetic mean of the power
    density, 1 is noise, a tone near 0. rolloff: 85 % of the power lie below. flux: how much sound appeared in 16 ms.
    complexity.spectral: entropy of the power over the bands; a tone is near 0.
    """

    names_ = ("brightness", "spread", "flatness", "rolloff", "flux", "complexity.spectral")
    delay_s = 0.012
    source = "Peeters 2004, section 6 (CUIDADO); entropy after Misra et al. 2004; flux: features/flux.py"

    def __init__(self, setup: Setup) -> None:
        self.names = self.names_
        weights = triangles(setup.bands, setup.window, setup.sample_rate)
        self._per_width = (1.0 / weights.sum(axis=1)).astype(np.float32)
        low, top = mel(np.array([LOW_HZ, min(HIGH_HZ, setup.sample_rate / 2)])).tolist()
        middles = np.linspace(low, top, setup.bands + 2)[1:-1]
        self._place = np.log2(hz(middles) / LOW_HZ).astype(np.float32) / np.float32(np.log2(HIGH_HZ / LOW_HZ))
        self._moments = np.stack((np.ones_like(self._place), self._place, np.square(self._place)))  # 0th to 2nd
        self._every = max(1, round(0.01 / setup.hop_s))
        self._values: Vector = np.zeros(len(self.names), np.float32)
        self._entropy = np.float32(1.0 / np.log(setup.bands))

    def compute(self, hop: Hop, out: Vector) -> None:
        """Every second hop or so; only the flux is of every hop."""
        if hop.gate <= 0.0:
            out[:] = 0.0
            return
        if hop.number % self._every == 0:
            self._look(hop.bands + np.float32(1e-14))
        np.multiply(self._values, np.float32(hop.gate), out=out)
        out[4] = min(1.0, hop.flux / FLUX) * hop.gate

    def _look(self, power: Vector) -> None:
        """All but the flux from one set of bands."""
        values = self._values
        magnitude = np.sqrt(power)
        whole, centre, square = (self._moments @ magnitude).tolist()
        centre /= whole
        values[0] = centre
        values[1] = 2.0 * max(0.0, square / whole - centre * centre) ** 0.5
        density = power * self._per_width
        count = np.float32(len(power))
        values[2] = np.exp(np.add.reduce(np.log(density)) / count) * count / np.add.reduce(density)
        upto = np.cumsum(power)
        total = upto[-1]
        values[3] = self._place[min(int(upto.searchsorted(np.float32(SHARE) * total)), len(power) - 1)]
        power /= total
        values[5] = -float(power @ np.log(power)) * self._entropy
        np.minimum(values, np.float32(1.0), out=values)


@FEATURES("complexity")
class Complexity(Feature):
    """Compressibility of the last 43 ms, 0..1: a steady tone is low, noise and cymbals are high.

    The samples are taken to 8 bits of the loudness of the set, deflated, and the length counted, every 43 ms.
    """

    delay_s = 0.045
    source = "GANce (github.com/esologic/GANce), the zlib rule of its network choice"
    every_s = 0.043

    def __init__(self, setup: Setup) -> None:
        self.names = ("complexity",)
        self._every = max(1, round(self.every_s / setup.hop_s))
        self._window = setup.window
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """Every eighth hop or so; in between what it was."""
        if hop.number % self._every == self._every // 2:
            self._value = self._measure(hop) if hop.gate > 0 else 0.0
        out[0] = self._value * hop.gate

    def _measure(self, hop: Hop) -> float:
        scale = np.float32(32.0 * 10.0 ** (-max(hop.loud_db, -100.0) / 20.0))  # four times RMS: full scale of 8 bits
        coarse = np.clip(hop.past[-self._window :] * scale, -127, 127).astype(np.int8)
        return min(1.0, len(zlib.compress(coarse.tobytes(), 1)) / self._window)
