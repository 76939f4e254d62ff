"""Timelines: what is fixed never changes, every event is read once, scores show what is about to sound."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.timeline import NoteEvent, TimedBeat, Timeline


def beat(start_s: float, length_s: float, number: int, *events: NoteEvent) -> TimedBeat:
    return TimedBeat(start_s, length_s, number, number % 4, 4, 60 / length_s, events, number // 4)


def scale(count: int, length_s: float = 0.5) -> list[TimedBeat]:
    """A note on every beat, as long as the beat."""
    beats = []
    for number in range(count):
        at_s = number * length_s
        end = [NoteEvent(at_s, False, 0, 60 + (number - 1) % 12)] if number else []
        beats.append(beat(at_s, length_s, number, *end, NoteEvent(at_s, True, 0, 60 + number % 12, 80)))
    return beats


@given(st.lists(st.floats(0.001, 3.0), min_size=1, max_size=30))
def test_every_event_is_read_once_however_it_is_cut(steps: list[float]) -> None:
    timeline = Timeline()
    timeline.put(tuple(scale(8)))
    whole = list(timeline.now.events(0.0, 4.0))
    assert len(whole) == 15
    marks = [0.0, *(mark for mark in np.cumsum(steps).tolist() if mark < 4.0), 4.0]
    parts = [event for one, two in pairwise(marks) for event in timeline.now.events(one, two)]
    assert parts == whole


def test_what_has_sounded_long_ago_is_forgotten_and_the_rest_stays() -> None:
    timeline = Timeline()
    beats = scale(200)
    for number in range(0, 200, 2):
        before = timeline.now.fixed[-10:]
        timeline.put(tuple(beats[number : number + 2]))
        assert timeline.now.fixed[-12:-2] == before
    assert 20 <= len(timeline.now.fixed) <= 30
    assert timeline.now.end_s == 100.0


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 20.0), st.integers(1, 40))
def test_a_held_note_is_in_the_score_from_its_press_to_its_end(length_s: float, together: int) -> None:
    """Beats of any length, fixed in portions of any size; above the held note others come and go."""
    timeline = Timeline()
    beats = scale(120, length_s)
    beats[0] = beat(0.0, length_s, 0, *beats[0].events, NoteEvent(0.0, True, 1, 36, 127))
    beats[100] = beat(end_s := beats[100].start_s, length_s, 100, NoteEvent(end_s, False, 1, 36), *beats[100].events)
    for at in range(0, 120, together):
        timeline.put(tuple(beats[at : at + together]))
        now_s = timeline.now.fixed[-1].start_s
        assert timeline.now.end_s > now_s
        held = [row for row in timeline.window(now_s).notes if row[3] == 1]
        known_s = min(timeline.now.end_s, end_s)
        if known_s > now_s - 4.0:
            assert [row[2] for row in held] == [36.0]
            assert [held[0][0] + now_s, held[0][1]] == pytest.approx([0.0, known_s], rel=1e-5, abs=1e-3)
        assert len(timeline.now.carried) <= 2  # the held note, and one of the others: what has ended is let go


def test_beats_and_scores_count_from_the_beginning_of_the_music() -> None:
    timeline = Timeline()
    timeline.origin_s = 1000.0
    beats = scale(16)
    timeline.put(tuple(beats[:12]), tuple(beats[12:]))
    assert timeline.beats_at(timeline.position_s(1002.25)) == 4.5
    score = timeline.window(1002.25)
    assert score.bar_s == 2.0
    assert score.bar_phase == 0.125
    starts = score.notes[:, 0]
    assert starts[0] == -2.25
    assert starts[-1] == 3.75  # expected, not fixed yet
    assert (np.diff(starts) == 0.5).all()
    assert (score.notes[:, 1] == 0.5).all()  # the last one to the end of what is known


def test_an_empty_timeline_has_no_notes_and_no_beats() -> None:
    timeline = Timeline()
    assert timeline.beats_at(3.0) == 0.0
    assert timeline.walk_at(3.0) is None
    assert timeline.window(3.0).notes.shape == (0, 5)
