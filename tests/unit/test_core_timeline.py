"""Timelines: what is fixed never changes, every event is read once, scores show what is about to sound."""

from itertools import pairwise

import numpy as np
from hypothesis import given
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
