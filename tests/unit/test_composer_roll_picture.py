"""Laws of the piano roll as a picture: notes where they are, a colour for each voice, bars of every metre."""

import numpy as np
import pytest

from livegan.composer.roll_picture import COLOURS, ROWS_AT_MOST, bar_lines, roll_picture, roll_sheet
from livegan.composer.song import Note, Song, Track


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def places(song: Song, track: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels that have the colour of a track, below the words."""
    pixels = np.asarray(roll_picture(song)).astype(int)[110:]
    rows, columns = np.nonzero((np.abs(pixels - rgb(COLOURS[track])) < 8).all(-1))
    assert len(rows)
    return rows, columns


def song_of(*notes: Note, length: int = 32) -> Song:
    return Song(tuple(Track((note,)) for note in notes), length)


def test_higher_is_further_up_and_later_further_right_and_voices_have_colours() -> None:
    song = song_of(Note(0, 72, 4, 100), Note(16, 60, 8, 100))
    (first_rows, first_columns), (rows, columns) = places(song, 0), places(song, 1)
    assert first_rows.max() < rows.min()
    assert first_columns.max() < columns.min()
    wide, first_wide = np.ptp(columns), np.ptp(first_columns)
    assert wide == pytest.approx(2 * first_wide, rel=0.06)


def test_a_song_moved_by_a_bar_is_drawn_a_bar_further_right() -> None:
    starts = [places(song_of(Note(at, 60, 4, 100), length=64), 0)[1].min() for at in (0, 16, 32, 48)]
    assert np.diff(starts) == pytest.approx(np.mean(np.diff(starts)), abs=1.5)


def test_a_louder_note_is_brighter() -> None:
    soft, loud = (np.asarray(roll_picture(song_of(Note(0, 60, 32, v)))).astype(int) for v in (20, 120))
    assert (loud - soft).min() >= 0
    assert (loud - soft).max() > 50


@pytest.mark.parametrize(
    ("metres", "length", "expected"),
    [
        (((0, 4, 4),), 32, [0, 16, 32]),
        (((0, 4, 4),), 33, [0, 16, 32, 48]),
        (((0, 3, 4),), 24, [0, 12, 24]),
        (((0, 6, 8),), 12, [0, 12]),
        (((0, 4, 4), (16, 3, 4)), 40, [0, 16, 28, 40]),
        (((0, 4, 4), (8, 3, 4)), 20, [0, 8, 20]),
        ((), 0, [0, 16]),
        (((0, 1, 128),), 3, [0, 1, 2, 3]),
    ],
)
def test_bars_of_every_metre(metres: tuple[tuple[int, int, int], ...], length: int, expected: list[int]) -> None:
    assert bar_lines(Song((), length, metres=metres)) == expected


def test_the_picture_has_the_width_asked_for_and_a_bounded_height() -> None:
    drums = Track((Note(0, 36, 1), Note(4, 38, 1)), drums=True)
    long = Song((Track((Note(0, 0, 1), Note(16 * 999, 127, 16))), drums), 16 * 1000, name="long \U0001f3b5")
    for song, width_px in ((long, 1600), (Song((), 0), 1600), (long, 200), (song_of(Note(0, 60, 4)), 900)):
        picture = roll_picture(song, width_px=width_px)
        assert picture.width == width_px
        assert 0 < picture.height < 6000
    assert len(bar_lines(long)) > ROWS_AT_MOST


def test_the_same_song_gives_the_same_picture_and_a_sheet_shows_many() -> None:
    song = song_of(Note(0, 72, 4, 100), Note(4, 60, 8, 100))
    assert roll_picture(song).tobytes() == roll_picture(song).tobytes()
    sheet = np.asarray(roll_sheet([song] * 7, columns=3, width_px=400)).astype(int)
    tiles = sheet.max(-1) > 120  # what is a note
    assert sheet.shape[1] == 400
    thirds = np.array_split(tiles, 3, axis=1)
    assert [int(third.any()) for third in thirds] == [1, 1, 1]
    assert thirds[0][-60:].any()
    assert not thirds[1][-60:].any()
    assert roll_sheet([]).height > 0
