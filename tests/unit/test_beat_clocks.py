"""Clocks of the beat: what they answer, how they are counted hop by hop, tapped, and put under the listening stage."""

import numpy as np
import pytest

from livegan.features import FEATURES, Listening
from livegan.features.beat import BeatTracker
from livegan.features.beat_clock import BeatClock, BeatCounter, FreeClock, TappableClock
from livegan.features.hop import Hop

HOP_S = 256 / 48000


def test_a_clock_answers_what_time_it_is_in_beats() -> None:
    clock = FreeClock(120)
    clocks: list[BeatClock] = [clock, BeatTracker(HOP_S)]
    assert [c.beats_at(1.0) for c in clocks] == [2.0, 2.0]
    clock.set(1.0, 60)
    assert clock.beats_at(2.0) == pytest.approx(3.0)
    clock.set(2.0, 60, shift=0.25)
    assert clock.beats_at(2.0) == pytest.approx(3.25)


class Cable:
    """A clock like MIDI clock or Link: certain, three beats to the bar, tempo and position from elsewhere."""

    bpm, confidence, beats_per_bar = 90.0, 1.0, 3

    def beats_at(self, time_s: float) -> float:
        return (time_s - 0.3) * self.bpm / 60


@pytest.mark.parametrize("clock", [FreeClock(90.0), Cable()])
def test_any_clock_is_counted_hop_by_hop(clock: BeatClock) -> None:
    counter, beats, downs = BeatCounter(clock), [], []
    for hop in range(1, 2001):
        state = counter.step(hop * HOP_S)
        assert 0 <= state.phase < 1
        assert 0 <= state.bar_phase < 1
        assert state.bar_phase * clock.beats_per_bar % 1 == pytest.approx(state.phase, abs=1e-6)
        assert state.beat or not state.downbeat
        if state.beat:
            assert state.phase < 1.01 * HOP_S * 1.5
            beats.append(hop * HOP_S)
        if state.downbeat:
            assert state.bar_phase < 0.01
            downs.append(hop * HOP_S)
    assert np.diff(beats) == pytest.approx(60 / 90, abs=1.01 * HOP_S)
    assert np.diff(downs) == pytest.approx(60 / 90 * clock.beats_per_bar, abs=1.01 * HOP_S)


def test_a_jump_of_the_clock_is_no_beat() -> None:
    clock = FreeClock(60.0)
    counter = BeatCounter(clock)
    assert not counter.step(0.5).beat
    clock.nudge(7.0)
    assert not counter.step(0.51).beat
    clock.nudge(-20.0)
    assert not counter.step(0.52).beat
    assert counter.step(1.001).beat


@pytest.mark.parametrize("clock", [FreeClock(), BeatTracker(HOP_S)])
def test_clocks_are_tapped_halved_doubled_and_nudged(clock: TappableClock) -> None:
    assert isinstance(clock, TappableClock)
    assert not isinstance(Cable(), TappableClock)
    start = getattr(clock, "time_s", 0.0)
    for tap in range(1, 5):
        clock.tap(start + tap * 0.6)
    assert clock.bpm == pytest.approx(100, rel=0.01)
    assert (clock.beats_at(start + 2.4) + 0.5) % 1 - 0.5 == pytest.approx(0, abs=0.02)
    clock.halve()
    assert clock.bpm == pytest.approx(50, rel=0.01)
    clock.double()
    assert clock.bpm == pytest.approx(100, rel=0.01)
    before = clock.beats_at(start + 3.0)
    clock.nudge(1 / 16)
    assert clock.beats_at(start + 3.0) == pytest.approx(before + 1 / 16)


def test_the_line_takes_its_beat_from_the_clock_it_is_given() -> None:
    rng = np.random.default_rng(0)
    sound = (0.1 * rng.standard_normal((48000 * 3, 1))).astype(np.float32)
    listening = Listening(48000, 1, beat_clock=Cable())
    start_s = 100.0
    listening.process(sound, start_s + 3.0)
    times_s, rows = listening.ring.history(listening.ring.written)
    column = {name: rows[:, listening.layout.index[name]] for name in ("beat", "beat.bpm", "beat.phase", "bar.phase")}
    assert (column["beat.bpm"] == 90.0).all()
    beats = (times_s - 0.3) * 1.5
    assert (column["beat.phase"] - beats + 0.5) % 1 - 0.5 == pytest.approx(0, abs=1e-6)
    assert (3 * column["bar.phase"] - beats + 1.5) % 3 - 1.5 == pytest.approx(0, abs=1e-5)
    jumps = times_s[1:][np.diff(column["beat"]) > 0.2]
    assert len(jumps) >= 4
    assert np.minimum((jumps - 0.3) * 1.5 % 1, 1) == pytest.approx(0, abs=0.01)
    assert isinstance(listening.beat_clock, Cable)


def test_controls_reach_a_clock_that_can_be_tapped() -> None:
    clock = FreeClock(120.0)
    listening = Listening(48000, 1, beat_clock=clock)
    listening.process(np.zeros((4800, 1), np.float32), 10.0)
    listening.handle("beat.double", 10.0)
    assert clock.bpm == 240.0
    Listening(48000, 1, beat_clock=Cable()).handle("beat.double", 10.0)  # a cable is not tapped: nothing happens


def test_features_cannot_change_what_others_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Hop] = []
    monkeypatch.setattr(FEATURES["beat"], "compute", lambda feature, hop, out: seen.append(hop))
    Listening(48000, 1, asked=["beat", "chroma.C"], everything=False).process(np.full((4800, 1), 0.1, np.float32), 1.0)
    beat, chroma = seen[-1].beat, seen[-1].chroma
    assert beat is not None
    assert chroma is not None
    with pytest.raises(AttributeError):
        beat.bpm = 1.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        chroma.notes[0] = 1.0
