import numpy as np
import pytest
from livegan.features.beat_patterns import BEATS, HARMONICS, PATTERNS, spectra

from livegan.features import FEATURES, Listening
from livegan.features.beat import BeatTracker
from livegan.features.beat_clock import BeatClock, BeatCounter, FreeClock, TappableClock
from livegan.features.hop import Hop

HOP_S = 256 / 48000


def drums(bpm: float, seconds: float, seed: int = 1, gain: float = 1.0, noise: float = 0.01) -> np.ndarray:
    """Activation (hops, 4) of a back beat with straight eighths."""
    rng = np.random.default_rng(seed)
    hops = int(seconds / HOP_S)
    out = np.abs(rng.standard_normal((hops, 4))) * noise
    hit = np.array([0.3, 1.0, 0.6, 0.3])
    for eighth in range(int(seconds * bpm / 30)):
        at = round((eighth * 30 / bpm + 0.013) / HOP_S)
        if at + 4 > hops:
            break
        beat = eighth / 2 % 4
        out[at : at + 4, 3] += hit * 0.5
        if beat in (1, 3):
            out[at : at + 4, 1:3] += hit[:, None]
        if beat in (0, 2, 2.5):
            out[at : at + 4, :2] += hit[:, None]
    return (out * gain).astype(np.float32)


def listen(tracker: BeatTracker, activation: np.ndarray, playing: bool = True) -> np.ndarray:
    """Moments of the beats [s]."""
    beats = []
    for hop in activation:
        tracker.step(hop, playing=playing)
        if tracker.beat:
            beats.append(tracker.time_s - tracker.phase * 60 / tracker.bpm)
    return np.array(beats)


@pytest.mark.parametrize("bpm", [92, 120, 174])
def test_the_beat_is_reported_when_it_falls_in_the_right_octave(bpm: int) -> None:
    tracker = BeatTracker(HOP_S)
    beats = listen(tracker, drums(bpm, 14))
    beats = beats[beats > 6]
    off = (beats * bpm / 60 + 0.5) % 1 - 0.5
    assert abs(tracker.bpm / bpm - 1) < 0.01
    assert np.median(np.abs(off)) * 60 / bpm < 0.02
    assert abs(len(beats) - 8 * bpm / 60) <= 1
    assert tracker.confidence > 0.6


def test_the_bar_begins_on_its_first_beat() -> None:
    tracker = BeatTracker(HOP_S)
    downs = []
    for hop in drums(112, 16):
        tracker.step(hop)
        assert 0 <= tracker.phase < 1
        assert 0 <= tracker.bar_phase < 1
        if tracker.downbeat and tracker.time_s > 8:
            downs.append(tracker.time_s * 112 / 60 % 4)
    assert len(downs) >= 3
    assert np.all(np.minimum(downs, 4 - np.array(downs)) < 0.2)


def test_another_tempo_is_followed() -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, drums(104, 16))
    listen(tracker, drums(126, 5, seed=2))
    assert abs(tracker.bpm / 126 - 1) < 0.02


def test_one_octave_for_a_whole_song() -> None:
    tracker = BeatTracker(HOP_S)
    tempi = []
    for hop in drums(120, 40):
        tracker.step(hop)
        tempi.append(tracker.bpm)
    late = np.array(tempi[int(8 / HOP_S) :])
    assert late.max() / late.min() < 1.03


@pytest.mark.parametrize("level", [0.0, 0.001, 0.03])
def test_noise_and_silence_have_no_beat(level: float) -> None:
    tracker = BeatTracker(HOP_S)
    rng = np.random.default_rng(3)
    for hop in np.abs(rng.standard_normal((3000, 4))).astype(np.float32) * np.float32(level):
        tracker.step(hop)
        assert tracker.confidence <= 0.3


def test_one_hit_is_no_rhythm() -> None:
    tracker = BeatTracker(HOP_S)
    activation = np.zeros((3000, 4), np.float32)
    activation[300:304] = 1
    for hop in activation:
        tracker.step(hop)
        assert tracker.confidence <= 0.3


def test_without_music_it_runs_on_at_the_last_tempo() -> None:
    tracker = BeatTracker(HOP_S)
    listen(tracker, drums(128, 12))
    beats = listen(tracker, np.zeros((2000, 4), np.float32), playing=False)
    assert np.allclose(np.diff(beats[3:]), 60 / tracker.bpm, atol=0.001)
    assert abs(tracker.bpm / 128 - 1) < 0.01
    assert tracker.confidence == 0


@pytest.mark.parametrize("gain", [0.3, 3.0])
def test_gain_does_not_matter(gain: float) -> None:
    plain, other = BeatTracker(HOP_S), BeatTracker(HOP_S)
    a, b = listen(plain, drums(112, 8)), listen(other, drums(112, 8, gain=gain))
    a, b = a[a > 4], b[b > 4]
    assert len(a) == len(b)
    assert np.allclose(a, b, atol=0.01)


def test_nonsense_leaves_it_finite() -> None:
    tracker = BeatTracker(HOP_S)
    activation = drums(120, 6)
    activation[::7, 1], activation[::11, 2], activation[::13, 0] = np.nan, np.inf, -1e30
    activation[::17, 3] = 1e38
    for hop in activation:
        tracker.step(hop, chroma_change=float("nan"))
        assert np.isfinite([tracker.phase, tracker.bpm, tracker.confidence, tracker.bar_phase]).all()
    listen(tracker, drums(120, 10))
    assert abs(tracker.bpm / 120 - 1) < 0.01


def test_three_taps_set_the_tempo_and_music_that_agrees_keeps_it() -> None:
    tracker = BeatTracker(HOP_S)
    for index in range(500):
        tracker.step(np.zeros(4, np.float32), playing=False)
        if index in (100, 200, 300):
            tracker.tap(tracker.time_s)
    assert tracker.bpm == pytest.approx(60 / (100 * HOP_S), rel=0.01)
    beat_s = 60 / tracker.bpm
    tapped = (tracker.time_s - 301 * HOP_S) / beat_s
    assert (tracker.beats_at(tracker.time_s) - tapped + 0.5) % 1 - 0.5 == pytest.approx(0, abs=0.02)
    before = tracker.bpm
    listen(tracker, drums(before, 10))
    assert tracker.bpm == pytest.approx(before, rel=0.02)


def test_controls_halve_and_double_and_the_music_does_not_take_it_back_at_once() -> None:
    tracker = BeatTracker(HOP_S)
    activation = drums(120, 16)
    listen(tracker, activation[: int(10 / HOP_S)])
    tracker.halve()
    assert tracker.bpm == pytest.approx(60, rel=0.01)
    listen(tracker, activation[int(10 / HOP_S) :])
    assert tracker.bpm == pytest.approx(60, rel=0.02)
    tracker.double()
    assert tracker.bpm == pytest.approx(120, rel=0.02)


def test_a_nudge_stays() -> None:
    tracker = BeatTracker(HOP_S)
    activation = drums(120, 16)
    listen(tracker, activation[: int(10 / HOP_S)])
    tracker.nudge(0.5)
    beats = listen(tracker, activation[int(10 / HOP_S) :])
    off = (beats - round(10 / HOP_S) * HOP_S) * 2 % 1  # the song of 16 s goes on: beats at whole half seconds
    assert np.median(np.abs(beats * 2 % 1 - 0.5)) < 0.05
    assert len(off)


def test_no_beat_is_reported_twice() -> None:
    tracker = BeatTracker(HOP_S)
    beats = listen(tracker, drums(120, 20, noise=0.1))
    beats = beats[beats > 4]
    assert np.diff(beats).min() > 0.4


def test_the_same_sound_gives_the_same_beats() -> None:
    a, b = BeatTracker(HOP_S), BeatTracker(HOP_S)
    assert np.array_equal(listen(a, drums(99, 6)), listen(b, drums(99, 6)))


def test_patterns_are_four_bands_of_48_places_and_even_ones_say_nothing() -> None:
    for pattern in PATTERNS:
        assert pattern.shares.shape == (4, 48)
        assert (pattern.shares.sum(axis=1) > 0).all()
        assert BEATS % pattern.bar == 0
    assert spectra(np.array([120.0])).shape[2:] == (4, 1, HARMONICS)


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


def test_the_beats_of_a_trackers_clock_are_the_trackers() -> None:
    tracker = BeatTracker(HOP_S)
    counter = BeatCounter(tracker)
    for number, hop in enumerate(drums(112, 14)):
        tracker.step(hop)
        told, own = counter.step(tracker.time_s), tracker.state
        if number * HOP_S > 8:  # by then it is locked and jumps no more
            assert (told.bpm, told.confidence, told.beat, told.downbeat) == (
                own.bpm,
                own.confidence,
                own.beat,
                own.downbeat,
            )
            assert (told.phase - own.phase + 0.5) % 1 - 0.5 == pytest.approx(0, abs=1e-9)
            assert (told.bar_phase - own.bar_phase + 0.5) % 1 - 0.5 == pytest.approx(0, abs=1e-9)


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
    Listening(48000, 1, asked=["beat"], everything=False).process(np.full((4800, 1), 0.1, np.float32), 1.0)
    beat, chroma = seen[-1].beat, seen[-1].chroma
    assert beat is not None
    assert chroma is not None
    with pytest.raises(AttributeError):
        beat.bpm = 1.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        chroma.notes[0] = 1.0
