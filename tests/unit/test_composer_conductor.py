"""Conductors: music never stops, no note hangs, the tempo follows wishes from beat to beat, nothing drifts."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.composer.beats import FASTEST_WRITTEN, TokenBars, bars_of_song
from livegan.composer.conductor import FASTEST, LED, SLOWEST, Bar, Beat, BeatEvent, Conductor
from livegan.composer.song import Note, Song, Track
from livegan.composer.voices import HOLD, PITCHES, REST, Tokens
from livegan.core.timeline import NoteEvent, Retime, TimedBeat, Timeline


def tokens(seed: int, bars: int = 1) -> Tokens:
    rng = np.random.default_rng(seed)
    shape = (16 * bars, 4)
    drawn = rng.integers(0, PITCHES, shape)
    return np.where(rng.random(shape) < 0.6, HOLD, np.where(rng.random(shape) < 0.1, REST, drawn)).astype(np.int8)


def played(conductor: Conductor, seconds: float, step_s: float = 0.05) -> list[TimedBeat]:
    """Every beat that is fixed while the music plays so long."""
    beats: dict[int, TimedBeat] = {}
    for at_s in np.arange(0, seconds, step_s):
        conductor.advance(float(at_s))
        beats |= {beat.number: beat for beat in conductor.timeline.now.fixed}
    return [beats[number] for number in sorted(beats)]


def hanging(events: list[NoteEvent]) -> set[tuple[int, int]]:
    sounding: set[tuple[int, int]] = set()
    for event in events:
        key = (event.voice, event.pitch)
        (sounding.add if event.on else sounding.discard)(key)
        assert sum(voice == event.voice for voice, _ in sounding) <= 1, "a voice has one note"
    return sounding


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 100))
def test_a_late_bar_is_replaced_by_the_last_one_and_no_note_hangs(late: list[bool], seed: int) -> None:
    source = TokenBars()
    answers = iter([False, *late])
    number = iter(range(1000))

    def next_bar() -> Bar | None:
        return None if next(answers, False) else source.bar(tokens(seed + next(number)))

    conductor = Conductor(Timeline(), next_bar, 240.0)
    beats = played(conductor, 14.0)
    assert beats[-1].end_s > 14.0
    assert all(one.end_s == two.start_s for one, two in pairwise(beats))
    assert [beat.in_bar for beat in beats] == [at % 4 for at in range(len(beats))]
    hanging([event for beat in beats for event in beat.events])


def test_bars_that_are_late_are_counted_and_ones_in_time_are_not() -> None:
    source, there = TokenBars(), [True] * 3
    conductor = Conductor(Timeline(), lambda: source.bar(tokens(1)) if there and there.pop() else None, 240.0)
    played(conductor, 6.0)
    assert conductor.bars == 3
    assert conductor.repeated == 4


def test_nothing_drifts_in_ten_minutes() -> None:
    source = TokenBars()
    conductor = Conductor(Timeline(), lambda: source.bar(tokens(3)), 93.7)
    beats = played(conductor, 600.0, 0.5)
    worst_s = max(abs(beat.start_s - beat.number * 60 / 93.7) for beat in beats)
    assert len(beats) > 930
    assert worst_s < 1e-9


def test_a_tap_sets_the_tempo_and_leads_the_beats_to_where_it_falls() -> None:
    source, timeline = TokenBars(), Timeline()
    conductor = Conductor(timeline, lambda: source.bar(tokens(3)), 90.0)
    played(conductor, 2.0)
    timeline.wishes.put(Retime(bpm=120.0, beat_s=10.2))
    beats = [beat for beat in played(conductor, 12.0) if beat.start_s > 4.0]
    for one, two in pairwise(beats):
        assert abs(two.length_s / one.length_s - 1) <= 2 * LED + 0.01
    on = [beat for beat in beats if beat.start_s > 9.0]
    assert [(beat.start_s - 10.2) % 0.5 for beat in on] == pytest.approx([0.0] * len(on), abs=1e-6) or [
        (beat.start_s - 10.2 + 0.25) % 0.5 for beat in on
    ] == pytest.approx([0.25] * len(on), abs=1e-6)
    assert on[-1].bpm == pytest.approx(120.0)


def test_halving_doubling_pace_and_nudges() -> None:
    source, timeline, pace = TokenBars(), Timeline(), [1.0]
    conductor = Conductor(timeline, lambda: source.bar(tokens(3)), 100.0, lambda: pace[0])
    timeline.wishes.put(Retime(factor=2.0))
    conductor.advance(0.0)
    assert timeline.now.fixed[0].bpm == pytest.approx(200.0)
    pace[0] = 0.5
    conductor.advance(timeline.now.end_s)
    assert timeline.now.fixed[-1].bpm == pytest.approx(100.0)
    timeline.wishes.put(Retime(shift=1 / 16))
    beats = played(conductor, 8.0)
    assert (beats[-1].start_s - beats[1].start_s) / 0.6 == pytest.approx(len(beats) - 2 - 1 / 16, abs=1e-9)
    pace[0] = 1e9
    conductor.advance(timeline.now.end_s)
    assert timeline.now.fixed[-1].bpm <= FASTEST * 1.001


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.5, 2.0]), max_size=1200), st.lists(st.sampled_from([-0.25, 0.25]), max_size=60))
def test_after_any_number_of_wishes_a_tap_is_followed_at_once(factors: list[float], nudges: list[float]) -> None:
    source, timeline = TokenBars(), Timeline()
    conductor = Conductor(timeline, lambda: source.bar(tokens(3)), 100.0)
    for wish in [*(Retime(factor=factor) for factor in factors), *(Retime(shift=shift) for shift in nudges)]:
        timeline.wishes.put(wish)
        conductor.advance(timeline.now.end_s)
        assert SLOWEST <= conductor.bpm <= FASTEST
    timeline.wishes.put(Retime(factor=2.0 if conductor.bpm < 100 else 0.5))
    before = conductor.bpm
    conductor.advance(timeline.now.end_s)
    assert conductor.bpm == pytest.approx(2 * before if before < 100 else before / 2)
    timeline.wishes.put(Retime(bpm=150.0))
    beats = played(conductor, timeline.now.end_s + 8.0)
    assert conductor.bpm == pytest.approx(150.0)
    assert [beat.bpm for beat in beats[-8:]] == pytest.approx([150.0] * 8)


def test_what_is_nudged_often_is_caught_up_in_half_a_beat() -> None:
    source, timeline = TokenBars(), Timeline()
    conductor = Conductor(timeline, lambda: source.bar(tokens(3)), 100.0)
    for _ in range(60):
        timeline.wishes.put(Retime(shift=0.25))
    beats = played(conductor, 8.0)
    assert beats[-1].start_s / 0.6 == pytest.approx(len(beats) - 1 - 0.5, abs=1e-9)


def test_the_end_of_the_music_lets_every_note_go() -> None:
    bars = iter([Bar((Beat((BeatEvent(0.0, True, 0, 60, 80),)),)), Bar(())])
    conductor = Conductor(Timeline(), lambda: next(bars, Bar(())))
    conductor.advance(5.0)
    assert conductor.ended
    assert conductor.timeline.now.fixed[-1].events == (NoteEvent(0.5, False, 0, 60),)
    bars = iter([Bar((Beat(bpm=4.0),)), Bar(())])
    conductor = Conductor(Timeline(), bars.__next__)
    conductor.advance(15.0)
    assert conductor.timeline.now.end_s == pytest.approx(15.0 + 60.0 / SLOWEST)


def song(metres: tuple[tuple[int, int, int], ...] = ((0, 4, 4),)) -> Song:
    notes = tuple(Note(step, 60 + step % 7, 3, 90) for step in range(0, 60, 3))
    return Song((Track(notes), Track((Note(0, 36, 62),))), 62, metres=metres, tempos=((0, 120.0), (32, 60.0)))


def events_of(bars: list[Bar]) -> Iterator[NoteEvent]:
    conductor = Conductor(Timeline(), iter([*bars, Bar(())]).__next__)
    seen = 0
    while not conductor.ended:
        conductor.advance(conductor.timeline.now.end_s)
        new = [beat for beat in conductor.timeline.now.fixed if beat.number >= seen]
        seen += len(new)
        yield from (event for beat in new for event in beat.events)


@pytest.mark.parametrize("metres", [((0, 4, 4),), ((0, 3, 4),), ((0, 7, 8), (14, 2, 4)), ((0, 5, 16),)])
def test_a_song_keeps_its_notes_and_their_moments_in_any_metre(metres: tuple[tuple[int, int, int], ...]) -> None:
    given = song(metres)
    events = list(events_of(bars_of_song(given)))

    def moment(step: int) -> float:
        return step * 0.125 if step <= 32 else 4.0 + (step - 32) * 0.25

    struck = sorted((event.voice, event.pitch, event.time_s) for event in events if event.on)
    written = sorted(
        (voice, note.pitch, moment(note.start)) for voice, track in enumerate(given.tracks) for note in track.notes
    )
    assert [note[:2] for note in struck] == [note[:2] for note in written]
    late_s = np.array([one[2] - two[2] for one, two in zip(struck, written, strict=True)])
    if metres[0][2] > 4:  # the tempo changes within a beat, which is played evenly
        assert np.count_nonzero(np.abs(late_s) > 1e-9) == 1
        assert np.abs(late_s).max() < 0.2
    else:
        assert np.abs(late_s).max() < 1e-9
    assert sum(not event.on for event in events) == len(written)


@pytest.mark.parametrize("bpm", [3.6, 15.0, 1000.0, 9000.0])
def test_any_written_tempo_is_played_as_written_and_a_player_leads_it_within_limits(bpm: float) -> None:
    bars = bars_of_song(Song((Track((Note(0, 60, 400),)),), 400, tempos=((0, bpm),)))
    (_, end) = events_of(bars)
    assert end.time_s == pytest.approx(100 * 60 / bpm)
    conductor = Conductor(Timeline(), iter(bars).__next__)
    conductor.advance(0.0)
    conductor.timeline.wishes.put(Retime(bpm=100.0))
    conductor.advance(conductor.timeline.now.end_s)
    assert conductor.bpm == pytest.approx(100.0)
    assert conductor.timeline.now.expected[0].bpm == pytest.approx(100.0)


@pytest.mark.parametrize("metres", [((0, 255, 4),), ((0, 1, 128),), tuple((at, 1, 128) for at in range(4096))])
@pytest.mark.parametrize("length", [1, 4 * 4096])
def test_bars_of_any_metre_are_few_and_hold_all_the_music(
    metres: tuple[tuple[int, int, int], ...], length: int
) -> None:
    bars = bars_of_song(Song((Track((Note(0, 60, length),)),), length, metres=metres))
    assert len(bars) <= 2 + length / 2
    assert sum(beat.quarters for bar in bars for beat in bar.beats) >= length / 4
    assert sum(len(beat.events) for bar in bars for beat in bar.beats) == 2


def test_a_tempo_that_no_music_has_is_played_in_finite_time() -> None:
    beats = bars_of_song(Song((Track((Note(0, 60, 1),)),), 1, tempos=((0, 6e7),)))[0].beats
    assert [beat.bpm for beat in beats] == pytest.approx([FASTEST_WRITTEN] * 4)
