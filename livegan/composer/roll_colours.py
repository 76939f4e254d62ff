"""Coloured piano roll pictures: four bars of music as a square that networks of pictures can learn.

64 pitches, the highest on top, by 64 sixteenths. Red, green and blue are three groups of instruments: pianos, guitars
and others; strings; basses. Where all instruments are of one group, red is the highest of them, blue the lowest, and
green what lies between, so the voices of a chorale have colours. A step that strikes a note is bright, one that holds
it is darker. Drums and velocities are not shown; a pitch out of range is moved by octaves.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.composer.families import FAMILIES, Family
from livegan.composer.piano_roll import notes_of_cells
from livegan.composer.roll_picture import bar_lines
from livegan.composer.song import Song, Track

STEPS, PITCHES = 64, 64
LOWEST = 28  # E1, the lowest string of a bass guitar; the highest is G6
STEPS_PER_BEAT = 4
HELD, STRUCK = 170, 255  # brightness
VELOCITY = 80  # of notes out of pictures
COLOURS = (("red", 0), ("green", 48), ("blue", 33))  # name and program of the tracks out of pictures
STRINGS, BASS = (next(family for family in FAMILIES if family.name == name) for name in ("strings", "bass"))

Cells = NDArray[np.uint8]  # (steps, PITCHES, 3): 0, HELD or STRUCK; pitch 0 is LOWEST


def cells_of(song: Song) -> Cells:
    """Cells of a whole song on a grid of 16ths. Where two notes of a colour meet, the brighter is seen."""
    if song.steps_per_beat != STEPS_PER_BEAT:
        raise ValueError(f"pictures have {STEPS_PER_BEAT} columns a beat, the song {song.steps_per_beat} steps")
    cells = np.zeros((song.length, PITCHES, 3), np.uint8)
    for track, colour in zip(song.tracks, track_colours(song.tracks), strict=True):
        for note in track.notes if colour is not None else ():
            pitch = note.pitch - LOWEST
            if not 0 <= pitch < PITCHES:
                pitch = pitch % 12 if pitch < 0 else PITCHES - 12 + (pitch - PITCHES) % 12
            place = cells[note.start : note.start + note.length, pitch, colour]
            np.maximum(place, HELD, out=place)
            place[0] = STRUCK
    return cells


def track_colours(tracks: Sequence[Track]) -> list[int | None]:
    """Colour of each track, 0 to 2; None for drums and for tracks without notes."""
    shown = {index: track for index, track in enumerate(tracks) if track.notes and not track.drums}
    colours = {index: _group(track) for index, track in shown.items()}
    if len(shown) > 1 and len(set(colours.values())) == 1:
        heights = {index: sum(note.pitch for note in track.notes) / len(track.notes) for index, track in shown.items()}
        order = sorted(shown, key=lambda index: -heights[index])
        colours = dict.fromkeys(order, 1) | {order[0]: 0, order[-1]: 2}
    return [colours.get(index) for index in range(len(tracks))]


def _group(track: Track) -> int:
    def plays(family: Family) -> bool:
        return family.plays(track)

    return 1 if plays(STRINGS) else 2 if plays(BASS) else 0


def windows_of(song: Song) -> Iterator[tuple[int, Cells]]:
    """First step and cells of all four-bar windows, one from each bar line. The last may be filled up with silence."""
    cells = cells_of(song)
    for start in bar_lines(song)[:-1]:
        if start and start + STEPS - STEPS // 8 > len(cells):  # half a bar at most
            return
        window = np.zeros((STEPS, PITCHES, 3), np.uint8)
        part = cells[start : start + STEPS]
        window[: len(part)] = part
        yield start, window


def picture_of(cells: Cells, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A window as a picture, uint8 (height, width, 3). ValueError unless both sides are multiples of 64."""
    if size[0] % PITCHES or size[1] % STEPS:
        raise ValueError(f"sides have to be multiples of {STEPS}, not {size[1]}x{size[0]}")
    return cells.transpose(1, 0, 2)[::-1].repeat(size[0] // PITCHES, 0).repeat(size[1] // STEPS, 1)


def cells_of_picture(pixels: NDArray[np.uint8]) -> Cells:
    """Cells on a picture (height, width, 3) of any size, each level the one that is nearest to its mean colour."""
    small = np.asarray(Image.fromarray(pixels).resize((STEPS, PITCHES), Image.Resampling.BOX))
    levels = np.array([0, HELD, STRUCK], np.uint8)
    nearest = np.abs(small[..., None].astype(np.int16) - levels.astype(np.int16)).argmin(-1)
    cells: Cells = levels[nearest][::-1].transpose(1, 0, 2)
    return cells


def song_of_cells(cells: Cells, bpm: float = 120.0) -> Song:
    """Music of cells: a track for each colour that is there."""
    tracks = tuple(
        Track(notes, program, name=name)
        for colour, (name, program) in enumerate(COLOURS)
        if (notes := notes_of_cells(np.minimum(cells[..., colour], VELOCITY), cells[..., colour] == STRUCK, LOWEST))
    )
    return Song(tracks, len(cells), STEPS_PER_BEAT, ((0, bpm),))
