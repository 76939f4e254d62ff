"""Choice of the beat clock: what wins, why, and that no change of it makes a beat twice or goes backwards."""

from copy import deepcopy
from functools import cache
from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.beat_line import BeatLine
from livegan.core.events import controls_of
from livegan.core.rings import FeatureRing
from livegan.features.beat import BeatTracker
from livegan.features.beat_clock import BeatState
from livegan.features.clock_choice import SOURCES, ClockChoice, Correction
from livegan.features.listening import Listening

HOP_S = 256 / 48000
PERIOD_S = 96 * HOP_S  # of a beat


class Cable:
    """A clock from outside: 0 beats at `zero_s`; not there, or standing, as a test says."""

    def __init__(self, name: str, bpm: float = 100.0, zero_s: float = 0.0, *, there: bool = True) -> None:
        self.name, self.bpm, self.zero_s = name, bpm, zero_s
        self.there, self.playing, self.knows_bar = there, True, True

    def line(self, time_s: float) -> BeatLine | None:
        if not self.there:
            return None
        beats = (time_s - self.zero_s) * self.bpm / 60.0
        return BeatLine(time_s, beats, self.bpm, self.name, playing=self.playing, knows_bar=self.knows_bar)


class Ears(BeatTracker):
    """A tracker that says it heard what a test says."""

    hears: tuple[float, float] | None = None  # confidence and tempo

    @property
    def confidence(self) -> float:
        return self.hears[0] if self.hears else super().confidence

    @property
    def bpm(self) -> float:
        return self.hears[1] if self.hears else super().bpm


@cache
def tracker(hop_s: float) -> Ears:
    """A new one, which takes its time."""
    return Ears(hop_s)


class Rig:
    """A choice with its cables, stepped hop by hop with a tracker that hears nothing."""

    def __init__(self, source: str = "auto", *, link: bool = False, midi: bool = False, hop_s: float = HOP_S) -> None:
        self.hop_s = hop_s
        self.link = Cable("Link, 1 peer", 128.0, 0.1, there=link)
        self.midi = Cable("MIDI clock from Box", 90.0, 0.3, there=midi)
        self.choice = ClockChoice(source, {"link": self.link, "midi": self.midi})
        self.tracker = deepcopy(tracker(hop_s))
        self.now_s = 50.0
        self.states: list[tuple[float, BeatState]] = []
        self.counted: list[float] = []  # beats

    @property
    def reason(self) -> str:
        assert self.choice.published is not None
        return self.choice.published.reason

    def run(self, seconds: float) -> BeatState:
        end_s = self.now_s + seconds - 1e-9
        while self.now_s < end_s:
            self.now_s += self.hop_s
            self.tracker.step(playing=False)
            self.states.append((self.now_s, self.choice.step(self.now_s, self.tracker)))
            self.counted.append(self.choice._beats)
        return self.states[-1][1]

    def press(self, control: str) -> None:
        self.choice.handle(control, self.now_s, self.tracker, self.tracker.time_s)

    def tap(self, period_s: float, count: int = 4) -> None:
        for _ in range(count):
            self.press("beat.tap")
            self.run(period_s)


def beats_of(rig: Rig, since_s: float = 0.0) -> list[float]:
    return [time_s for time_s, state in rig.states if state.beat and time_s > since_s]


def test_link_wins_over_midi_clock_over_taps_over_what_is_heard() -> None:
    rig = Rig()
    rig.run(1.0)
    assert (rig.reason, rig.choice.listens) == ("heard", True)
    rig.tap(0.7)
    assert rig.reason == "tapped"
    assert rig.run(0.1).bpm == pytest.approx(60 / 0.7, rel=0.01)
    rig.midi.there = True
    assert rig.run(0.1).bpm == 90.0
    assert rig.reason == "MIDI clock from Box"
    rig.link.there = True
    state = rig.run(0.1)
    assert (state.bpm, state.confidence, state.unheard) == (128.0, 1.0, True)
    assert rig.reason == "Link, 1 peer"
    rig.link.there = False
    rig.run(0.1)
    assert rig.reason == "Link lost: MIDI clock from Box"
    rig.run(30.0)
    assert rig.reason == "MIDI clock from Box"
    rig.midi.playing = False
    rig.run(0.1)
    assert rig.reason == "MIDI clock stopped: tapped"
    rig.press("beat.listen")
    rig.run(0.1)
    assert rig.reason == "heard"
    rig.midi.playing = True
    rig.run(0.1)
    assert rig.reason == "MIDI clock from Box"
    rig.midi.there = False
    rig.run(0.1)
    assert rig.reason == "MIDI clock lost: heard"


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_that_is_asked_for_is_the_only_one(source: str) -> None:
    rig = Rig(source, link=True, midi=True)
    rig.tap(0.6)
    kinds = {"auto": "link", "link": "link", "midi": "midi", "tap": "tap", "listening": "listening"}
    assert rig.choice.published is not None
    assert rig.choice.published.kind == kinds[source]
    rig.link.there = rig.midi.there = False
    rig.press("beat.listen")
    rig.run(0.1)
    words = {"link": "Link lost: heard", "midi": "MIDI clock lost: heard", "tap": "nothing tapped: heard"}
    assert rig.reason == words.get(source, "Link lost: heard" if source == "auto" else "heard")


def test_an_unknown_source_is_refused_and_one_that_never_came_is_told() -> None:
    with pytest.raises(ValueError, match="there is no clock 'ableton'; there are: auto, link, midi"):
        ClockChoice("ableton")
    rig = Rig("midi")
    rig.run(0.1)
    assert rig.reason == "no MIDI clock: heard"


def test_the_beats_are_those_of_the_line() -> None:
    rig = Rig(midi=True)
    rig.run(20.0)
    fell = np.array(beats_of(rig))
    assert len(fell) == 30
    assert ((fell - 0.3) * 1.5 % 1.0 < 1.01 * HOP_S * 1.5).all()
    downs = np.array([time_s for time_s, state in rig.states if state.downbeat])
    assert ((downs - 0.3) * 1.5 % 4.0 < 1.01 * HOP_S * 1.5).all()
    assert len(downs) in (7, 8)


def test_taps_are_the_clock_until_the_tempo_is_heard_or_listening_is_asked_for() -> None:
    rig = Rig()
    rig.run(1.0)
    rig.tap(PERIOD_S, 8)
    tapped_s = rig.now_s
    state = rig.run(10.0)
    assert state.bpm == pytest.approx(60 / PERIOD_S, rel=1e-3)
    assert state.confidence == 1.0
    places = (np.array(beats_of(rig, tapped_s)) - tapped_s + 0.25) % PERIOD_S - 0.25
    assert np.abs(places).max() < 2 * HOP_S
    for confidence, bpm, reason in ((1.0, 90.0, "tapped"), (0.2, 117.0, "tapped"), (0.8, 118.0, "heard")):
        rig.tracker.hears = (confidence, bpm)
        rig.run(5.5)
        assert rig.reason == reason
    rig.tap(0.5)
    assert rig.reason == "tapped"
    rig.tracker.hears = None
    rig.press("beat.listen")
    rig.run(0.1)
    assert rig.reason == "heard"


def test_two_taps_are_no_tempo() -> None:
    rig = Rig()
    rig.tap(0.5, 2)
    assert rig.choice.listens


@pytest.mark.parametrize("kind", ["midi", "tap", "listening"])
def test_every_source_is_halved_doubled_and_nudged(kind: str) -> None:
    rig = Rig(midi=kind == "midi")
    rig.run(1.0)
    if kind == "tap":
        rig.tap(0.5)
    bpm = rig.run(0.1).bpm
    rig.press("beat.halve")
    assert rig.run(0.1).bpm == pytest.approx(bpm / 2, rel=1e-3)
    rig.press("beat.double")
    rig.press("beat.double")
    assert rig.run(0.1).bpm == pytest.approx(bpm if kind == "listening" else 2 * bpm, rel=1e-3)  # up to 212
    rig.press("beat.halve")
    bpm = rig.run(0.1).bpm
    rig.run(5.0)
    assert rig.choice.published is not None
    before = rig.choice.published.line.beats_at(rig.now_s)
    rig.press("beat.earlier")
    rig.run(HOP_S)
    assert rig.choice.published.line.beats_at(rig.now_s) == pytest.approx(before + 1 / 16 + HOP_S * bpm / 60, abs=0.02)
    rig.press("beat.listen")
    rig.run(0.1)
    if kind == "midi":
        assert rig.choice.published.line.beats_at(rig.now_s) % 1.0 == pytest.approx(
            (rig.now_s - 0.3) * 1.5 % 1.0, abs=1e-6
        )


def test_a_corrected_clock_that_became_too_fast_can_be_slowed_down_again() -> None:
    rig = Rig(midi=True)
    rig.run(0.5)
    for _ in range(2):
        rig.press("beat.double")
        rig.run(0.1)
    rig.midi.bpm = 390.0  # whoever sends it plays something else
    for control, bpm in (("beat.double", 1560.0), ("beat.halve", 780.0), ("beat.double", 780.0), ("beat.halve", 390.0)):
        rig.press(control)
        assert rig.run(0.1).bpm == pytest.approx(bpm), "it comes nearer, and goes no further away"


@given(st.floats(0.1, 8.0), st.floats(-50.0, 50.0), st.floats(-100.0, 1000.0))
def test_a_correction_is_a_pure_function(factor: float, shift: float, beats: float) -> None:
    line = BeatLine(3.0, beats, 120.0, "Link")
    twice = Correction(factor, shift).scaled(2.0).of(line)
    assert twice.beats_at(4.0) == pytest.approx(2.0 * Correction(factor, shift).of(line).beats_at(4.0))
    assert Correction().of(line) == line
    assert Correction(factor).nudged(shift).of(line).beats == pytest.approx(line.beats * factor + shift)


def test_taps_place_the_beat_of_a_clock_that_was_never_started() -> None:
    rig = Rig(midi=True)
    rig.midi.knows_bar = False
    rig.run(1.0)
    rig.tap(60 / 90, 6)
    tapped_s = rig.now_s
    rig.run(8.0)
    assert rig.reason == "MIDI clock from Box"
    places = ((np.array(beats_of(rig, tapped_s)) - tapped_s) * 1.5 + 0.5) % 1.0 - 0.5
    assert np.abs(places).max() < 0.03
    rig.midi.knows_bar = True
    rig.press("beat.listen")
    rig.tap(60 / 90 + 0.01, 4)  # one that knows its beat is believed
    assert rig.choice.published is not None
    assert rig.choice.published.line.beats % 1.0 == pytest.approx((rig.now_s - 0.3) * 1.5 % 1.0, abs=1e-6)


def test_a_sequencer_that_starts_anew_is_heard_on_its_first_beat() -> None:
    rig = Rig(midi=True)
    rig.run(5.5)
    rig.midi.zero_s = rig.now_s + HOP_S / 2
    state = rig.run(HOP_S)
    assert state.beat
    assert state.downbeat


STEPS = st.sampled_from([*["link", "midi", "start", "tempo", "stop", "wait"], *controls_of("beat clock")])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(STEPS, st.floats(0.02, 1.0)), max_size=15), st.sampled_from(["auto", "auto", "midi", "tap"]))
def test_whatever_changes_beats_are_counted_once_and_none_goes_backwards(
    steps: list[tuple[str, float]], source: str
) -> None:
    rig = Rig(source, hop_s=0.02)
    rig.run(0.5)
    for step, wait_s in steps:
        if step == "link":
            rig.link.there = not rig.link.there
        elif step == "midi":
            rig.midi.there = not rig.midi.there
        elif step == "start":
            rig.midi.zero_s = rig.now_s
        elif step == "tempo":
            rig.midi.bpm = 60.0 + rig.now_s * 17 % 90
        elif step == "stop":
            rig.midi.playing = not rig.midi.playing
        elif step != "wait":
            rig.press(step)
        rig.run(wait_s)
    for _, state in rig.states:
        assert 0.0 <= state.phase < 1.0
        assert 0.0 <= state.bar_phase < 1.0
        assert state.beat or not state.downbeat
    for (one, beats), (two, later) in pairwise(zip((state for _, state in rig.states), rig.counted, strict=True)):
        assert later >= beats or not one.unheard or not two.unheard
        assert two.phase == pytest.approx(later % 1.0, abs=1e-6) or not two.unheard
    fell = [(time_s, state) for time_s, state in rig.states if state.beat]
    for (one_s, one), (two_s, two) in pairwise(fell):
        if one.unheard != two.unheard or two.unheard:
            assert two_s - one_s >= 0.5 * 60.0 / two.bpm - 1e-9
        assert abs(log(two.bpm / one.bpm)) < 3.1


def test_without_another_clock_the_beat_is_the_trackers_bit_for_bit() -> None:
    rng = np.random.default_rng(3)
    sound = (0.3 * rng.standard_normal((48000 * 2, 2))).astype(np.float32)
    sound[::, 0] *= (np.arange(len(sound)) % 24000 < 2000).astype(np.float32)
    asked = ["beat", "downbeat", "beat.phase", "bar.phase", "beat.bpm", "beat.confidence"]
    rings: list[FeatureRing] = []
    for choice in (None, ClockChoice("auto", {"link": Cable("", there=False)})):
        listening = Listening(48000, 2, clock_choice=choice, asked=asked, everything=False)
        listening.process(sound, 102.0)
        for at_s in (101.0, 101.5):
            listening.handle("beat.tap", at_s)
        listening.process(sound, 104.0)
        rings.append(listening.ring)
    (times, one), (_, two) = (ring.history(ring.written) for ring in rings)
    assert len(times) > 700
    np.testing.assert_array_equal(one, two)


def test_every_group_follows_the_chosen_clock_without_sound() -> None:
    choice = ClockChoice("auto", {"link": Cable("Link, 1 peer", 120.0)})
    asked = ["drums:beat", "drums:beat.bpm", "beat", "beat.confidence"]
    listening = Listening(48000, 2, clock_choice=choice, groups={"drums": [2]}, asked=asked, everything=False)
    listening.process(np.zeros((48000 * 3, 2), np.float32), 103.0)
    times_s, rows = listening.ring.history(listening.ring.written)
    for name in ("beat", "drums:beat"):
        pulses = rows[:, listening.layout.index[name]]
        fell = times_s[1:][np.diff(pulses) > 0.2]
        assert len(fell) in (5, 6)
        assert (fell * 2.0 % 1.0 < 0.02).all()
    assert (rows[:, listening.layout.index["drums:beat.bpm"]] == 120.0).all()
    assert (rows[:, listening.layout.index["beat.confidence"]] == 1.0).all()
    assert listening.chosen_clock is not None
    assert listening.chosen_clock.reason == "Link, 1 peer"
