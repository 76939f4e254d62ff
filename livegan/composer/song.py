"""Notes of a song on a grid: what MIDI files, piano rolls, corpora and networks that compose have in common."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

STEPS_PER_BEAT = 4  # of a grid where nothing else is said: 16ths of a quarter note
PLAYED_STEPS = 96  # of files that are played as they are: 5 ms at 120 quarter notes a minute


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note of a track. Ordered by start, then pitch."""

    start: int  # [steps] from the beginning of the song, 0 or more
    pitch: int  # MIDI number 0..127; 60 is middle C
    length: int  # [steps] 1 or more
    velocity: int = 80  # 1..127


@dataclass(frozen=True, slots=True)
class Track:
    """Track of a song: one instrument. Two notes of one pitch never overlap: a new attack ends the older note."""

    notes: tuple[Note, ...]  # in order
    program: int = 0  # General MIDI number counted from 0 (0..127); meaningless for drums
    drums: bool = False  # channel 10 of MIDI: pitches are instruments
    name: str = ""


@dataclass(frozen=True, slots=True)
class Song:
    """Song on a grid. `length` is at least the end of its last note."""

    tracks: tuple[Track, ...]
    length: int  # [steps]
    steps_per_beat: int = STEPS_PER_BEAT  # a beat is a quarter note, whatever the metre
    tempos: tuple[tuple[int, float], ...] = ((0, 120.0),)  # step, quarter notes a minute; the first at step 0
    metres: tuple[tuple[int, int, int], ...] = ((0, 4, 4),)  # step, numerator, denominator; the first at step 0
    name: str = field(default="", compare=False)


def without_overlaps(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes of a track in order, of each pitch one at a time.

    A new attack ends the older note; of two attacks on one step one is kept, as long as the longer, as loud as the
    louder.
    """
    by_pitch: dict[int, list[Note]] = defaultdict(list)
    for note in sorted(notes):
        earlier = by_pitch[note.pitch]
        if earlier and earlier[-1].start == note.start:  # sorted: the newer one is the longer one
            velocity = max(note.velocity, earlier[-1].velocity)
            earlier[-1] = Note(note.start, note.pitch, note.length, velocity)
            continue
        if earlier and earlier[-1].start + earlier[-1].length > note.start:
            older = earlier[-1]
            earlier[-1] = Note(older.start, older.pitch, note.start - older.start, older.velocity)
        earlier.append(note)
    return tuple(sorted(note for of_pitch in by_pitch.values() for note in of_pitch))
