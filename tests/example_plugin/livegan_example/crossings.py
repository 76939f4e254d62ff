"""Zero-crossing rate: low for bass, high for hiss and cymbals."""

import numpy as np

from livegan.core.types import Vector
from livegan.features import FEATURES, Feature, Setup
from livegan.features.hop import Hop


@FEATURES("crossings")
class Crossings(Feature):
    """Share of neighbouring samples between which the sign changes, 0..1; 0 in silence."""

    source = "zero-crossing rate of one hop, times the gate"

    def __init__(self, setup: Setup) -> None:
        self.names = ("crossings",)  # a feature may write several numbers: "crossings.left", "crossings.right" ...

    def compute(self, hop: Hop, out: Vector) -> None:
        negative = np.signbit(hop.sound)
        out[0] = np.mean(negative[1:] != negative[:-1]) * hop.gate
