"""Rolls of phrases for networks that draw music: (phrases, tracks, steps, pitches), on where a note sounds.

What a roll does not know: whether a note that sounds on was struck again. Repeated notes are one long note.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livegan.composer.piano_roll import notes_of_cells
from livegan.composer.song import Song, Track

DRUMS = -1  # in place of a General MIDI number: every step that is on is a hit of its own
VELOCITY = np.uint8(80)

Rolls = NDArray[np.bool_]


def song_of_rolls(
    rolls: Rolls,
    lowest: int,
    programs: Sequence[int],
    length: int,
    steps_per_beat: int = 4,
    beats_per_bar: int = 4,
    bpm: float = 84.0,
) -> Song:
    """Phrases (n, tracks, steps, pitches) one after another, `length` steps. Each phrase strikes its notes anew."""
    phrase = rolls.shape[2]
    tracks = []
    for number, program in enumerate(programs):
        notes = []
        for index, roll in enumerate(rolls[:, number]):
            for note in notes_of_cells(roll * VELOCITY, roll if program == DRUMS else None, lowest):
                begin = index * phrase + note.start
                if begin < length and note.pitch < 128:
                    notes.append(replace(note, start=begin, length=min(note.length, length - begin)))
        tracks.append(Track(tuple(sorted(notes)), max(program, 0), program == DRUMS))
    metres = ((0, beats_per_bar, 4),)
    return Song(tuple(tracks), length, steps_per_beat, tempos=((0, bpm),), metres=metres)


def highest_notes(song: Song, track: int, steps_per_beat: int, lowest: int, pitches: int) -> NDArray[np.bool_]:
    """Melody of a track, one note at a time, (steps, pitches): the highest that sounds, moved by octaves into range."""
    scale = steps_per_beat / song.steps_per_beat
    steps = -(-song.length * steps_per_beat // song.steps_per_beat)
    notes = on_grid(song.tracks[track], scale, steps).notes
    melody = np.full(steps, -1, np.int16)
    for note in notes:
        part = melody[note.start : note.start + note.length]
        np.maximum(part, note.pitch, out=part)
    roll = np.zeros((steps, pitches), np.bool_)
    sounding = np.flatnonzero(melody >= 0)
    index = melody[sounding] - lowest
    index = np.where(index < 0, index % 12, index)
    index = np.where(index >= pitches, pitches - 12 + index % 12, index)
    roll[sounding, index] = True
    return roll


def on_grid(track: Track, scale: float, length: int) -> Track:
    """The track with `scale` times as many steps, the first `length` of them."""
    notes = {}
    for note in track.notes:
        start, end = round(note.start * scale), min(round((note.start + note.length) * scale), length)
        if start < length:
            notes[start, note.pitch] = replace(note, start=start, length=max(end - start, 1))
    return replace(track, notes=tuple(sorted(notes.values())))
