"""Beat tracker on activations as the hearing network gives them: tempo, phase, bar, confidence, controls."""

import numpy as np
import pytest

from livegan.features.beat import BeatTracker
from livegan.features.beat_clock import BeatClock, BeatCounter, TappableClock
from livegan.networks.hearing_network import ACTIVATIONS, BEAT, BEAT_DELAY, DOWNBEAT, PULSE

HOP_S = 256 / 48000
FRAME_S = 0.01


def activations(
    bpm: float,
    seconds: float,
    *,
    seed: int = 1,
    metre: int = 4,
    height: float = 0.8,
    between: float = 0.0,
    shift: float = 0.0,
) -> np.ndarray:
    """Activations (frames, 7) of steady music whose beat 0 is at `shift` beats; `between`: height of the half beats."""
    rng = np.random.default_rng(seed)
    frames = round(seconds / FRAME_S)
    out = np.zeros((frames, len(ACTIVATIONS)), np.float32)
    beats = ((np.arange(frames) - BEAT_DELAY + 0.5) * FRAME_S) * bpm / 60 - shift  # of the sound a frame speaks of
    number = np.rint(beats)
    strength = height * (1 + 0.1 * rng.standard_normal(frames))

    def bump(apart: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * (apart * 60 / bpm / 0.012) ** 2)

    out[:, BEAT] = strength * bump(beats - number) + between * bump(beats - np.floor(beats) - 0.5)
    out[:, DOWNBEAT] = out[:, BEAT] * (number % metre == 0)
    out[:, PULSE] = 0.9
    out += 0.02 * rng.random(out.shape).astype(np.float32)
    return np.clip(out, 0.0, 1.0)


def no_beat(seconds: float, seed: int = 3) -> np.ndarray:
    """Activations (frames, 7) of sound without a beat: now and then something, at any time."""
    rng = np.random.default_rng(seed)
    out = np.clip(rng.standard_normal((round(seconds / FRAME_S), len(ACTIVATIONS))) * 0.02 + 0.03, 0.0, 1.0)
    out[rng.random(len(out)) < 0.02, BEAT] = 0.4
    out[:, PULSE] = 0.05
    return out.astype(np.float32)


def listen(tracker: BeatTracker, heard: np.ndarray, playing: bool = True) -> np.ndarray:
    """Moments of the beats that are told meanwhile [s since the first frame]."""
    start_s, frame, beats = tracker.time_s, 0, []
    for hop in range(int(len(heard) * FRAME_S / tracker.hop_s)):
        while (frame + 1) * FRAME_S <= (hop + 1) * tracker.hop_s + 1e-9:
            tracker.hear(heard[frame], (hop + 1) * tracker.hop_s - (frame + 1) * FRAME_S)
            frame += 1
        tracker.step(playing)
        if tracker.beat:
            beats.append(tracker.time_s - start_s - tracker.phase * 60 / tracker.bpm)
    return np.array(beats)


def beats_off(beats: np.ndarray, bpm: float, shift: float = 0.0) -> np.ndarray:
    """How far each is from a beat of the music [s]."""
    return np.abs((beats * bpm / 60 - shift + 0.5) % 1 - 0.5) * 60 / bpm


@pytest.mark.parametrize("bpm", [54, 92, 120, 174, 208])
def test_the_beat_is_told_when_it_falls_and_soon(bpm: int) -> None:
    tracker = BeatTracker(HOP_S)
    beats = listen(tracker, activations(bpm, 12, shift=0.4))
    late = beats[beats > max(3.5, 240 / bpm)]  # a slow beat takes four of them
    assert abs(tracker.bpm / bpm - 1) < 0.015
    assert np.median(beats_off(late, bpm, 0.4)) < 0.01
    assert (beats_off(late, bpm, 0.4) < 0.05).all()
    assert abs(len(late) - 8.5 * bpm / 60) <= 1.5
    assert tracker.confidence > 0.7


@pytest.mark.parametrize("hop_s", [0.0029, HOP_S, 0.0107, 0.0232])
def test_any_hop_hears_the_same(hop_s: float) -> None:
    tracker = BeatTracker(hop_s)
    beats = listen(tracker, activations(126, 10))
    assert (beats_off(beats[beats > 4], 126) < 0.02).all()
    assert abs(tracker.bpm / 126 - 1) < 0.01


@pytest.mark.parametrize("metre", [2, 3, 4, 6])
def test_the_metre_is_heard_and_the_bar_begins_on_its_first_beat(metre: int) -> None:
    tracker = BeatTracker(HOP_S)
    heard = activations(140, 24, metre=metre)
    listen(tracker, heard[:1600])
    downbeats = []
    start_s = tracker.time_s
    for frame in range(1600, 2400):
        tracker.hear(heard[frame])
        while tracker.time_s + tracker.hop_s <= (frame + 1) * FRAME_S:
            tracker.step()
            assert 0 <= tracker.phase < 1
            assert 0 <= tracker.bar_phase < 1
            if tracker.downbeat:
                downbeats.append(tracker.time_s * 140 / 60 % metre)
    assert start_s > 15
    assert tracker.beats_per_bar == metre
    assert len(downbeats) >= 2
    assert np.minimum(downbeats, metre - np.array(downbeats)).max() < 0.2


@pytest.mark.parametrize(("before", "after"), [(104, 126), (126, 104), (100, 150)])
def test_another_tempo_is_followed_within_four_seconds(before: int, after: int) -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, activations(before, 20))
    beats = listen(tracker, activations(after, 8, seed=2))
    assert abs(tracker.bpm / after - 1) < 0.015
    assert (beats_off(beats[beats > 4], after) < 0.05).all()


def test_half_a_beat_off_is_corrected_within_four_seconds() -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, activations(120, 20))  # ends on a beat
    beats = listen(tracker, activations(120, 8, shift=0.5, seed=2))
    assert (beats_off(beats[beats > 4], 120, 0.5) < 0.05).all()


def test_weak_half_beats_do_not_double_the_tempo() -> None:
    tracker = BeatTracker(HOP_S)
    beats = listen(tracker, activations(84, 20, height=0.7, between=0.08))
    assert abs(tracker.bpm / 84 - 1) < 0.015
    assert (np.diff(beats[beats > 4]) > 0.6).all()


def test_of_two_readings_the_expected_one_is_taken() -> None:
    told = {}
    for expected in ((50.0, 110.0), (110.0, 215.0)):
        tracker = BeatTracker(HOP_S)
        tracker.expect(expected)
        listen(tracker, activations(80, 14, between=0.7))
        told[expected] = tracker.bpm
    assert list(told.values()) == pytest.approx([80, 160], rel=0.015)


def test_another_range_is_read_on_the_same_beats() -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, activations(84, 12))
    position, bpm = tracker.beats_at(tracker.time_s), tracker.bpm
    tracker.expect((70, 100))
    assert (tracker.beats_at(tracker.time_s), tracker.bpm) == (position, bpm)
    tracker.expect((140, 190))
    assert tracker.bpm == pytest.approx(2 * bpm)
    assert tracker.beats_at(tracker.time_s) % 1 == pytest.approx(2 * position % 1)
    beats = listen(tracker, activations(84, 8, shift=-(12 * 84 / 60 % 1)))
    assert tracker.bpm == pytest.approx(168, rel=0.015)
    assert len(beats) > 18


def test_speech_and_applause_have_no_beat_and_the_clock_runs_on() -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, activations(128, 12))
    bpm = tracker.bpm
    assert tracker.confidence > 0.7
    listen(tracker, no_beat(2))
    assert tracker.confidence < 0.3
    beats = listen(tracker, no_beat(20, seed=4))
    assert tracker.confidence < 0.1
    assert tracker.bpm == pytest.approx(bpm, rel=0.03)
    assert np.diff(beats[8:]) == pytest.approx(60 / bpm, abs=0.03)


def test_before_anything_is_heard_there_is_no_beat_whatever_the_network_says() -> None:
    tracker = BeatTracker(HOP_S)
    for frame in activations(90, 3):
        tracker.hear(frame)
        tracker.step(playing=False)
        assert tracker.confidence == 0
    assert tracker.bpm == 120


def test_one_hit_is_no_rhythm() -> None:
    tracker = BeatTracker(HOP_S)
    heard = np.zeros((1600, len(ACTIVATIONS)), np.float32)
    heard[100:103, [BEAT, DOWNBEAT, PULSE]] = 0.9
    for frame in heard:
        tracker.hear(frame)
        tracker.step()
        tracker.step()
        assert tracker.confidence <= 0.3


@pytest.mark.parametrize("height", [0.25, 1.0])
def test_how_high_the_activations_are_does_not_matter(height: float) -> None:
    tracker = BeatTracker(HOP_S)
    beats = listen(tracker, activations(112, 8, height=height))
    assert (beats_off(beats[beats > 4], 112) < 0.03).all()
    assert len(beats[beats > 4]) in (7, 8)


def test_in_silence_it_runs_on_at_the_last_tempo() -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, activations(128, 12))
    silence = np.zeros((1000, len(ACTIVATIONS)), np.float32)
    beats = listen(tracker, silence[:200], playing=False)
    assert tracker.confidence < 0.3
    beats = listen(tracker, silence, playing=False)
    assert np.diff(beats) == pytest.approx(60 / tracker.bpm, abs=0.001)
    assert abs(tracker.bpm / 128 - 1) < 0.01
    assert tracker.confidence < 0.02


def test_nonsense_leaves_it_finite() -> None:
    tracker = BeatTracker(HOP_S)
    heard = activations(120, 6)
    heard[::7, BEAT], heard[::11, DOWNBEAT], heard[::13, PULSE] = np.nan, np.inf, -1e30
    heard[::17] = np.nan
    for frame in heard:
        tracker.hear(frame)
        tracker.step()
        tracker.step()
        assert np.isfinite([tracker.phase, tracker.bpm, tracker.confidence, tracker.bar_phase]).all()
    tracker = BeatTracker(HOP_S)
    listen(tracker, heard)
    listen(tracker, activations(120, 8))
    assert abs(tracker.bpm / 120 - 1) < 0.01


def test_three_taps_set_tempo_and_beat_and_music_that_agrees_keeps_them() -> None:
    tracker = BeatTracker(HOP_S)
    for hop in range(500):
        tracker.step(playing=False)
        if hop in (100, 200, 300):
            tracker.tap(tracker.time_s)
    assert tracker.bpm == pytest.approx(60 / (100 * HOP_S), rel=0.01)
    tapped = (tracker.time_s - 301 * HOP_S) * tracker.bpm / 60
    assert (tracker.beats_at(tracker.time_s) - tapped + 0.5) % 1 - 0.5 == pytest.approx(0, abs=0.02)
    before = tracker.bpm
    listen(tracker, activations(before, 10))
    assert tracker.bpm == pytest.approx(before, rel=0.02)


def test_the_hand_halves_and_doubles_and_music_does_not_take_it_back() -> None:
    tracker = BeatTracker(HOP_S)
    heard = activations(120, 40)
    listen(tracker, heard[:1000])
    tracker.halve()
    assert tracker.bpm == pytest.approx(60, rel=0.01)
    beats = listen(tracker, heard[1000:2600])
    assert tracker.bpm == pytest.approx(60, rel=0.02)
    assert (beats_off(beats, 120) < 0.03).all()
    tracker.double()
    assert tracker.bpm == pytest.approx(120, rel=0.02)
    tracker.double()
    assert tracker.bpm == pytest.approx(120, rel=0.02)  # 240 is out of range
    tracker.halve()
    tracker.listen()
    listen(tracker, heard[2600:])
    assert tracker.bpm == pytest.approx(120, rel=0.02)


def test_a_tapped_tempo_gives_way_when_another_is_played() -> None:
    tracker = BeatTracker(HOP_S)
    for tap in range(4):
        tracker.tap(tap * 0.5)
    listen(tracker, activations(97, 16))
    assert tracker.bpm == pytest.approx(97, rel=0.02)


def test_a_nudge_stays() -> None:
    tracker = BeatTracker(HOP_S)
    heard = activations(120, 18)
    listen(tracker, heard[:1000])
    tracker.nudge(0.25)
    beats = listen(tracker, heard[1000:])
    assert ((beats * 2 + 0.25 + 0.5) % 1 - 0.5)[2:] == pytest.approx(0, abs=0.05)
    before = tracker.beats_at(tracker.time_s)
    tracker.nudge(1)
    assert tracker.beats_at(tracker.time_s) == before + 1
    assert not tracker.beat


def test_a_gap_is_no_beat_and_the_clock_has_gone_on_through_it() -> None:
    tracker = BeatTracker(HOP_S)
    heard = activations(120, 20)
    listen(tracker, heard[:1000])
    tracker.skip(3.0)
    beats = listen(tracker, heard[1300:])
    assert (beats_off(beats, 120) < 0.03).all()
    assert tracker.time_s == pytest.approx(20, abs=0.02)


def test_no_beat_is_told_twice() -> None:
    tracker = BeatTracker(HOP_S)
    rng = np.random.default_rng(5)
    heard = activations(120, 30)
    heard[:, BEAT] += 0.3 * rng.random(len(heard)).astype(np.float32)
    beats = listen(tracker, heard.clip(0, 1))
    assert np.diff(beats).min() > 0.1
    assert np.diff(beats[beats > 4]).min() > 0.4


def test_the_same_activations_give_the_same_beats() -> None:
    heard = activations(99, 6)
    assert np.array_equal(listen(BeatTracker(HOP_S), heard), listen(BeatTracker(HOP_S), heard))


def test_it_is_a_clock_that_can_be_tapped_and_counted() -> None:
    tracker = BeatTracker(HOP_S)
    clock: BeatClock = tracker
    assert isinstance(clock, TappableClock)
    assert clock.beats_at(1.0) == 2.0
    counter = BeatCounter(tracker)
    heard = activations(112, 14)
    frame = 0
    for hop in range(2600):
        while (frame + 1) * FRAME_S <= (hop + 1) * HOP_S:
            tracker.hear(heard[frame])
            frame += 1
        tracker.step()
        told, own = counter.step(tracker.time_s), tracker.state
        if hop * HOP_S > 10:  # by then it is locked and jumps no more
            assert (told.bpm, told.confidence, told.beat) == (own.bpm, own.confidence, own.beat)
            assert (told.phase - own.phase + 0.5) % 1 - 0.5 == pytest.approx(0, abs=1e-9)
            assert (told.bar_phase - own.bar_phase + 0.5) % 1 - 0.5 == pytest.approx(0, abs=1e-9)


def test_a_range_chosen_in_silence_is_no_evidence() -> None:
    heard = activations(96, 12.0, shift=0.4)
    ranged, free = BeatTracker(HOP_S), BeatTracker(HOP_S)
    ranged.expect((50, 100))
    told, wanted = listen(ranged, heard), listen(free, heard)
    assert told[told > 3.0] == pytest.approx(wanted[wanted > 3.0], abs=0.02)


def test_what_is_set_by_hand_before_the_music_holds_in_it() -> None:
    tracker = BeatTracker(HOP_S)
    for _ in range(600):
        tracker.step(False)
    for tap in range(4):
        tracker.tap(tracker.time_s - 1.5 + tap * 0.5)
    tracker.halve()
    for _ in range(600):
        tracker.step(False)
    assert tracker.bpm == pytest.approx(60, abs=0.5)
    listen(tracker, activations(120, 8.0, shift=0.2))
    assert tracker.bpm == pytest.approx(60, abs=1.5)
