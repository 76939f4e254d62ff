"""Piano rolls: a song is its roll, and families of instruments."""

import numpy as np
import pytest
from hypothesis import given, settings

from livegan.composer import piano_roll
from livegan.composer.families import ALL_FAMILIES, FAMILIES, by_family
from livegan.composer.midi_file import midi_bytes, parse_midi
from livegan.composer.piano_roll import notes_of_cells, roll_of, song_of_roll
from livegan.composer.song import Note, Song, Track
from livegan.errors import ComposeError
from tests.songs_drawn import songs


@settings(max_examples=40, deadline=None)
@given(songs())
def test_a_song_is_its_roll(song: Song) -> None:
    roll = roll_of(song)
    assert roll.velocity.shape == roll.onset.shape == (len(song.tracks), song.length, 128)
    assert song_of_roll(roll) == song
    through_a_file = parse_midi(midi_bytes(song), steps_per_beat=song.steps_per_beat).song
    assert song_of_roll(roll_of(through_a_file)) == song


@settings(max_examples=20, deadline=None)
@given(songs())
def test_a_range_of_pitches_holds_the_notes_within(song: Song) -> None:
    roll = roll_of(song, (40, 90))
    assert roll.velocity.shape[2] == 50
    within = [tuple(note for note in track.notes if 40 <= note.pitch < 90) for track in song.tracks]
    assert [track.notes for track in song_of_roll(roll).tracks] == within


@settings(max_examples=20, deadline=None)
@given(songs())
def test_families_have_every_note(song: Song) -> None:
    merged = by_family(song)
    assert [track.name for track in merged.tracks] == [family.name for family in ALL_FAMILIES]
    assert merged.tracks[0].drums
    attacks = {(track.drums, note.start, note.pitch) for track in song.tracks for note in track.notes}
    assert {(track.drums, note.start, note.pitch) for track in merged.tracks for note in track.notes} == attacks
    assert by_family(merged) == merged
    assert all(sum(family.plays(track) for family in ALL_FAMILIES) == 1 for track in song.tracks)


def test_the_program_of_a_family_is_its_most_played() -> None:
    one, two = (Note(0, 60, 4),), (Note(0, 64, 2), Note(2, 60, 4))
    song = Song((Track(one, 40), Track(two, 48), Track(one, drums=True)), 8)
    merged = by_family(song, FAMILIES)
    assert [track.program for track in merged.tracks] == [0, 0, 25, 33, 48]
    assert merged.tracks[4].notes == (Note(0, 60, 2), Note(0, 64, 2), Note(2, 60, 4))


def test_notes_of_drawn_cells() -> None:
    cells = np.zeros((8, 3), np.uint8)
    cells[2:6, 1] = [90, 90, 40, 200]
    cells[7, 2] = 200
    assert notes_of_cells(cells, lowest=60) == (Note(2, 61, 4, 90), Note(7, 62, 1, 127))
    struck = np.zeros((8, 3), np.bool_)
    struck[4, 1] = struck[0, 0] = True  # no sound there: no note
    assert notes_of_cells(cells, struck, 60) == (Note(2, 61, 2, 90), Note(4, 61, 2, 40), Note(7, 62, 1, 127))
    assert notes_of_cells(np.zeros((0, 128), np.uint8)) == ()


def test_what_is_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piano_roll, "MAX_CELLS", 128 * 8)
    song = Song((Track((Note(0, 60, 4),)),), 8)
    assert song_of_roll(roll_of(song)) == song
    with pytest.raises(ComposeError, match="2 tracks of 8 steps are too much"):
        roll_of(Song(song.tracks * 2, 8))
    with pytest.raises(ValueError, match="not within"):
        roll_of(song, (60, 60))
