"""Melody extraction: the skyline of a track, one note at a time (Uitdenbogerd & Zobel 1998, "all-mono")."""

from dataclasses import replace

import numpy as np

from livegan.composer.song import Song, Track
from livegan.core.text import printable, whole_number
from livegan.errors import ComposeError

SOUNDS_LEAST = 0.3  # of the track that sounds longest: less is no tune


def melody_track(song: Song, chosen: str = "") -> Track:
    """The track with the tune: by number from 1 or part of its name, else the highest that sounds most of the time.

    ComposeError if there is none.
    """
    tracks = [track for track in song.tracks if track.notes and not track.drums]
    if not tracks:
        raise ComposeError(f"{song.name or 'the MIDI file'} has no notes to be harmonised; give a file with a tune")
    if chosen:
        return _chosen(song, tracks, chosen)
    sounding = {id(track): sum(note.length for note in track.notes) for track in tracks}
    enough = SOUNDS_LEAST * max(sounding.values())
    return max((track for track in tracks if sounding[id(track)] >= enough), key=_height)


def _chosen(song: Song, tracks: list[Track], chosen: str) -> Track:
    number = whole_number(chosen)
    if number is not None and 1 <= number <= len(song.tracks) and song.tracks[number - 1] in tracks:
        return song.tracks[number - 1]
    named = [track for track in tracks if number is None and chosen.lower() in track.name.lower()]
    if not named:
        there = ", ".join(
            f"{number} {track.name}".strip() for number, track in enumerate(song.tracks, 1) if track in tracks
        )
        raise ComposeError(f"--track {printable(chosen)} is no track with notes of that file; there are: {there}")
    return named[0]


def _height(track: Track) -> float:
    """Mean pitch, by length."""
    return sum(note.pitch * note.length for note in track.notes) / sum(note.length for note in track.notes)


def skyline(track: Track) -> Track:
    """The highest line of a track, each note as it is written: a track of one voice stays the same.

    A note belongs to it that is the highest for more than half of its time. Notes may overlap a little, as in legato:
    `cut` ends each where the next begins.
    """
    highest = np.zeros(max((note.start + note.length for note in track.notes), default=0), np.int16)
    for note in track.notes:
        part = highest[note.start : note.start + note.length]
        np.maximum(part, note.pitch, out=part)
    kept = (
        note
        for note in track.notes
        if 2 * np.count_nonzero(highest[note.start : note.start + note.length] == note.pitch) > note.length
    )
    return replace(track, notes=tuple(kept))


def cut(line: Track) -> Track:
    """A line in which every note ends where the next begins, if it has not ended before."""
    ends = [note.start for note in line.notes[1:]] + [10**9]
    notes = (
        replace(note, length=min(note.length, end - note.start)) for note, end in zip(line.notes, ends, strict=True)
    )
    return replace(line, notes=tuple(notes))
