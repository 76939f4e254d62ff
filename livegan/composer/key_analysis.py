"""Key analysis: the major or minor key whose profile the sounding pitch classes correlate with best.

Profiles: Aarden (2003), from the Essen folksongs; method: Krumhansl & Schmuckler (Krumhansl 1990, chapter 4).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from livegan.composer.song import Song

NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_OTHER_NAMES = {"C#": 1, "D#": 3, "Gb": 6, "G#": 8, "A#": 10, "Cb": 11, "B#": 0, "E#": 5, "Fb": 4}
RELATIVE_MINOR = 9  # semitones above the major tonic
PROFILES = {
    "major": (17.77, 0.15, 14.93, 0.16, 19.80, 11.36, 0.29, 22.06, 0.15, 8.15, 0.23, 4.95),
    "minor": (18.26, 0.74, 14.05, 16.86, 0.70, 14.44, 0.70, 18.62, 4.57, 1.93, 7.38, 1.76),
}


@dataclass(frozen=True, slots=True)
class Key:
    """Major or minor key."""

    tonic: int  # pitch class, 0 is C
    mode: Literal["major", "minor"]

    def __str__(self) -> str:
        return f"{NAMES[self.tonic]} {self.mode}"

    def shift_to(self, tonic: int) -> int:
        """Semitones, -6..+5, to the major key on `tonic`, or to its relative minor."""
        goal = tonic if self.mode == "major" else tonic + RELATIVE_MINOR
        return (goal - self.tonic + 6) % 12 - 6


def find_key(song: Song) -> Key | None:
    """The key of a song; None where no note has a pitch."""
    durations = np.zeros(12)
    for track in song.tracks:
        if not track.drums:
            for note in track.notes:
                durations[note.pitch % 12] += note.length
    if not durations.any():
        return None
    best, key = -2.0, Key(0, "major")
    for mode in ("major", "minor"):
        for tonic in range(12):
            fit = _correlation(durations, np.roll(PROFILES[mode], tonic))
            if fit > best:
                best, key = fit, Key(tonic, "major" if mode == "major" else "minor")
    return key


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm else 0.0


def parse_tonic(name: str) -> int | None:
    """Pitch class of a note's name such as C, f# or Bb; None if it is none."""
    word = name.strip()
    word = word[:1].upper() + word[1:]
    return NAMES.index(word) if word in NAMES else _OTHER_NAMES.get(word)
