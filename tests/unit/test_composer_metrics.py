"""Metrics of composed music on cases small enough to count by hand, and the laws they keep."""

import itertools
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.composer.controls import mixed_voices
from livegan.composer.harmony import chord_beats, chords, crossed_steps, parallels
from livegan.composer.metrics import LABELS, Measures, measure, measure_song, measure_songs
from livegan.composer.novelty import CopyFinder
from livegan.composer.song import Note, Song, Track
from livegan.composer.tonal_distance import tonal_distances
from livegan.composer.voices import HOLD, LOWEST, REST, TOKENS, Tokens, sounding


def moving(*rows: tuple[int, ...]) -> np.ndarray:
    """Pitches, a chord a step."""
    return np.array(rows, np.int16)


def test_parallel_fifth_octave_and_unison_are_found():
    assert parallels(moving((67, 60), (69, 62))) == 1
    assert parallels(moving((72, 60), (74, 62))) == 1
    assert parallels(moving((60, 60), (62, 62))) == 1
    assert parallels(moving((79, 60), (81, 62))) == 1, "a twelfth is a fifth"
    assert parallels(moving((67, 60), (67, 60), (69, 62))) == 1, "a held chord is one chord"


def test_contrary_oblique_and_imperfect_motion_is_no_parallel():
    assert parallels(moving((67, 60), (79, 48))) == 0, "contrary, from a fifth to a fifth"
    assert parallels(moving((67, 60), (67, 48))) == 0, "one voice stays"
    assert parallels(moving((64, 60), (65, 62))) == 0, "thirds"
    assert parallels(moving((68, 60), (67, 60))) == 0
    assert parallels(moving((67, 60), (-1, 62), (69, 62))) == 0, "nothing moves into a note after silence"


def chroma(*rows: tuple[int, ...]) -> np.ndarray:
    """Pitch classes of chords."""
    table = np.zeros((len(rows), 12), bool)
    for row, pitches in zip(table, rows, strict=True):
        row[[pitch % 12 for pitch in pitches]] = True
    return table


def test_triads_and_sevenths_are_chords_and_clusters_are_none():
    assert chord_beats(chroma((67, 64, 60, 48))) == (1, 1)
    assert chord_beats(chroma((65, 62, 59, 43))) == (1, 1), "G7"
    assert chord_beats(chroma((62, 60, 61, 48))) == (0, 1)
    assert chord_beats(chroma((), (67,))) == (1, 1), "silence is no beat"


def test_what_passes_within_a_beat_does_not_count():
    phrase = phrase_of((67, 64, 60, 48))
    phrase[2] = np.array([62, 61, 60, 48]) - LOWEST
    phrase[4] = np.array([67, 64, 60, 48]) - LOWEST
    assert measure(phrase[None]).chord_beats == 100


def test_crossed_voices_are_counted_once_a_step_and_unisons_are_not():
    assert crossed_steps(moving((60, 64, 67, 72), (60, 60, 60, 60), (72, 67, -1, 48))) == 1


def test_chords_change_with_any_pitch():
    assert len(chords(moving((60, 48), (60, 48), (62, 48), (-1, -1), (62, 48)))) == 3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 8), min_size=12, max_size=12).filter(lambda chroma: sum(chroma) > 1e-3))
def test_tonal_distance_of_equal_voices_is_nothing(chroma):
    row = np.array(chroma)
    assert tonal_distances(np.stack([row, row * 3])[:, None])[0] == pytest.approx(0, abs=1e-9)


def test_tonal_distance_orders_intervals_by_the_circle_of_fifths():
    notes = np.eye(12)
    distance = [float(tonal_distances(notes[[0, other]][:, None])[0]) for other in range(12)]
    assert distance[7] == pytest.approx(distance[5])
    assert distance[7] < distance[4] < distance[6]
    assert len(tonal_distances(np.zeros((2, 1, 12)))) == 0, "silence has no harmony"


def phrase_of(*bars: tuple[int, ...]) -> Tokens:
    """One whole-note chord a bar."""
    tokens = np.full((16 * len(bars), 4), HOLD, np.int8)
    for bar, pitches in enumerate(bars):
        tokens[bar * 16] = [REST if pitch < 0 else pitch - LOWEST for pitch in pitches]
    return tokens


def test_measures_of_a_phrase_counted_by_hand():
    phrase = phrase_of((67, 64, 60, 48), (66, 62, 57, -1))
    measures = measure(phrase[None])
    assert measures.empty_bars == pytest.approx(100 / 8)
    assert measures.pitches == measures.pitch_classes == 1
    assert measures.polyphonic == 100
    assert measures.in_scale == pytest.approx(100 * 6 / 7), "f sharp"
    assert measures.qualified == 100
    assert measures.chord_beats == 100
    assert measures.changes == 1
    assert measures.notes == 3.5
    assert measures.crossings == 0
    assert measures.parallels == 0
    assert isnan(measures.drum_pattern)
    assert len(LABELS) == len(Measures.__dataclass_fields__)


def test_sixteenths_are_not_qualified_and_many_pitches_are_used():
    scale = np.full((16, 4), REST, np.int8)
    scale[:, 0] = np.arange(16) + 24
    measures = measure(scale[None])
    assert (measures.qualified, measures.pitches, measures.pitch_classes) == (0, 16, 12)
    assert measures.empty_bars == 75


def song_of_tokens(phrase: Tokens, beat: int = 4) -> Song:
    """The tracks upside down, on another grid: neither matters."""
    pitches, tracks = sounding(phrase), []
    for voice in (3, 2, 1, 0):
        starts = [*np.flatnonzero(phrase[:, voice] != HOLD), len(phrase)]
        notes = tuple(
            Note(int(a) * beat // 4, int(pitches[a, voice]), int(b - a) * beat // 4)
            for a, b in itertools.pairwise(starts)
            if pitches[a, voice] >= 0
        )
        tracks.append(Track(notes))
    return Song(tuple(tracks), len(phrase) * beat // 4, beat)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 8, 12]))
def test_a_song_measures_as_its_tokens_do_on_any_grid(seed, beat):
    rng = np.random.default_rng(seed)
    phrase = rng.choice([HOLD] * 60 + list(range(TOKENS)), (64, 4)).astype(np.int8)
    phrase[0] = [40, 30, 20, 10]
    phrase = np.where(phrase >= REST, HOLD, phrase)  # no silence: the order by pitch is then that of the voices
    phrase = np.where(phrase < HOLD, phrase // 6 + np.array([40, 28, 14, 0], np.int8), phrase).astype(np.int8)
    of_tokens, of_song = measure(phrase[None]), measure_song(song_of_tokens(phrase, beat))
    for name in Measures.__dataclass_fields__:
        assert getattr(of_song, name) == pytest.approx(getattr(of_tokens, name), nan_ok=True), name


def test_songs_of_other_tracks_measure_what_makes_sense():
    chord = Track(tuple(Note(0, pitch, 16) for pitch in (60, 64, 67)))
    drums = Track((Note(0, 36, 1), Note(2, 42, 1), Note(3, 38, 1)), drums=True)
    measures = measure_songs([Song((chord, drums), 16)])
    assert measures.polyphonic == 100
    assert measures.drum_pattern == pytest.approx(100 * 2.1 / 3)
    assert isnan(measures.parallels)
    assert (measures.chord_beats, measures.changes) == (100, 1)
    assert measures.notes == 3, "drums apart"
    assert all(isnan(value) for value in (measure_songs([]).pitches, measure_song(Song((), 0)).in_scale))
    silence = measure_song(Song((), 64))
    assert silence.empty_bars == 100
    assert silence.notes == 0
    assert isnan(silence.pitches)
    assert isnan(silence.chord_beats)
    assert measure_song(Song((chord, Track(())), 16)).empty_bars == 50


def test_the_control_loses_harmony_and_keeps_every_line():
    rng = np.random.default_rng(1)
    chords_of = [phrase_of(*[tuple(root + np.array([31, 28, 24, 12]) + 36)] * 4) for root in rng.permutation(12)]
    phrases = np.stack(chords_of)
    mixed = mixed_voices(phrases, 3)
    assert (np.sort(mixed, axis=0) == np.sort(phrases, axis=0)).all(), "the same lines"
    assert all(len({int(root) for root in row[0] - phrases[0, 0]}) > 1 for row in mixed)
    assert (mixed_voices(phrases, 3) == mixed).all()


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    return np.random.default_rng(0).integers(48, 72, (400, 4)).astype(np.int16)


def test_copied_runs_are_found_wherever_they_are_and_in_any_key(music):
    finder = CopyFinder([music[:250], music[250:]])
    other = np.random.default_rng(9).integers(48, 72, (64, 4)).astype(np.int16)
    assert finder.longest(music[:64]) == 64
    assert finder.longest(other) <= 2
    for shift in (0, 5):
        copy = other.copy()
        copy[11:40] = music[300:329] + shift
        assert finder.longest(copy) == 29
    broken = music[100:164].copy()
    broken[20, 2] += 1
    assert finder.longest(broken) == 43
    assert finder.longest(music[240:260]) == 10, "not over the border of two pieces"
    assert finder.longest(music[:0]) == 0
    assert CopyFinder([]).longest(music) == 0


def test_copied_runs_agree_with_trying_every_place(music):
    body, phrase = music[:60] // 12 * 12, music[70:100] // 12 * 12

    def same(a: np.ndarray, b: np.ndarray) -> bool:
        return len({int(d) for d in (a - b).ravel()}) == 1

    naive = max(
        (
            length
            for length in range(1, 31)
            for i in range(31 - length)
            for j in range(61 - length)
            if same(phrase[i : i + length], body[j : j + length])
        ),
        default=0,
    )
    assert CopyFinder([body]).longest(phrase) == naive > 0
