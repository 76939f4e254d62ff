"""Pieces: keys, beginnings and ends, tunes that stay as they are, ways from one piece to another, performance."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from livegan.composer.expression import performed, phrase_edges
from livegan.composer.four_voices import song_of, tokens_of
from livegan.composer.key_analysis import Key
from livegan.composer.melody import cut, melody_track, skyline
from livegan.composer.piece import Wish, between, harmonise, key_of_seed, parse_key, write_piece
from livegan.composer.song import Note, Song, Track
from livegan.composer.styles import STYLES, find_style
from livegan.composer.tempo_map import TempoMap
from livegan.composer.voice import Voice, load_voice
from livegan.composer.voices import HOLD, Tokens, sounding
from livegan.errors import ComposeError


@pytest.fixture(scope="module")
def voice() -> Voice:
    return load_voice()


def pitch_classes(song: Song, step: int) -> set[int]:
    return {
        note.pitch % 12
        for track in song.tracks
        for note in track.notes
        if note.start <= step < note.start + note.length
    }


def scale(*pitches: int, length: int = 4) -> Tokens:
    """One chord after another, all voices together: 36 + pitch and octaves above."""
    rows = np.full((len(pitches) * length, 4), HOLD, np.int8)
    for index, pitch in enumerate(pitches):
        rows[index * length] = (pitch + 31, pitch + 24, pitch + 16, pitch)
    return rows


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C", Key(0, "major")),
        ("d", Key(2, "minor")),
        ("F# minor", Key(6, "minor")),
        ("Bbm", Key(10, "minor")),
        ("e flat", None),
        ("bb", Key(10, "minor")),
        ("A Major", Key(9, "major")),
        ("H", None),
        ("", None),
        ("minor", None),
    ],
)
def test_keys_are_read_as_people_write_them(text: str, key: Key | None) -> None:
    if key is None:
        with pytest.raises(ComposeError, match="is no key"):
            parse_key(text)
    else:
        assert parse_key(text) == key


@pytest.mark.parametrize("seed", range(4))
def test_a_piece_begins_and_ends_on_its_tonic_and_its_last_chord_is_held(voice: Voice, seed: int) -> None:
    key = key_of_seed(seed)
    triad = {key.tonic, (key.tonic + (4 if key.mode == "major" else 3)) % 12, (key.tonic + 7) % 12}
    song = write_piece(voice, seed, Wish(find_style("chorale"), bars=3))
    last = max(note.start for track in song.tracks for note in track.notes)
    for step in (0, last):
        assert pitch_classes(song, step) <= triad
        assert (
            min((n for t in song.tracks for n in t.notes if n.start == step), key=lambda n: n.pitch).pitch % 12
            == key.tonic
        )
    assert song.length == 48
    assert song.length - last >= 8
    assert all(track.notes[-1].start + track.notes[-1].length == song.length for track in song.tracks)


def test_another_key_is_the_same_piece_moved(voice: Voice) -> None:
    style = find_style("piano")
    plain = write_piece(voice, 3, Wish(style, bars=2, key=Key(9, "minor")))
    moved = write_piece(voice, 3, Wish(style, bars=2, key=Key(2, "minor")))
    for one, other in zip(plain.tracks, moved.tracks, strict=True):
        assert [note.pitch + 5 for note in one.notes] == [note.pitch for note in other.notes]


@pytest.mark.parametrize("name", STYLES)
def test_every_style_plays_the_notes_it_was_given(name: str) -> None:
    style = STYLES[name]
    tokens = np.concatenate([scale(0, 2, 4, 5, 7, 9, 11), scale(12, length=20)])
    written = song_of(tokens, programs=style.programs)
    song = performed(written, style, style.bpm)
    assert np.array_equal(tokens_of(song), tokens_of(written))
    assert [track.program for track in song.tracks] == list(style.programs)
    assert all(1 <= note.velocity <= 127 for track in song.tracks for note in track.notes)
    assert all(0.4 * style.bpm < bpm < 1.2 * style.bpm for _, bpm in song.tempos)
    assert performed(written, style, style.bpm) == song
    steering = style.steering("minor")
    assert (steering.clipped().density, steering.clipped().tension) == (style.density, style.tension)


def test_the_end_is_slower_the_middle_of_a_phrase_louder_and_beats_stand_out() -> None:
    tokens = np.concatenate([scale(*range(8), length=2), scale(*[4] * 12, length=4), scale(0, length=16)])
    song = performed(song_of(tokens), find_style("piano"), 100.0)
    tempo = TempoMap(song)
    first, last = tempo.seconds(4), tempo.seconds(song.length) - tempo.seconds(song.length - 4)
    assert last > 1.6 * first
    loud = [note.velocity for note in song.tracks[1].notes]
    assert loud[0] > loud[1] < loud[2]  # beat, off beat, beat
    repeated = {note.start: note.velocity for note in song.tracks[1].notes if note.length == 4}
    assert max(repeated.values()) - min(repeated.values()) > 10
    assert repeated[32] > repeated[16]
    organ = performed(song_of(tokens), find_style("organ"), 100.0)
    assert len({note.velocity for note in organ.tracks[0].notes}) == 1


def test_phrases_end_on_chords_that_are_held_and_cover_the_song() -> None:
    tokens = np.concatenate([scale(*range(7)), scale(0, length=8), scale(*range(7)), scale(0, length=8)])
    assert phrase_edges(song_of(tokens)) == [0, 36, 72]
    running = song_of(scale(*[0, 2] * 40, length=4))
    edges = phrase_edges(running)
    assert edges[0] == 0
    assert edges[-1] == running.length
    assert all(24 <= two - one <= 88 for one, two in pairwise(edges))
    assert phrase_edges(Song((), 0)) == [0]


def test_the_skyline_is_the_highest_line_and_one_voice_stays_the_same() -> None:
    line = Track(tuple(Note(4 * i, 60 + i % 5, 4 + i % 2, 70 + i) for i in range(9)), 5, name="tune")
    assert skyline(line) == line  # notes that overlap a little are legato, not chords
    below = tuple(Note(note.start, note.pitch - 5, note.length) for note in line.notes)
    held = (Note(1, 40, 30),)
    chords = replace(line, notes=tuple(sorted((*line.notes, *below, *held))))
    assert skyline(chords) == line
    ends = [note.start + note.length for note in cut(line).notes]
    assert all(end <= start for end, start in zip(ends, [note.start for note in line.notes[1:]], strict=False))


def test_the_tune_is_the_high_track_that_sounds_or_the_one_that_was_asked_for() -> None:
    bass, lead = Track((Note(0, 40, 16),), name="Bass"), Track((Note(0, 70, 8), Note(8, 72, 8)), name="Lead")
    bell, drums = Track((Note(4, 90, 1),), name="Bell"), Track((Note(0, 99, 16),), drums=True)
    song = Song((bass, lead, bell, drums), 16)
    assert melody_track(song) is lead
    assert melody_track(song, "1") is bass
    assert melody_track(song, "bell") is bell
    for nobody in ("4", "9", "viola"):
        with pytest.raises(ComposeError, match="there are: 1 Bass, 2 Lead, 3 Bell"):
            melody_track(song, nobody)
    with pytest.raises(ComposeError, match="no notes"):
        melody_track(Song((drums,), 16))


@pytest.mark.parametrize(("per_beat", "low", "as_voice"), [(4, 69, "soprano"), (48, 69, "soprano"), (4, 45, "bass")])
def test_a_harmonised_tune_stays_as_it_is(voice: Voice, per_beat: int, low: int, as_voice: str) -> None:
    third = per_beat // 3 if per_beat == 48 else per_beat
    steps = (0, 2, 4, 5, 7, 5, 4, 2, 0, -1, 0, 0)
    notes = tuple(Note(i * third, low + up, third, 60 + i) for i, up in enumerate(steps))
    tune = Song((Track(notes, 40, name="tune"),), 12 * third, per_beat, ((0, 90.0), (third, 80.0)), ((0, 3, 4),))
    song = harmonise(voice, tune, 5, Wish(find_style("strings")), as_voice)  # type: ignore[arg-type]
    place = 0 if as_voice == "soprano" else 3
    assert song.tracks[place].notes == notes
    assert song.tracks[place].program == 40
    assert (song.tempos, song.metres, song.steps_per_beat) == (tune.tempos, tune.metres, per_beat)
    assert len(song.tracks) == 4
    assert all(track.notes for track in song.tracks)
    inner = [note.pitch for track in song.tracks[1:3] for note in track.notes]
    outer = [note.pitch for note in notes]
    assert np.mean(inner) < np.mean(outer) if place == 0 else np.mean(inner) > np.mean(outer)
    assert harmonise(voice, tune, 5, Wish(find_style("strings")), as_voice) == song  # type: ignore[arg-type]


def test_an_interpolation_begins_like_the_one_and_ends_like_the_other(voice: Voice) -> None:
    wish = Wish(replace(find_style("chorale"), temperature=0.5), bars=6)
    one = write_piece(voice, 11, replace(wish, key=Key(0, "major")))
    other = write_piece(voice, 12, replace(wish, key=Key(0, "major")))
    way = between(voice, one, other, 1, wish)

    def distance(song: Song, bar: int) -> float:
        mine, theirs = sounding(tokens_of(way)), sounding(tokens_of(song))
        rows = slice(16 * bar, 16 * bar + 16)
        return float(np.abs(mine[rows].astype(float) - theirs[rows]).mean())

    assert distance(one, 0) < distance(other, 0)
    assert distance(other, 4) < distance(one, 4)
    with pytest.raises(ComposeError, match="has no notes"):
        between(voice, one, Song((), 16), 1, wish)
    tune = Song((Track((Note(0, 72, 4), Note(4, 74, 4), Note(4, 65, 2))),), 16)  # not four voices: its melody leads
    assert between(voice, tune, other, 1, wish, steps=2).length == 96


def test_a_style_that_there_is_not_names_the_nearest() -> None:
    with pytest.raises(ComposeError, match="did you mean 'organ'"):
        find_style("orgn")
