"""Note features: what music that is known before it sounds plays now, exact to the sample, without any delay.

Of music that livegan composes, and of MIDI files. Of any other sound they are 0: `chroma`, `pitch` and `onset` hear it.
"""

from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.chroma import NOTES
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

VOICES = 4  # that have features of their own: the first ones, from the highest on
LOWEST, HIGHEST = 36, 83  # MIDI pitches that voice.N.pitch calls 0 and 1
DECAY_S = 0.12  # time constant of the fall after an onset, so that a picture sees it
DENSITY_S = 2.0  # that note.density counts
DENSEST = 16.0  # notes a second that it calls 1
CONSONANCE = (1.240, -1.428, -0.582, 0.594, 0.386, 1.240, -0.453)  # of unison, then interval classes 1..6
KNOWN = "from the notes themselves"


@FEATURES("note")
class NotesFeature(Feature):
    """`note.C` .. `note.B`: the velocity of the loudest note of that name that sounds now; 0 if none does."""

    needs_notes = True
    source = KNOWN

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"note.{note}" for note in NOTES)

    def compute(self, hop: Hop, out: Vector) -> None:
        """Exact; of velocities, not of sound."""
        assert hop.notes is not None
        out.fill(0.0)
        for (_, pitch), velocity in hop.notes.sounding.items():
            at = pitch % 12
            out[at] = max(out[at], velocity / 127)


@FEATURES("note.onset")
class NoteOnset(Feature):
    """Note pulse: jumps to the velocity of a note in the hop in which it begins, and falls in 0.12 s."""

    peak = True
    needs_notes = True
    source = KNOWN

    def __init__(self, setup: Setup) -> None:
        self.names = ("note.onset",)
        self._keep = exp(-setup.hop_s / DECAY_S)
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        assert hop.notes is not None
        begun = hop.notes.begun
        self._value = max(self._value * self._keep, max((event.velocity / 127 for event in begun), default=0.0))
        out[0] = self._value = 0.0 if self._value < 1e-6 else self._value


@FEATURES("note.density")
class NoteDensity(Feature):
    """How many notes have begun in the last 2 s; 1 is 16 a second."""

    needs_notes = True
    source = KNOWN

    def __init__(self, setup: Setup) -> None:
        self.names = ("note.density",)
        self._counts: NDArray[np.int64] = np.zeros(max(1, round(DENSITY_S / setup.hop_s)), np.int64)
        self._sum = 0

    def compute(self, hop: Hop, out: Vector) -> None:
        assert hop.notes is not None
        at, begun = hop.number % len(self._counts), len(hop.notes.begun)
        self._sum += begun - int(self._counts[at])
        self._counts[at] = begun
        out[0] = min(1.0, self._sum / (DENSITY_S * DENSEST))


@FEATURES("note.count")
class NoteCount(Feature):
    """How many notes sound now, 0..16."""

    unit = "notes"
    high = 16.0
    needs_notes = True
    source = KNOWN

    def __init__(self, setup: Setup) -> None:
        self.names = ("note.count",)

    def compute(self, hop: Hop, out: Vector) -> None:
        assert hop.notes is not None
        out[0] = min(self.high, len(hop.notes.sounding))


@FEATURES("note.tension")
class NoteTension(Feature):
    """Dissonance of the notes that sound now: 0 octaves and fifths, 0.27 a major triad, 1 nothing but semitones."""

    needs_notes = True
    source = "Huron 1994, Interval-class content in equally tempered pitch-class sets, table 2"

    def __init__(self, setup: Setup) -> None:
        self.names = ("note.tension",)
        self._heard: frozenset[int] = frozenset()
        self._value = 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """The mean over all pairs of different pitch classes."""
        assert hop.notes is not None
        classes = frozenset(pitch % 12 for _, pitch in hop.notes.sounding)
        if classes != self._heard:
            self._heard, self._value = classes, tension(classes)
        out[0] = self._value


def tension(classes: frozenset[int]) -> float:
    """Dissonance of pitch classes, 0..1; 0 of fewer than two."""
    ordered = sorted(classes)
    pairs = [(two - one) % 12 for at, one in enumerate(ordered) for two in ordered[at + 1 :]]
    if not pairs:
        return 0.0
    mean = sum(CONSONANCE[min(pair, 12 - pair)] for pair in pairs) / len(pairs)
    return (CONSONANCE[0] - mean) / (CONSONANCE[0] - CONSONANCE[1])


@FEATURES("voice")
class VoiceFeature(Feature):
    """Voices 1 (the highest) to 4. `voice.N.pitch`: its newest note, 0 is C2, 1 is B5; it stays through rests.

    `voice.N.velocity`: how hard that was struck, while it sounds; else 0.
    """

    needs_notes = True
    source = KNOWN

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"voice.{n}.{what}" for n in range(1, VOICES + 1) for what in ("pitch", "velocity"))
        self._pitches = [0.0] * VOICES

    def compute(self, hop: Hop, out: Vector) -> None:
        assert hop.notes is not None
        out.fill(0.0)
        for event in hop.notes.begun:
            if event.voice < VOICES and event.voice not in hop.notes.drums:
                self._pitches[event.voice] = min(max((event.pitch - LOWEST) / (HIGHEST - LOWEST), 0.0), 1.0)
        for (voice, _), velocity in hop.notes.sounding.items():
            if voice < VOICES:
                out[2 * voice + 1] = max(out[2 * voice + 1], velocity / 127)
        out[0::2] = self._pitches


@FEATURES("voice.onset")
class VoiceOnset(Feature):
    """`voice.1.onset` .. `voice.4.onset`: pulses, as `note.onset`, of the notes of one voice."""

    peak = True
    needs_notes = True
    source = KNOWN

    def __init__(self, setup: Setup) -> None:
        self.names = tuple(f"voice.{n}.onset" for n in range(1, VOICES + 1))
        self._keep = np.float32(exp(-setup.hop_s / DECAY_S))
        self._values: Vector = np.zeros(VOICES, np.float32)

    def compute(self, hop: Hop, out: Vector) -> None:
        assert hop.notes is not None
        self._values *= self._keep
        self._values[self._values < 1e-6] = 0.0
        for event in hop.notes.begun:
            if event.voice < VOICES:
                self._values[event.voice] = max(self._values[event.voice], event.velocity / 127)
        out[:] = self._values
