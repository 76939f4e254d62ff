"""Onset features: the whole, kick, snare and hat."""

import numpy as np

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.onset_detection import ONSET_KINDS
from livegan.features.registry import FEATURES, Feature, Setup


@FEATURES("onset")
class OnsetFeature(Feature):
    """Onset pulse: jumps to the onset's strength (0..1, 1 as strong as the strongest lately), falls in 0.12 s.

    `onset` is any onset, `onset.bass` kicks (and bass notes), `onset.mid` snares (and chords), `onset.treble` hats and
    cymbals. Causal: an onset is reported while its attack still rises.
    """

    peak = True
    delay_s = 0.010
    source = "Boeck & Widmer 2013 (SuperFlux); Stowell & Plumbley 2007; Boeck, Krebs & Schedl 2012 (online)"

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"onset.{kind}" if kind else "onset" for kind in ONSET_KINDS)

    def compute(self, hop: Hop, out: Vector) -> None:
        np.multiply(hop.onsets, hop.gate, out=out, casting="same_kind")
