"""Piano roll images of the article: written, read, and its quirks to the letter."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from livegan.composer.roll_image import (
    COLUMNS,
    LOWEST,
    ROWS,
    _pitch_of_grey,
    article_images,
    enlarged,
    page_of,
    pages_of,
    read_article_pixels,
    song_of_pages,
    song_with_quirks,
    write_article_images,
)
from livegan.composer.song import Note, Song, Track
from livegan.errors import MediaError
from tests.songs_drawn import tracks


def sounding(notes: tuple[Note, ...]) -> set[tuple[int, int]]:
    """Step and pitch of all that sounds and has a row."""
    cells = {(step, note.pitch) for note in notes for step in range(note.start, note.start + note.length)}
    return {(step, pitch) for step, pitch in cells if LOWEST <= pitch < LOWEST + ROWS}


@settings(max_examples=25, deadline=None)
@given(tracks())
def test_images_hold_all_that_sounds(track: Track) -> None:
    for page in pages_of(track.notes):
        assert page.shape == (ROWS, COLUMNS)
        assert (page_of(page) == page).all()
        assert (page_of(enlarged(page, (128, 128))) == page).all()
    [read] = song_of_pages(list(pages_of(track.notes))).tracks
    assert sounding(read.notes) == sounding(track.notes)


def test_the_lowest_pitch_is_at_the_top() -> None:
    [page] = pages_of((Note(3, 21, 2), Note(0, 126, 1)))
    assert np.argwhere(page).tolist() == [[0, 3], [0, 4], [105, 0]]


def test_empty_pages_end_a_piece_on_request() -> None:
    notes = (Note(0, 60, 4), Note(250, 60, 4))
    assert len(list(pages_of(notes))) == 3
    assert len(list(pages_of(notes, stop_at_empty=True))) == 1
    assert len(list(pages_of(notes, quirks=True))) == 1
    assert list(pages_of(())) == list(pages_of((), quirks=True)) == []


def test_a_note_at_the_edge_of_a_page_ends_it_in_the_article() -> None:
    notes = (Note(90, 60, 20), Note(92, 64, 2), Note(120, 70, 4))
    first, second = pages_of(notes)
    assert np.argwhere(first).tolist() == [[39, x] for x in range(90, 100)] + [[43, 92], [43, 93]]
    assert list(pages_of(notes, quirks=True)) == []  # nothing on the first page
    first, second = pages_of((Note(0, 50, 1), *notes), quirks=True)
    assert np.argwhere(first).tolist() == [[29, 0]]
    assert np.argwhere(second).tolist() == [[39, x] for x in range(10)] + [[49, x] for x in range(20, 24)]
    assert not any(page[:, -1].any() for page in pages_of((Note(0, 50, 1), Note(98, 60, 2)), quirks=True))


def test_pitches_outside() -> None:
    [page] = pages_of((Note(0, 60, 1), Note(0, 20, 1), Note(0, 127, 1)))
    assert np.argwhere(page).tolist() == [[39, 0]]
    [page] = pages_of((Note(0, 20, 1),), quirks=True)
    assert np.argwhere(page).tolist() == [[105, 0]]  # from the other end
    song = Song((Track((Note(0, 60, 1),), name="a"), Track((Note(0, 127, 1),)), Track((Note(0, 60, 1),), name="b")), 4)
    assert [name for name, _ in article_images(song, "x", quirks=True)] == ["x_a_0.png"]


def test_names_of_files(tmp_path: Path) -> None:
    note = (Note(0, 60, 1), Note(150, 60, 1))
    song = Song(
        (Track(note, name="Flute"), Track(note), Track(note[:1], name="../Flute"), Track(note, name="Flute")), 200
    )
    names = [path.name for path in write_article_images(song, tmp_path / "new", "fugue")]
    assert names == [
        "fugue_Flute_0.png",
        "fugue_Flute_1.png",
        "fugue_instrument_0_0.png",
        "fugue_instrument_0_1.png",
        "fugue__Flute_0.png",
        "fugue_Flute-2_0.png",
        "fugue_Flute-2_1.png",
    ]
    with Image.open(tmp_path / "new" / names[0]) as image:
        assert (image.size, image.mode) == ((COLUMNS, ROWS), "L")
        assert song_of_pages([page_of(read_article_pixels(image))]).tracks[0].notes == (Note(0, 60, 1, 90),)
    assert len(write_article_images(song, tmp_path / "quirks", "fugue", quirks=True)) == 5  # one overwritten
    with pytest.raises(MediaError, match="cannot be written"):
        write_article_images(song, tmp_path / "new" / names[0], "fugue")


def test_another_grid_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="4 columns a beat, the song 12"):
        list(article_images(Song((), 4, 12), "x"))


def test_the_articles_106_columns_are_16ths_again() -> None:
    [page] = pages_of((Note(0, 60, 4), Note(50, 64, 4), Note(96, 67, 4)))
    square = np.asarray(Image.fromarray(page).resize((ROWS, ROWS), Image.Resampling.LANCZOS))
    [track] = song_of_pages([page_of(square)]).tracks
    assert track.notes == (Note(0, 60, 4, 90), Note(50, 64, 4, 90), Note(96, 67, 4, 90))


@pytest.mark.parametrize("size", [(106, 100), (128, 160), (256, 256), (1024, 512)])
def test_larger_pictures_lose_nothing(size: tuple[int, int]) -> None:
    page = np.where(np.random.default_rng(5).random((ROWS, COLUMNS)) < 0.3, 255, 0).astype(np.uint8)
    assert enlarged(page, size).shape == (*size, 3)
    assert (page_of(enlarged(page, size)) == page).all()
    with pytest.raises(ValueError, match="needs 100x106 pixels, not 64x128"):
        enlarged(page, (128, 64))


def test_what_is_brighter_than_half_is_on() -> None:
    page = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    page[10, 5], page[11, 5], page[12, 5] = (127, 127, 128), (128, 128, 128), (255, 129, 0)
    assert [note.pitch for note in song_of_pages([page_of(page)]).tracks[0].notes] == [32, 33]
    page[:, 0] = 255  # greys that are no pitch of the image
    assert [note.pitch for note in song_with_quirks(page).tracks[0].notes] == [121]  # 0.99 of 128 is not


def test_the_first_column_is_taken_for_pitches() -> None:
    page = np.zeros((ROWS, COLUMNS), np.uint8)
    page[39, 0:4] = 255
    page[43, 10:12] = 255
    assert song_of_pages([page_of(page)]).tracks[0].notes == (Note(0, 60, 4, 90), Note(10, 64, 2, 90))
    song = song_with_quirks(page)
    assert song.tracks[0].notes == (Note(0, 60, 3, 90), Note(0, 123, 1, 90), Note(9, 64, 2, 90))  # black: middle C
    assert song.length == COLUMNS - 1
    page[:, 0] = 64  # as pitch it sounds into what it does not touch, or is lost with it
    page[43, 1:3] = 255
    assert [note.start for note in song_with_quirks(page).tracks[0].notes] == [0, 9]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(0, 2**32 - 1))
def test_any_image_is_music(rows: int, columns: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), np.uint8)
    for song in (song_of_pages([page_of(pixels)]), song_with_quirks(pixels)):
        assert all(0 <= note.pitch <= 127 and note.start >= 0 for note in song.tracks[0].notes)
        assert all(note.start + note.length <= song.length for note in song.tracks[0].notes)


def test_greys_are_the_pitches_that_music21_makes_of_them() -> None:
    pitch = pytest.importorskip("music21.pitch", reason="needs the extra `compose`")
    for grey in range(256):
        of_rgb = float(np.full(3, grey, np.uint8) @ np.full(3, 0.33))
        assert [_pitch_of_grey(grey), _pitch_of_grey(of_rgb)] == [pitch.Pitch(grey).midi, pitch.Pitch(of_rgb).midi]
