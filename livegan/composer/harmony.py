"""Harmony of four-voice phrases: parallel fifths and octaves, crossed voices, chords on the beats, chord changes.

A chord is what sounds from one step at which a pitch changes to the next such step. `pitches` are int (steps, voices):
MIDI numbers from the highest voice down, -1 where a voice is silent (`voices.sounding`).
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from livegan.composer.song import Song

PERFECT = (0, 7)  # unison or octave, fifth [semitones modulo 12]
CHORDS = {  # semitones above the root
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "dominant seventh": (0, 4, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "minor seventh": (0, 3, 7, 10),
    "half-diminished seventh": (0, 3, 6, 10),
    "diminished seventh": (0, 3, 6, 9),
}
_CHORD_MASKS = np.array(
    [sum(1 << (root + step) % 12 for step in steps) for steps in CHORDS.values() for root in range(12)]
)

Pitches = NDArray[np.int16]


def voice_pitches(song: Song) -> Pitches:
    """Pitches of a song, of chords the highest: (steps, tracks), the highest track first. Without drums."""
    tracks = [track for track in song.tracks if track.notes and not track.drums]
    tracks.sort(key=lambda track: -sum(note.pitch for note in track.notes) / len(track.notes))
    pitches = np.full((song.length, len(tracks)), -1, np.int16)
    for voice, track in enumerate(tracks):
        for note in track.notes:
            place = pitches[note.start : note.start + note.length, voice]
            np.maximum(place, note.pitch, out=place)
    return pitches


def chords(pitches: Pitches) -> Pitches:
    """The chords one after another: (chords, voices). Chords of silence alone are left out."""
    changed = np.ones(len(pitches), bool)
    changed[1:] = (pitches[1:] != pitches[:-1]).any(1)
    kept: Pitches = pitches[changed & (pitches >= 0).any(1)]
    return kept


def parallels(pitches: Pitches) -> int:
    """Pairs of voices that move in one direction from a fifth, octave or unison to the same interval.

    Both voices move, from a chord to the very next one. Compound intervals count as simple ones (a twelfth is a
    fifth); contrary motion (from a fifth to a twelfth) is no parallel, nor is a repeated chord.
    """
    row = chords(pitches)
    before, after = row[:-1], row[1:]
    count = 0
    for high, low in combinations(range(row.shape[1]), 2):
        sound = (before[:, [high, low]] >= 0).all(1) & (after[:, [high, low]] >= 0).all(1)
        up = after[:, high] - before[:, high]
        down = after[:, low] - before[:, low]
        first = (before[:, high] - before[:, low]) % 12
        second = (after[:, high] - after[:, low]) % 12
        count += int((sound & (up * down > 0) & (first == second) & np.isin(first, PERFECT)).sum())
    return count


def crossed_steps(pitches: Pitches) -> int:
    """Steps at which a voice sounds above a higher one. Unisons are not crossed."""
    crossed = np.zeros(len(pitches), bool)
    for high, low in combinations(range(pitches.shape[1]), 2):
        crossed |= (pitches[:, high] >= 0) & (pitches[:, low] > pitches[:, high])
    return int(crossed.sum())


def chord_beats(chroma: NDArray[np.bool_]) -> tuple[int, int]:
    """Beats whose pitch classes all belong to one triad or seventh chord, and beats on which anything sounds.

    `chroma`: which of the 12 pitch classes sound at the moment of each beat, (beats, 12); what passes within a beat
    does not count. One or two pitch classes fit where a chord has both.
    """
    masks = chroma.astype(np.int64) @ (1 << np.arange(12))
    masks = masks[masks > 0]
    return int(((masks[:, None] & ~_CHORD_MASKS) == 0).any(1).sum()), len(masks)
