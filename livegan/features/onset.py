"""A note or a drum begins."""

from math import exp, sqrt

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

LAG = 2  # hops between the two spectra compared, as the window overlaps itself
COMPRESSION = 1e4  # gamma of log(1 + gamma E): bands 40 dB below the loudness of the set still count
MEMORY_S = 0.6  # how much of the past makes the threshold
DELTA = 0.03  # least flux that counts [decades per band]
OVER = 2.5  # ... and this many times the usual flux
GAP_S = 0.06  # two onsets are at least so far apart
GROW_S = 0.03  # after the threshold is crossed the strength may still grow so long
FORGET_S = 4.0  # how slowly the strongest beginning is forgotten
DECAY_S = 0.12  # time constant of the fall afterwards, so that a picture sees it


@FEATURES("onset")
class Onset(Feature):
    """Jumps to the strength of a beginning (0..1, 1 as strong as the strongest lately) and falls in 0.12 s.

    Spectral flux of log-mel bands against the strongest neighbour two hops ago, over a threshold made from the median
    of the last 0.6 s. Causal: it tells on the way up, one or two hops after the sound.
    """

    peak = True
    delay_s = 0.008
    source = "Bello et al. 2005; Dixon 2006; Boeck, Krebs & Schedl 2012 (online); Boeck & Widmer 2013 (max filter)"

    def __init__(self, setup: Setup) -> None:
        """One number: `onset`."""
        self.names = ("onset",)
        hop_s = setup.hop_s
        self._past = np.zeros((LAG + 1, setup.bands), np.float32)  # oldest first
        self._flux = np.zeros(max(8, round(MEMORY_S / hop_s)), np.float32)
        self._at = 0
        self._gap, self._grow = round(GAP_S / hop_s), max(1, round(GROW_S / hop_s))
        self._decay, self._forget = exp(-hop_s / DECAY_S), exp(-hop_s / FORGET_S)
        self._since = self._gap
        self._armed = True
        self._strongest = 0.0
        self._value = 0.0

    def flux(self, hop: Hop) -> float:
        """How much sound appeared since two hops ago [decades per band], 0 or more."""
        self._past[:-1] = self._past[1:]
        self._past[-1] = hop.bands
        scale = COMPRESSION / max(10.0 ** (max(hop.loud_db, hop.level_db) / 10.0), 1e-9)
        before, now = np.log10(self._past[:: len(self._past) - 1] * np.float32(scale) + np.float32(1.0))
        widest = before.copy()
        np.maximum(widest[1:], before[:-1], out=widest[1:])
        np.maximum(widest[:-1], before[1:], out=widest[:-1])
        return float(np.maximum(now - widest, 0.0).mean())

    def hear(self, hop: Hop, out: Vector) -> None:
        """No onset in silence."""
        flux = self.flux(hop)
        usual = float(np.partition(self._flux, len(self._flux) // 2)[len(self._flux) // 2])
        threshold = DELTA + OVER * usual
        self._flux[self._at] = flux
        self._at = (self._at + 1) % len(self._flux)
        self._since += 1
        self._value *= self._decay
        self._strongest *= self._forget
        if flux < threshold:
            self._armed = True
        elif hop.open:
            if self._armed and self._since >= self._gap:
                self._armed, self._since = False, 0
            if self._since < self._grow:
                self._strongest = max(self._strongest, flux)
                self._value = max(self._value, sqrt(flux / self._strongest))
        out[0] = min(self._value, 1.0) * hop.gate
