"""Chroma and tuning: strengths of the twelve pitch classes."""

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@FEATURES("chroma")
class Chroma(Feature):
    """`chroma.C` .. `chroma.B`: the strongest note is 1, the others in proportion; all 0 in silence."""

    needs_chroma = True
    delay_s = 0.08
    source = "Fujishima 1999 (pitch classes); Flanagan & Golden 1966 (phase vocoder); Ellis & Poliner 2007"

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"chroma.{note}" for note in NOTES)

    def compute(self, hop: Hop, out: Vector) -> None:
        """Divided by the strongest; as the last long spectrum showed it."""
        notes = hop.chroma.notes if hop.chroma else None
        strongest = 0.0 if notes is None else float(notes.max())
        out[:] = notes * (hop.gate / strongest) if notes is not None and strongest > 1e-7 else 0.0


@FEATURES("tuning")
class Tuning(Feature):
    """Tuning: deviation from A4 = 440 Hz in cents, -50..50; learnt in 10 s."""

    needs_chroma = True
    unit = "cents"
    low, high = -50.0, 50.0
    source = "circular mean of the deviations of all tones (Ellis 2007, chroma features)"

    def __init__(self, setup: Setup) -> None:
        self.names = ("tuning",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = 100.0 * hop.chroma.tuning if hop.chroma else 0.0
