"""Beat features: phase in beat and bar, tempo, confidence."""

from math import exp

from livegan.core.beat_thresholds import GUESS, MOVES
from livegan.core.types import Vector
from livegan.features.beat_clock import BeatState
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

DECAY_S = 0.12  # time constant of the fall after a beat, so that a picture sees it
SOURCE = "Krebs, Boeck & Widmer 2015 (bar pointer); Davies & Boeck 2019 (TCN); see features/beat.py"


def sounding(hop: Hop) -> float:
    """Gate of the beat features, 0..1: while there is a beat, pauses between dry drum hits stay open.

    A beat that is tapped or comes from outside needs no sound.
    """
    if hop.beat is not None and hop.beat.unheard:
        return 1.0
    sure = hop.beat is not None and hop.beat.confidence >= MOVES
    return float(hop.recently_open) if sure else hop.gate


def weight(beat: BeatState) -> float:
    """How far pictures move with a beat, 0..1: wholly with one that is weak but steady, not with a mere guess."""
    return 1.0 if beat.unheard else min(max((beat.confidence - GUESS) / (MOVES - GUESS), 0.0), 1.0)


@FEATURES("beat")
class Beat(Feature):
    """Beat pulse: jumps up on the beat and falls in 0.12 s. Predicted, so without delay.

    It jumps to 1 from a confidence of 0.25 on, less high with less, and not at all below 0.05 or without music.
    """

    peak = True
    needs_beat = True
    source = SOURCE

    def __init__(self, setup: Setup) -> None:
        self.names = ("beat",)
        self._keep = exp(-setup.hop_s / DECAY_S)
        self._value = 0.0

    def _falls(self, beat: BeatState) -> bool:
        return beat.beat

    def compute(self, hop: Hop, out: Vector) -> None:
        self._value *= self._keep
        if hop.beat is not None and self._falls(hop.beat):
            self._value = max(self._value, weight(hop.beat))
        out[0] = self._value * sounding(hop)


@FEATURES("downbeat")
class Downbeat(Beat):
    """Downbeat pulse: jumps up on the first beat of the bar, as `beat` does, and falls in 0.12 s."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.names = ("downbeat",)

    def _falls(self, beat: BeatState) -> bool:
        return beat.downbeat


@FEATURES("beat.phase")
class BeatPhaseFeature(Feature):
    """Beat phase, from 0 (on the beat) towards 1 (before the next). Runs on at the last tempo without music."""

    needs_beat = True
    source = SOURCE

    def __init__(self, setup: Setup) -> None:
        self.names = ("beat.phase",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = hop.beat.phase if hop.beat else 0.0


@FEATURES("bar.phase")
class BarPhase(Feature):
    """Bar phase, from 0 (on the first beat) towards 1."""

    needs_beat = True
    source = SOURCE

    def __init__(self, setup: Setup) -> None:
        self.names = ("bar.phase",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = hop.beat.bar_phase if hop.beat else 0.0


@FEATURES("beat.bpm")
class BeatBpm(Feature):
    """The tempo, 0..400 beats a minute; 120 before any is known."""

    needs_beat = True
    unit = "beats per minute"
    low, high = 0.0, 400.0
    source = SOURCE

    def __init__(self, setup: Setup) -> None:
        self.names = ("beat.bpm",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = hop.beat.bpm if hop.beat else 120.0


@FEATURES("beat.confidence")
class BeatConfidenceFeature(Feature):
    """Beat confidence, 0..1: of beats told with 0.7, seven in ten are right; 0 without music, 1 of a clock by cable."""

    needs_beat = True
    source = SOURCE

    def __init__(self, setup: Setup) -> None:
        self.names = ("beat.confidence",)

    def compute(self, hop: Hop, out: Vector) -> None:
        out[0] = min(1.0, max(0.0, hop.beat.confidence)) * sounding(hop) if hop.beat else 0.0
