"""Piano roll pictures: coloured bars, training sets of them, and music out of pictures."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from livegan.cli import app
from livegan.composer.midi_file import read_midi, write_midi
from livegan.composer.picture_song import song_of_pictures
from livegan.composer.roll_colours import (
    LOWEST,
    PITCHES,
    cells_of,
    cells_of_picture,
    picture_of,
    song_of_cells,
    track_colours,
    windows_of,
)
from livegan.composer.song import Note, Song, Track
from livegan.datasets.dataset import ImageDataset
from livegan.errors import MediaError
from tests.songs_drawn import songs

SCALE = tuple(Note(4 * step, 60 + step, 3, 80) for step in range(16))  # four bars


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, " ".join((result.output + str(result.exception or "")).split())


def in_range(song: Song) -> Song:
    """The song as pictures know it: on a grid of 16ths, without drums, in their pitches, of one loudness."""
    tracks = tuple(
        replace(track, notes=tuple(replace(note, velocity=80) for note in track.notes), drums=False)
        for track in song.tracks
        if all(LOWEST <= note.pitch < LOWEST + PITCHES for note in track.notes)
    )
    return replace(song, tracks=tracks, steps_per_beat=4)


@settings(max_examples=25, deadline=None)
@given(songs())
def test_one_track_of_a_colour_is_kept_whole(song: Song) -> None:
    song = in_range(song)
    colours = track_colours(song.tracks)
    alone = replace(song, tracks=tuple(song.tracks[colours.index(colour)] for colour in sorted({*colours} - {None})))
    kept = song_of_cells(cells_of(alone))
    assert {track.notes for track in kept.tracks} == {track.notes for track in alone.tracks}
    assert kept.length == song.length


@settings(max_examples=15, deadline=None)
@given(songs())
def test_a_picture_of_any_size_holds_its_window(song: Song) -> None:
    for _, cells in windows_of(replace(song, steps_per_beat=4)):
        for size in ((64, 64), (128, 192)):
            assert (cells_of_picture(picture_of(cells, size)) == cells).all()


def test_the_highest_pitch_is_on_top_and_what_is_out_of_range_moves_by_octaves() -> None:
    song = Song((Track((Note(0, 91, 2), Note(1, 28, 1), Note(2, 92, 1), Note(3, 20, 1), Note(4, 4, 1))),), 64)
    [(start, cells)] = windows_of(song)
    picture = picture_of(cells, (64, 64))
    assert start == 0
    assert picture[0, :2].tolist() == [[255, 0, 0], [170, 0, 0]]
    assert picture[63, 1].tolist() == [255, 0, 0]
    assert [note.pitch for note in song_of_cells(cells).tracks[0].notes] == [91, 28, 80, 32, 28]


def test_colours_of_tracks() -> None:
    def track(pitch: int, program: int, drums: bool = False) -> Track:
        return Track((Note(0, pitch, 1),), program, drums)

    assert track_colours([track(60, 0), track(30, 33), track(70, 48), track(40, 0, drums=True)]) == [0, 2, 1, None]
    assert track_colours([track(48, 52), track(72, 52), track(60, 52), track(66, 52)]) == [2, 0, 1, 1]  # a choir
    assert track_colours([track(48, 33), Track(())]) == [2, None]


def test_windows_begin_at_bar_lines() -> None:
    def starts(length: int, metre: tuple[int, int]) -> list[int]:
        song = Song((Track((Note(0, 60, length),)),), length, metres=((0, *metre),))
        return [start for start, _ in windows_of(song)]

    assert starts(64, (4, 4)) == [0]
    assert starts(20, (4, 4)) == [0]  # the rest is silence
    assert starts(96, (4, 4)) == [0, 16, 32]
    assert starts(96, (3, 4)) == [0, 12, 24, 36]
    with pytest.raises(ValueError, match="4 columns a beat, the song 3"):
        cells_of(Song((), 4, 3))


def test_a_training_set_of_midi_files(tmp_path: Path) -> None:
    for place, program, shift in (("a/one", 0, 0), ("a/again", 0, 0), ("b/two", 48, 3)):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        notes = tuple(replace(note, pitch=note.pitch + shift) for note in SCALE)
        write_midi(Song((Track(notes, program),), 64), tmp_path / f"{place}.mid")
    (tmp_path / "b" / "broken.mid").write_bytes(b"no music")
    write_midi(Song((Track(SCALE[:3]),), 64), tmp_path / "b" / "short.mid")
    output = tmp_path / "set.zip"
    code, said = run("dataset", "midi", tmp_path, "--size", 64, "--labels", "-o", output)
    assert code == 0, said
    assert "left out: b/broken.mid: is no MIDI file: it has no header" in said
    assert "left out: 1 duplicate" in said
    assert "2 pictures of 2 classes (a, b)" in said
    with zipfile.ZipFile(output) as archive:
        assert json.loads(archive.read("dataset.json"))["classes"] == ["a", "b"]
        with archive.open("00000/img00000001.png") as file, Image.open(file) as image:
            image.save(tmp_path / "two.png")
    with ImageDataset(output) as data:
        assert len(data) == 2
    code, said = run("compose", "from-picture", tmp_path / "two.png")
    assert code == 0, said
    assert "two.mid: 16 notes in 64 sixteenths" in said
    [track] = read_midi(tmp_path / "two.mid").tracks
    assert (track.program, track.name) == (48, "green")
    assert track.notes == tuple(replace(note, pitch=note.pitch + 3) for note in SCALE)


def test_families_are_classes_where_there_are_no_folders(tmp_path: Path) -> None:
    write_midi(Song((Track(SCALE, 0), Track(SCALE[:9], 33), Track(SCALE, 0, drums=True)), 64), tmp_path / "a.mid")
    off_grid = tuple(Note(note.start * 4 + 1, note.pitch, 12) for note in (*SCALE, Note(64, 60, 2)))
    write_midi(Song((Track(off_grid, 30),), 280, 16), tmp_path / "b.mid")
    with (tmp_path / "b.mid").open("r+b") as file:
        file.truncate((tmp_path / "b.mid").stat().st_size - 8)
    code, said = run("dataset", "midi", tmp_path, "--size", 64, "--labels", "-o", tmp_path / "roll.zip")
    assert (code, "2 pictures of 2 classes (piano, guitar)" in said) == (0, True), said
    assert "b.mid is broken, and read in part: track 2 breaks off at byte" in said
    assert "17 of 58 notes began off the grid, and were moved to the nearest sixteenth" in said
    words = ("dataset", "midi", tmp_path, "--size", 256, "--labels", "--duplicates", "--layout", "article")
    code, said = run(*words, "-o", tmp_path / "article.zip", "--limit", 3)
    assert (code, "3 pictures of 3 classes (drums, piano, bass)" in said) == (0, True), said


def test_what_cannot_be_a_training_set_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    music = tmp_path / "music"
    music.mkdir()
    write_midi(Song((Track(SCALE[:3]),), 64), music / "a.mid")
    for words, sentence in (
        (("midi", tmp_path / "empty"), "there are no MIDI files in"),
        (("midi", tmp_path / "none"), "there is no folder"),
        (("midi", music, "--size", 100), "--size 100x100 is no multiple of 64"),
        (("midi", music, "--size", 64, "--layout", "article"), "--size 64x64 is less than 100x106"),
        (("midi", music, "--faces"), "--faces does not belong to MIDI files"),
        (("midi", music), "0 of 1 files are broken, and no picture of the others has 8 notes"),
        ((tmp_path / "empty", music), "one source at a time"),
        ((tmp_path / "empty", "--layout", "article"), "--layout does not belong to a folder of pictures"),
        (("patterns", "--layout", "article"), "--layout does not belong to patterns"),
    ):
        code, said = run("dataset", *words, "-o", tmp_path / "x.zip")
        assert code != 0
        assert sentence in said
    (music / "b").mkdir()
    write_midi(Song((Track(SCALE),), 64), music / "b" / "c.mid")
    code, said = run("dataset", "midi", music, "--labels", "-o", tmp_path / "x.zip")
    assert (code != 0, "a.mid is in none; move it into one" in said) == (True, True)
    assert not (tmp_path / "x.zip").exists()


def test_a_blurred_dark_picture_still_plays(tmp_path: Path) -> None:
    [(_, cells)] = windows_of(Song((Track(SCALE),), 64))
    drawn = Image.fromarray(picture_of(cells, (256, 256)))
    rng = np.random.default_rng(3)
    noisy = np.asarray(drawn.filter(ImageFilter.GaussianBlur(1))) * 0.9 + rng.normal(0, 12, (256, 256, 3))
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(tmp_path / "a.png")
    [track] = song_of_pictures([tmp_path / "a.png"]).tracks
    assert [(note.start, note.pitch) for note in track.notes] == [(note.start, note.pitch) for note in SCALE]


def test_a_roll_on_a_transparent_ground_has_its_own_notes_only(tmp_path: Path) -> None:
    drawn = np.zeros((128, 128, 4), np.uint8)
    for pitch, start in ((60, 10), (64, 30), (67, 60)):
        drawn[127 - pitch, start : start + 8] = (200, 0, 0, 255)
    Image.fromarray(drawn).save(tmp_path / "a.png")
    [track] = song_of_pictures([tmp_path / "a.png"]).tracks
    assert len(track.notes) == 3


def test_pages_there_and_back(tmp_path: Path) -> None:
    song = Song((Track((Note(0, 60, 4), Note(90, 64, 20), Note(110, 67, 2)), name="Oboe"),), 200)
    write_midi(song, tmp_path / "a.mid")
    code, said = run("compose", "pages", tmp_path / "a.mid", "-o", tmp_path / "pages")
    assert (code, "2 images, a_Oboe_0.png to a_Oboe_1.png" in said) == (0, True), said
    pages = sorted((tmp_path / "pages").iterdir())
    pages[0].write_bytes(b"mine")
    code, refused = run("compose", "pages", tmp_path / "a.mid", "-o", tmp_path / "pages")
    assert code != 0
    assert f"{pages[0]} is there already; type --overwrite, or give another folder with -o" in refused
    assert pages[0].read_bytes() == b"mine"
    code, said = run("compose", "pages", tmp_path / "a.mid", "-o", tmp_path / "pages", "--overwrite")
    assert code == 0
    code, said = run("compose", "from-picture", *pages, "-o", tmp_path / "b.mid")
    assert code == 0, said
    [track] = read_midi(tmp_path / "b.mid").tracks
    assert [(note.start, note.pitch, note.length) for note in track.notes] == [(0, 60, 4), (90, 64, 20), (110, 67, 2)]
    with_quirks = song_of_pictures([pages[0]], quirks=True)
    assert [note.start for note in with_quirks.tracks[0].notes] == [0, 0, 89]  # a middle C of black, 60, and 64 early
    code, said = run("compose", "from-picture", *pages, "--quirks", "-o", tmp_path / "c.mid")
    assert (code != 0, "--quirks plays one grey picture, not 2" in said) == (True, True)


def test_what_is_no_piano_roll_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match=r"a\.png cannot be read"):
        song_of_pictures([tmp_path / "a.png"])
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    with pytest.raises(MediaError, match=r"a\.png shows no note"):
        song_of_pictures([tmp_path / "a.png"])
