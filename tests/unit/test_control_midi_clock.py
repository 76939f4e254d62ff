"""MIDI clock input: tempo and place of the beat, with jitter, lost ticks, several ports, starts and song positions."""

from collections.abc import Callable, Collection

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.control.midi import MidiInput
from livegan.control.midi_clock import CONTINUE, POSITION, START, STOP, TICK, MidiClock
from livegan.control.ports import FakePorts
from livegan.core.types import ControlEvent

BOX = "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0"


def tick(
    clock: MidiClock,
    beats: float,
    bpm: float = 120.0,
    start_s: float = 10.0,
    late: Callable[[float], float] = lambda time_s: time_s,
    lost: Collection[int] = (),
    port: str = BOX,
) -> float:
    """Send so many beats of ticks; `late`: when a tick of a moment arrives. The moment of the tick after the last."""
    period_s = 60.0 / bpm / 24.0
    for number in range(round(beats * 24)):
        if number not in lost:
            clock.receive(port, [TICK], late(start_s + number * period_s))
    return start_s + round(beats * 24) * period_s


def jitter(most_s: float, seed: int) -> Callable[[float], float]:
    rng = np.random.default_rng(seed)
    return lambda time_s: time_s + rng.uniform(0.0, most_s)


def in_blocks(period_s: float) -> Callable[[float], float]:
    """As a JACK server hands messages over: at the end of the period in which they came."""
    return lambda time_s: float(np.ceil(time_s / period_s) * period_s)


@pytest.mark.parametrize("bpm", [48.0, 97.3, 128.0, 174.0, 200.0])
@pytest.mark.parametrize(
    "late",
    [jitter(0.0, 0), jitter(0.003, 1), in_blocks(128 / 48000), in_blocks(512 / 48000)],
    ids=["exact", "USB", "JACK 128", "JACK 512"],
)
def test_after_four_beats_the_tempo_is_right_to_a_fifth_of_a_beat_per_minute(
    bpm: float, late: Callable[[float], float]
) -> None:
    clock = MidiClock()
    clock.receive(BOX, [START], 9.99)
    end_s = tick(clock, 4, bpm, late=late)
    line = clock.line(end_s)
    assert line is not None
    assert line.bpm == pytest.approx(bpm, abs=0.2)
    assert line.beats_at(end_s) == pytest.approx(4.0, abs=0.025)  # late by half a period of JACK
    assert line.source == "MIDI clock from nanoKONTROL2"
    assert line.playing
    assert line.knows_bar


@settings(max_examples=40, deadline=None)
@given(
    bpm=st.floats(60.0, 180.0),
    seed=st.integers(0, 99),
    lost=st.lists(st.integers(2, 11), max_size=8).map(lambda gaps: {24 + 12 * at + gap for at, gap in enumerate(gaps)}),
)
def test_a_lost_tick_moves_no_beat(bpm: float, seed: int, lost: set[int]) -> None:
    apart = {number for number in lost if not any(number - 14 < other < number for other in lost)}
    clock = MidiClock()
    clock.receive(BOX, [START], 9.99)
    end_s = tick(clock, 8, bpm, late=jitter(0.003, seed), lost=apart)
    line = clock.line(end_s)
    assert line is not None
    assert line.bpm == pytest.approx(bpm, abs=0.2)
    assert line.beats_at(end_s) == pytest.approx(8.0, abs=0.02)


def test_ticks_that_come_late_all_at_once_are_no_other_tempo() -> None:
    clock = MidiClock()
    clock.receive(BOX, [START], 9.99)
    end_s = tick(clock, 8, late=lambda time_s: max(time_s, 12.3) if 12.0 < time_s < 12.3 else time_s)
    line = clock.line(end_s)
    assert line is not None
    assert line.bpm == pytest.approx(120.0, abs=0.2)
    assert line.beats_at(end_s) == pytest.approx(8.0, abs=0.02)


@pytest.mark.parametrize("bpm", [60.0, 90.0, 110.0, 125.0, 150.0, 190.0])
def test_another_tempo_is_followed_within_two_beats(bpm: float) -> None:
    clock = MidiClock()
    clock.receive(BOX, [START], 9.99)
    turn_s = tick(clock, 8)
    end_s = tick(clock, 8, bpm, turn_s)
    line = clock.line(end_s)
    assert line is not None
    assert line.bpm == pytest.approx(bpm, abs=0.2)
    assert line.beats_at(end_s) == pytest.approx(16.0, abs=0.05)
    clock = MidiClock()
    clock.receive(BOX, [START], 9.99)
    line = clock.line(tick(clock, 2, bpm, tick(clock, 8)))
    assert line is not None
    assert line.bpm == pytest.approx(bpm, rel=0.02)


def test_of_two_ports_with_the_same_clock_one_counts_until_it_is_silent() -> None:
    clock = MidiClock()
    for number in range(96):
        clock.receive("Box:1", [TICK], 10.0 + number / 48)
        clock.receive("Box:2", [TICK], 10.001 + number / 48)
    line = clock.line(12.0)
    assert line is not None
    assert (line.port, round(line.bpm, 3)) == ("Box:1", 120.0)
    assert not line.knows_bar  # nobody has started it
    for number in range(96, 96 + 72):
        clock.receive("Box:2", [TICK], 10.001 + number / 48)
    line = clock.line(13.5)
    assert line is not None
    assert (line.port, round(line.bpm, 3)) == ("Box:2", 120.0)


def test_a_silent_clock_is_none_and_its_tempo_is_measured_anew() -> None:
    clock = MidiClock()
    end_s = tick(clock, 4)
    assert clock.line(end_s + 0.9) is not None
    assert clock.line(end_s + 1.1) is None
    later_s = tick(clock, 0.4, 90.0, end_s + 5.0)
    assert clock.line(later_s) is None  # too little
    line = clock.line(tick(clock, 4, 90.0, later_s))
    assert line is not None
    assert line.bpm == pytest.approx(90.0, abs=0.2)


def test_stop_continue_and_song_position() -> None:
    clock = MidiClock()
    clock.receive(BOX, [START], 9.999)
    now_s = tick(clock, 5)
    clock.receive(BOX, [STOP], now_s - 0.001)
    now_s = tick(clock, 3, start_s=now_s)  # a sequencer ticks on while it stands
    line = clock.line(now_s)
    assert line is not None
    assert not line.playing
    clock.receive(BOX, [CONTINUE], now_s - 0.001)
    now_s = tick(clock, 1, start_s=now_s)
    line = clock.line(now_s)
    assert line is not None
    assert line.playing
    assert line.beats_at(now_s) == pytest.approx(6.0, abs=1e-6)
    clock.receive(BOX, [STOP], now_s - 0.001)
    clock.receive(BOX, [POSITION, 0x02, 0x01], now_s - 0.001)  # 130 sixteenths: beat 32.5
    clock.receive(BOX, [CONTINUE], now_s - 0.001)
    now_s = tick(clock, 1, start_s=now_s)
    line = clock.line(now_s)
    assert line is not None
    assert line.beats_at(now_s) == pytest.approx(33.5, abs=1e-6)
    clock.receive(BOX, [START], now_s - 0.001)
    now_s = tick(clock, 2, start_s=now_s)
    line = clock.line(now_s)
    assert line is not None
    assert line.beats_at(now_s) == pytest.approx(2.0, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A:1", "B:1", "livegan clock:out"]),
            st.sampled_from([TICK, TICK, TICK, START, STOP, CONTINUE, POSITION, 0xF0, 0xFE, 0x90]),
            st.floats(0.0, 2.0),
        ),
        max_size=200,
    )
)
def test_whatever_comes_the_line_is_sane(messages: list[tuple[str, int, float]]) -> None:
    clock, now_s = MidiClock(), 0.0
    for port, status, wait_s in messages:
        now_s += wait_s * 0.05
        clock.receive(port, [status], now_s)
        line = clock.line(now_s)
        assert line is None or (20.0 <= line.bpm <= 400.0 and np.isfinite(line.beats_at(now_s)))
        assert line is None or not line.port.startswith("livegan")


def test_a_flood_is_bounded() -> None:
    clock = MidiClock()
    for number in range(20_000):
        clock.receive(BOX, [TICK], 10.0 + number * 1e-4)
    assert clock.line(12.0) is None  # no such tempo
    assert clock.line(12.0) is None


def test_the_midi_input_hands_over_the_clock_of_every_port() -> None:
    events: list[ControlEvent] = []
    clock, ports, times = MidiClock(), FakePorts("Box:1"), iter(np.arange(5000) / 48)
    midi = MidiInput(events.append, ports=ports, now=lambda: float(next(times)), clock=clock)
    midi.start(0.0)
    ports.play("Box:1", START)
    for _ in range(96):
        ports.play("Box:1", TICK)
    ports.play("Box:1", 0xB0, 1, 64)
    line = clock.line(2.0)
    midi.stop()
    assert line is not None
    assert line.bpm == pytest.approx(120.0, abs=0.01)
    assert [event.name for event in events] == ["cc.1"]


@pytest.mark.parametrize("start", [[(START, 0.0)], [(POSITION, 130), (CONTINUE, 0)]], ids=["start", "position"])
def test_where_a_sequencer_starts_is_known_before_its_first_tick_whatever_other_ports_say(
    start: list[tuple[int, int]],
) -> None:
    clock = MidiClock()
    for status, value in start:
        for port in (BOX, "other"):  # two ports of one sequencer
            clock.receive(port, [status, value & 127, value >> 7] if status == POSITION else [status], 9.99)
    now_s = tick(clock, 2)
    line = clock.line(now_s)
    assert line is not None
    assert (line.port, line.knows_bar) == (BOX, True)
    assert line.beats_at(now_s) == pytest.approx(2.0 + 32.5 * (len(start) > 1), abs=1e-6)


@pytest.mark.parametrize("way", [0.0, -1e-4])
def test_ticks_of_one_moment_are_no_tempo(way: float) -> None:
    clock = MidiClock()
    for number in range(200):
        clock.receive(BOX, [TICK], 10.0 + number * way)
        assert clock.line(10.0) is None
    line = clock.line(tick(clock, 8, start_s=10.5))
    assert line is not None
    assert line.bpm == pytest.approx(120.0, abs=0.2)
