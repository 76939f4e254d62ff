"""Segments of a song: by bars and sections, by beats, and by MetaMusic's rule; what is heard in a song for them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from livegan.audio.demo import demo_track
from livegan.audio.song import Song, read_song
from livegan.config.load import load_venue
from livegan.studio.dream.film_clock import FilmClock
from livegan.studio.dream.sections import Section, novelty, sections
from livegan.studio.dream.segments import RULES, Segment, original_fps, segments
from livegan.studio.dream.song_analysis import STEP_S, SongAnalysis, hear


def heard_in(song: Song) -> SongAnalysis:
    listening = hear(song, load_venue(None))
    while True:
        try:
            assert 0 <= next(listening) <= 1
        except StopIteration as end:
            heard: SongAnalysis = end.value
            return heard


@pytest.fixture(scope="module")
def demo() -> SongAnalysis:
    """19 s of the demo: a new section at 4 and 12 s, 120 bpm."""
    song = read_song(demo_track(), 23.0)
    return heard_in(replace(song, samples=song.samples[4 * song.sample_rate :]))


def made_up(beats_s: list[float], seconds: float, loudness: list[float] | None = None) -> SongAnalysis:
    """A song of these beats, every fourth of which begins a bar; `loudness`: one for each second."""
    beats = np.array(beats_s)
    loud = np.array(loudness or [0.5] * int(np.ceil(seconds)))
    none = np.zeros(0)
    return SongAnalysis(seconds, beats, beats[::4], none, none, 1.0, loud, np.zeros((int(seconds / STEP_S), 3)))


def bounds(found: tuple[Segment, ...]) -> list[float]:
    """Where they begin, and the end."""
    return [*(each.start_s for each in found), found[-1].end_s]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "beats", [[], [0.4], [0.0, 0.5, 1.0], list(np.arange(0.3, 30, 0.48)), list(np.arange(0, 31, 2.9))]
)
@pytest.mark.parametrize("seconds", [0.2, 3.0, 30.7])
def test_segments_cover_a_song_without_gaps(rule: str, beats: list[float], seconds: float) -> None:
    heard = made_up([beat for beat in beats if beat < seconds], seconds)
    found = segments(rule, heard, [Section(0.0, seconds, 0)], 8.0)
    assert [each.number for each in found] == list(range(len(found)))
    assert found[0].start_s == 0.0
    assert found[-1].end_s == seconds
    assert all(before.end_s == after.start_s for before, after in pairwise(found))
    assert all(each.seconds > 0 for each in found)


def test_the_original_rule_is_metamusics() -> None:
    """0, every second beat, the end; longer than 4 s is halved, repeatedly; int(len * ips + 0.5) steps."""
    found = segments("original", made_up([1.0, 1.6, 2.5, 3.0], 13.0), [], 30.0)
    assert bounds(found) == [0.0, 1.0, 2.5, 5.125, 7.75, 10.375, 13.0]
    assert [each.iterations for each in found] == [30, 45, 79, 79, 79, 79]
    assert (original_fps(30, 1.0), original_fps(5, 1.0), original_fps(900, 2.0)) == (30.0, 10.0, 120.0)


def test_a_beat_at_the_very_beginning_is_no_cut_of_its_own() -> None:
    assert bounds(segments("original", made_up([0.0, 0.5, 1.0, 1.5], 2.0), [], 30.0)) == [0.0, 1.0, 2.0]


def test_the_rule_of_beats_is_music2videos() -> None:
    """One segment for each beat interval; 10 + 110 loudness steps, or int(len * ips)."""
    heard = made_up([0.0, 1.0, 2.0], 3.0, [0.0, 0.5, 1.0])
    assert bounds(segments("beats", heard, [], 0.0)) == [0.0, 1.0, 2.0, 3.0]
    assert [each.iterations for each in segments("beats", heard, [], 0.0)] == [10, 65, 120]
    assert [each.iterations for each in segments("beats", heard, [], 7.9)] == [7, 7, 7]


def test_sections_and_lyrics_begin_on_the_beat_and_loud_segments_get_more_steps() -> None:
    beats = (np.arange(60) * 0.5).tolist()
    heard = made_up(beats, 30.0, [0.1] * 15 + [0.9] * 15)
    found = segments("sections", heard, [Section(0.0, 15.2, 0), Section(15.2, 30.0, 1)], 8.0, [7.3])
    assert {7.5, 15.0} <= set(bounds(found))
    assert all(1.0 <= each.seconds <= 5.0 for each in found)
    assert all(2 * time_s == int(2 * time_s) for time_s in bounds(found))
    quiet, loud = found[1], found[-2]
    assert (quiet.label, loud.label) == (0, 1)
    assert loud.iterations / loud.seconds > 1.5 * quiet.iterations / quiet.seconds
    assert sum(each.iterations for each in found) == pytest.approx(8.0 * 30, rel=0.15)


def test_a_lyric_without_beats_begins_where_it_is_sung() -> None:
    assert 7.3 in bounds(segments("sections", made_up([], 20.0), [], 8.0, [7.3]))


def test_sections_of_the_demo_are_found_where_they_are(demo: SongAnalysis) -> None:
    found = sections(demo.rows, demo.seconds)
    assert [each.start_s for each in found] == pytest.approx([0.0, 4.0, 12.0], abs=0.5)
    assert len({each.label for each in found}) == 3


def test_the_beat_of_the_demo_is_known_from_the_first_second(demo: SongAnalysis) -> None:
    """Which the tracker does not know then."""
    phase = demo.beats_s % 0.5
    assert np.minimum(phase, 0.5 - phase).max() < 0.05
    assert np.diff(demo.beats_s) == pytest.approx(0.5, abs=0.06)
    assert demo.beats_s[0] < 0.51
    assert set(demo.downbeats_s) <= set(demo.beats_s)


def test_parts_that_come_again_have_the_label_of_the_first() -> None:
    rng = np.random.default_rng(3)
    a, b = np.eye(2)
    rows = np.concatenate([np.tile(part, (60, 1)) for part in (a, b, a, b)]) + 0.05 * rng.standard_normal((240, 2))
    found = sections(rows, 60.0)
    assert [each.label for each in found] == [0, 1, 0, 1]
    assert [each.start_s for each in found] == pytest.approx([0, 15, 30, 45], abs=0.5)


def test_novelty_is_footes_without_the_matrix_of_all_similarities() -> None:
    """The definition: a checkerboard, under a Gaussian, along the diagonal of the self-similarity."""
    rows = np.random.default_rng(2).standard_normal((150, 7))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    at = (np.arange(-32, 32) + 0.5) / 32
    board = np.sign(np.outer(at, at)) * np.exp(-4 * (at[:, None] ** 2 + at[None] ** 2))
    similar = np.pad(rows @ rows.T, 32, mode="edge")
    whole = [float((board * similar[i : i + 64, i : i + 64]).sum() / np.abs(board).sum()) for i in range(150)]
    assert novelty(rows) == pytest.approx(np.array(whole), abs=1e-12)
    hours = np.ones((4 * 3600 * 8, 3))
    assert novelty(hours).max() == pytest.approx(0.0, abs=1e-12)  # 8 h: the matrix would take 106 GB


def test_noise_of_one_kind_is_one_section() -> None:
    rows = np.random.default_rng(1).random((400, 12))
    assert len(sections(rows, 100.0)) == 1


@pytest.mark.parametrize("seconds", [0.05, 0.3, 6.0])
def test_silence_and_short_sounds_are_heard(seconds: float) -> None:
    heard = heard_in(Song(np.zeros((round(seconds * 16000), 1), np.float32), 16000))
    assert heard.seconds == pytest.approx(seconds)
    assert len(heard.beats_s) == len(heard.onsets_s) == 0
    assert np.isfinite(heard.loudness).all()
    assert heard.loudness.max() == 0.0
    assert len(segments("sections", heard, sections(heard.rows, heard.seconds), 8.0)) >= 1


def test_loudness_is_that_of_the_song() -> None:
    """0 in its quiet parts, 1 in its loud ones, at whatever level it is recorded."""
    t = np.arange(4 * 16000) / 16000
    sound = (np.sin(2 * np.pi * 220 * t) * np.where(t < 2, 0.05, 0.5))[:, None].astype(np.float32)
    for gain in (1.0, 0.01):
        heard = heard_in(Song(sound * np.float32(gain), 16000))
        assert heard.loudness_between(0.5, 1.5) < 0.1
        assert heard.loudness_between(2.5, 3.5) > 0.9


def test_frames_go_through_the_dream_in_order_and_faster_on_a_beat(demo: SongAnalysis) -> None:
    cuts = segments("sections", demo, sections(demo.rows, demo.seconds), 8.0)
    clock = FilmClock(cuts, demo, 30.0)
    moments = [clock.moment(frame) for frame in range(clock.frames)]
    assert clock.frames == 570
    assert [(m.segment, m.iteration, m.amount) for m in moments] == sorted(
        (m.segment, m.iteration, m.amount) for m in moments
    )
    assert all(0 <= m.amount <= 1 and 0 <= m.iteration < cuts[m.segment].iterations for m in moments)
    for number, cut in enumerate(cuts[1:], 1):  # each begins with its segment, on the frame
        first = next(at for at, m in enumerate(moments) if m.segment == number)
        assert 0 <= first / 30 - cut.start_s < 1 / 30 + 1e-9
    assert clock.pulses.min() >= 0
    assert clock.pulses.max() <= 1
    loud = demo.beats_s[demo.beats_s > 12.2]
    on_beat = np.mean([clock.pulse(time_s + 0.02) for time_s in loud])
    off_beat = np.mean([clock.pulse(time_s + 0.23) for time_s in loud[:-1]])
    assert on_beat > 2 * off_beat


def test_an_even_clock_shows_every_step_as_long_as_any_other() -> None:
    heard = made_up([0.0, 0.5, 1.0, 1.5], 2.0)
    clock = FilmClock((Segment(0, 0.0, 2.0, 20),), heard, 10.0, even=True)
    places = [clock.moment(frame).iteration + clock.moment(frame).amount for frame in range(20)]
    assert places == pytest.approx(range(20))
