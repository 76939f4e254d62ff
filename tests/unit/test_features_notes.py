"""Note features: exact to the hop, whatever the blocks; nothing without music that is known."""

import numpy as np
import pytest

from livegan.core.timeline import NoteEvent, Retime, TimedBeat, Timeline
from livegan.features import Listening
from livegan.features.beat_clock import BarClock, TappableClock
from livegan.features.music_clock import MusicClock
from livegan.features.notes import tension

RATE = 48000
BEAT_S = 60 / 97


def timeline(origin_s: float = 0.0) -> Timeline:
    """Two voices: one note on each beat, a long one below; three beats a bar."""
    music = Timeline()
    music.origin_s = origin_s
    beats = []
    for number in range(12):
        at_s = number * BEAT_S
        events = [NoteEvent(at_s, False, 0, 72 + number - 1)] if number else [NoteEvent(at_s, True, 1, 48, 64)]
        events += [NoteEvent(at_s, True, 0, 72 + number, 127)]
        beats.append(TimedBeat(at_s, BEAT_S, number, number % 3, 3, 97.0, tuple(events), number // 3))
    music.put(tuple(beats))
    return music


def heard(block: int, origin_s: float = 0.0, seconds: float = 5.0) -> tuple[Listening, np.ndarray]:
    music = timeline(origin_s)
    listening = Listening(RATE, 1, beat_clock=MusicClock(music), timeline=music)
    sound = np.zeros((round(seconds * RATE), 1), np.float32)
    for start in range(0, len(sound), block):
        part = sound[start : start + block]
        listening.process(part, origin_s + (start + len(part)) / RATE)
    return listening, listening.ring.history(10_000)[1]


@pytest.mark.parametrize(("block", "origin_s"), [(256, 0.0), (1000, 0.0), (77, 86400.125)])
def test_each_note_is_in_the_hop_that_holds_its_first_sample(block: int, origin_s: float) -> None:
    listening, rows = heard(block, origin_s)
    column = listening.layout.index
    hop = listening.setup.hop
    onsets = rows[:, column["note.onset"]]
    struck = np.flatnonzero(onsets == 1.0)
    expected = [round(number * BEAT_S * RATE) // hop for number in range(12)]
    assert struck.tolist() == [at for at in expected if at < len(rows)]
    for number, at in enumerate(struck):
        assert rows[at, column["voice.1.pitch"]] == pytest.approx(min((72 + number - 36) / 47, 1))
        assert rows[at, column["voice.1.onset"]] == 1.0
        assert rows[at, column["voice.1.velocity"]] == 1.0
        assert rows[at, column["voice.2.velocity"]] == pytest.approx(64 / 127)
        assert rows[at, column["note.count"]] == 2
        name = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"][number % 12]
        assert rows[at, column[f"note.{name}"]] == 1.0
    assert rows[:, column["note.C"]].min() >= 64 / 127 - 1e-6  # the long note below


@pytest.mark.parametrize("begins_s", [40.0, 0.0])
def test_who_listens_from_the_middle_or_after_a_gap_hears_what_sounds_then(begins_s: float) -> None:
    """A note held for a minute, another that ends in the gap, and a new one every half second."""
    music, listening = Timeline(), None
    for number in range(100):
        at_s = number / 2
        events = [NoteEvent(at_s, False, 0, 60 + (number - 1) % 12), NoteEvent(at_s, True, 0, 60 + number % 12, 127)]
        if number == 0:
            events = [NoteEvent(0.0, True, 1, 48, 64), NoteEvent(0.0, True, 2, 47, 64), *events]
        if number == 10:
            events = [NoteEvent(at_s, False, 2, 47), *events]
        music.put((TimedBeat(at_s, 0.5, number, number % 4, 4, 120.0, tuple(events), number // 4),))
        if listening is None and at_s >= begins_s:
            listening = Listening(RATE, 1, timeline=music)
            listening.process(np.zeros((256, 1), np.float32), at_s + 256 / RATE)
    assert listening is not None
    column = listening.layout.index
    assert listening.ring.history(1)[1][-1][column["note.density"]] <= 3 / 32  # only what begins in this hop
    listening.process(np.zeros((2560, 1), np.float32), 49.3)
    row = listening.ring.history(1)[1][-1]
    assert row[column["voice.2.velocity"]] == pytest.approx(64 / 127)
    assert row[column["voice.3.velocity"]] == 0.0
    assert row[column["note.count"]] == 2


def test_beat_and_bar_are_those_of_the_music() -> None:
    listening, rows = heard(256)
    column, hop = listening.layout.index, listening.setup.hop
    ends_s = (np.arange(len(rows)) + 1) * hop / RATE
    assert rows[:, column["beat.phase"]] == pytest.approx(ends_s / BEAT_S % 1, abs=1e-4)
    assert rows[:, column["bar.phase"]] == pytest.approx(ends_s / BEAT_S % 3 / 3, abs=1e-4)
    assert (rows[:, column["beat.bpm"]] == 97).all()


def test_without_known_music_every_note_feature_is_nothing() -> None:
    listening = Listening(RATE, 1)
    listening.process(np.random.default_rng(1).standard_normal((RATE, 1)).astype(np.float32) * 0.2, 1.0)
    names = [name for name in listening.layout.names if name.startswith(("note.", "voice."))]
    assert len(names) == 12 + 4 + 8 + 4
    rows = listening.ring.history(1000)[1]
    assert not rows[:, [listening.layout.index[name] for name in names]].any()


def test_taps_and_nudges_are_wishes_to_the_music() -> None:
    music = timeline(50.0)
    clock = MusicClock(music)
    assert isinstance(clock, TappableClock)
    assert isinstance(clock, BarClock)
    for number in range(3):
        clock.tap(51.0 + number * 0.5)
    clock.double()
    clock.nudge(0.25)
    (tapped, doubled, nudged) = music.wishes.drain()
    assert tapped.bpm == pytest.approx(120)
    assert tapped.beat_s == pytest.approx(1.0)
    assert (doubled, nudged) == (Retime(factor=2.0), Retime(shift=0.25))


def test_tension_grows_with_dissonance() -> None:
    fifth, triad, seventh, cluster = ({0, 7}, {0, 4, 7}, {0, 4, 7, 10}, {0, 1})
    grades = [tension(frozenset(classes)) for classes in (fifth, triad, seventh, cluster)]
    assert grades == sorted(grades)
    assert (grades[0], grades[-1]) == (0.0, 1.0)
    assert grades[1] == pytest.approx(0.19, abs=0.01)
    assert tension(frozenset()) == tension(frozenset({5})) == 0.0
