"""Piano roll of a song: which pitch sounds in which track at which step, how loud, and where it is struck."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.composer.song import Note, Song, Track
from livegan.errors import ComposeError

MAX_CELLS = 1 << 28  # tracks x steps x pitches: two arrays of 256 MiB


@dataclass(frozen=True, slots=True, eq=False)
class PianoRoll:
    """Arrays of a song. Track, step and pitch are the axes; pitch 0 of the arrays is `lowest`."""

    velocity: NDArray[np.uint8]  # (tracks, steps, pitches), 0 where nothing sounds, else 1..127
    onset: NDArray[np.bool_]  # the same shape, where a note is struck; a sound after silence is struck in any case
    programs: tuple[int, ...]
    drums: tuple[bool, ...]
    names: tuple[str, ...]
    steps_per_beat: int
    tempos: tuple[tuple[int, float], ...]
    metres: tuple[tuple[int, int, int], ...]
    lowest: int = 0  # MIDI number
    name: str = ""


def roll_of(song: Song, pitches: tuple[int, int] = (0, 128)) -> PianoRoll:
    """Piano roll of the notes from the first pitch up to, without, the second; others are left out.

    Lossless for all 128: `song_of_roll` gives the same song. Raises ComposeError for more than MAX_CELLS.
    """
    low, high = pitches
    if not 0 <= low < high <= 128:
        raise ValueError(f"pitches {low} to {high} are not within 0..128")
    shape = (len(song.tracks), song.length, high - low)
    if np.prod(shape, dtype=np.int64) > MAX_CELLS:
        size = f"{shape[0]} tracks of {shape[1]} steps"
        raise ComposeError(f"{size} are too much for a piano roll; merge its tracks by family, or divide the song")
    velocity = np.zeros(shape, np.uint8)
    onset = np.zeros(shape, np.bool_)
    for index, track in enumerate(song.tracks):
        for note in track.notes:
            if low <= note.pitch < high:
                velocity[index, note.start : note.start + note.length, note.pitch - low] = note.velocity
                onset[index, note.start, note.pitch - low] = True
    return PianoRoll(
        velocity,
        onset,
        tuple(track.program for track in song.tracks),
        tuple(track.drums for track in song.tracks),
        tuple(track.name for track in song.tracks),
        song.steps_per_beat,
        song.tempos,
        song.metres,
        low,
        song.name,
    )


def song_of_roll(roll: PianoRoll) -> Song:
    """The song of a piano roll. A note has the velocity of its first step, 127 at most."""
    tracks = tuple(
        Track(notes_of_cells(velocity, onset, roll.lowest), program, drums, name)
        for velocity, onset, program, drums, name in zip(
            roll.velocity, roll.onset, roll.programs, roll.drums, roll.names, strict=True
        )
    )
    return Song(tracks, roll.velocity.shape[1], roll.steps_per_beat, roll.tempos, roll.metres, roll.name)


def notes_of_cells(
    velocity: NDArray[np.uint8], onset: NDArray[np.bool_] | None = None, lowest: int = 0
) -> tuple[Note, ...]:
    """Notes of one track's cells (steps, pitches), in order; without `onset`, repeated notes are one long one."""
    sounds = np.pad(velocity.T > 0, ((0, 0), (1, 1)))  # (pitches, steps + 2): silence around every row
    before = np.roll(sounds, 1, axis=1)
    struck = sounds & ~before if onset is None else sounds & (~before | np.pad(onset.T, ((0, 0), (1, 1))))
    starts = np.flatnonzero(struck)
    bounds = np.flatnonzero(struck | before & ~sounds)  # where a note is struck, and where one has ended
    ends = bounds[np.searchsorted(bounds, starts) + 1] if len(starts) else starts
    rows, columns = np.divmod(starts, sounds.shape[1])
    levels = np.minimum(velocity.T[rows, columns - 1], 127)
    notes = zip(columns - 1, rows + lowest, ends - starts, levels, strict=True)
    return tuple(sorted(Note(int(start), int(pitch), int(length), int(level)) for start, pitch, length, level in notes))
