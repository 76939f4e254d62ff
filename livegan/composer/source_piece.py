"""Piece of music as it is read for a corpus: a song, its upbeat, and what its file says of itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from livegan.composer.song import Note, Song, Track

MOST_BEATS = 1 << 14  # of a piece, in quarter notes


@dataclass(frozen=True, slots=True)
class SourcePiece:
    """One piece, before it is selected and transposed."""

    song: Song  # its first bar is whole: an upbeat has silence before it
    upbeat: int = 0  # steps of music in the first bar, 0: it is full
    title: str = ""
    rights: str = ""
    group: str = ""  # work that it is a part of: a mass


@dataclass(frozen=True, slots=True)
class TimedNote:
    """Note on no grid yet."""

    start: Fraction  # [quarter notes]
    length: Fraction
    pitch: int


def track_of(
    notes: Iterable[TimedNote], steps_per_beat: int, program: int = 0, drums: bool = False, name: str = ""
) -> Track:
    """Track of notes at the nearest steps of a grid. Of one pitch one note at a time; grace notes are left out.

    A voice that plays one note at a time still does on the grid: of two on one step the longer is kept.
    """
    ordered = sorted(notes, key=lambda note: (note.start, note.pitch))
    ordered = [note for note in ordered if note.length > 0 and note.start >= 0 and 0 <= note.pitch <= 127]
    one_voice = all(a.start + a.length <= b.start for a, b in pairwise(ordered))
    newest: dict[int, int] = {}  # pitch, or 0 for all of one voice: index of its newest note
    track: list[Note] = []
    for note in ordered:
        start, end = round(note.start * steps_per_beat), round((note.start + note.length) * steps_per_beat)
        new = Note(start, note.pitch, max(1, end - start))
        place = 0 if one_voice else note.pitch
        if place in newest:
            older = track[newest[place]]
            if older.start == start:
                track[newest[place]] = max(older, new, key=lambda note: note.length)
                continue
            track[newest[place]] = replace(older, length=min(older.length, start - older.start))
        newest[place] = len(track)
        track.append(new)
    return Track(tuple(sorted(track)), program, drums, name)


def moved(song: Song, semitones: int) -> Song:
    """The song transposed; drums stay. ValueError if a note would leave MIDI's range."""
    tracks = []
    for track in song.tracks:
        notes = track.notes
        if not track.drums:
            notes = tuple(replace(note, pitch=note.pitch + semitones) for note in notes)
            if any(not 0 <= note.pitch <= 127 for note in notes):
                raise ValueError(f"{semitones} semitones leave MIDI's range")
        tracks.append(replace(track, notes=notes))
    return replace(song, tracks=tuple(tracks))
