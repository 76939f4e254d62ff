"""MIDI clock output: 24 even ticks a beat, none skipped, never back to where the clock comes from."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.control.clock_out import MidiClockOut
from livegan.control.midi_clock import START, STOP, TICK, MidiClock
from livegan.control.output_ports import FakeOutPorts
from livegan.core.beat_line import BeatLine

LINE = BeatLine(100.0, 6.5, 120.0, "Link, 1 peer")


class Cabled:
    """An output whose messages are heard with the time at which they were sent."""

    def __init__(self, *names: str, port: str = "drum", line: BeatLine | None = LINE) -> None:
        self.ports = FakeOutPorts(*names)
        self.line = line
        self.out = MidiClockOut(lambda: self.line, port, ports=self.ports)
        self.now_s = 100.0
        self.heard: list[tuple[float, int]] = []

    def run(self, seconds: float, late_s: float = 0.0) -> None:
        """Poll as the runtime does, a little late each time."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            before = {name: len(messages) for name, messages in self.ports.sent.items()}
            wait_s = self.out.poll(self.now_s)
            for name, messages in self.ports.sent.items():
                self.heard += [(self.now_s, status) for (status,) in messages[before.get(name, 0) :]]
            self.now_s += max(wait_s, 2e-5) + late_s

    @property
    def ticks(self) -> list[float]:
        return [time_s for time_s, status in self.heard if status == TICK]


def test_it_starts_with_a_bar_and_ticks_evenly() -> None:
    cable = Cabled("Piano", "Drum machine")
    cable.run(5.0)
    assert cable.heard[0][1] == START
    assert [status for _, status in cable.heard].count(START) == 1
    first_s = 100.0 + 1.5 / 2  # beat 8
    assert cable.ticks[0] == pytest.approx(first_s, abs=1e-4)
    assert cable.heard[0][0] < cable.ticks[0] - 0.002
    for number, time_s in enumerate(cable.ticks):
        assert time_s == pytest.approx(first_s + number / 48.0, abs=1e-4)
    assert set(cable.ports.sent) == {"Drum machine"}
    cable.out.stop()
    cable.out.stop()
    assert cable.ports.sent["Drum machine"][-1] == (STOP,)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(40.0, 200.0), st.floats(0.0, 4.0), st.floats(0.3, 3.0)), min_size=1, max_size=6))
def test_a_jump_of_the_beat_is_neither_a_gap_nor_a_burst(changes: list[tuple[float, float, float]]) -> None:
    cable = Cabled("Drum machine")
    cable.run(2.0)
    slowest, fastest = 120.0, 120.0
    for bpm, jump, wait_s in changes:
        assert cable.line is not None
        cable.line = BeatLine(cable.now_s, cable.line.beats_at(cable.now_s) + jump, bpm)
        cable.run(wait_s)
        slowest, fastest = min(slowest, bpm), max(fastest, bpm)
    for one_s, two_s in pairwise(cable.ticks):
        assert 60 / 24 / fastest * 0.87 < two_s - one_s < 60 / 24 / slowest * 1.13
    cable.run(12.0)  # it has met the beat again: the receiver's count is on it
    assert cable.line is not None
    beats = cable.line.beats_at(cable.ticks[-1])
    assert ((len(cable.ticks) - 1) / 24 - beats + 0.5) % 1.0 - 0.5 == pytest.approx(0.0, abs=0.01)


def test_a_late_thread_sends_every_tick_and_no_burst_after_a_pause() -> None:
    cable = Cabled("Drum machine")
    cable.run(3.0, late_s=0.0005)
    assert len(cable.ticks) == pytest.approx(2.25 * 48, abs=2)
    assert cable.out.worst_s < 0.001
    cable.now_s += 1.0  # the machine was asleep
    cable.run(2.0)
    assert min(two_s - one_s for one_s, two_s in pairwise(cable.ticks)) > 0.8 / 48


def test_it_is_never_sent_back_to_where_it_comes_from() -> None:
    cable = Cabled("Drum machine:out 20:0")
    cable.run(2.0)
    assert cable.line is not None
    cable.line = BeatLine(102.0, 0.0, 120.0, "MIDI clock from Drum machine", port="Drum machine:in 20:0")
    cable.run(2.0)
    assert cable.heard[-1][1] == STOP
    assert cable.ticks[-1] < 102.1
    assert cable.out.notice == "no MIDI clock to Drum machine:out 20:0: the clock comes from there"
    cable.line = LINE
    cable.run(3.0)
    assert cable.ticks[-1] > 106.0
    assert cable.out.notice == ""


def test_a_port_that_is_not_there_is_told_and_found_when_it_comes() -> None:
    cable = Cabled("Piano", port="drm machine")
    cable.run(1.0)
    assert cable.out.notice == "MIDI clock: no output called 'drm machine'; there are: Piano"
    cable.ports.plugged.append("Drm Machine 1")
    cable.run(5.0)
    assert cable.ticks
    assert cable.out.notice == ""
    cable.ports.plugged.clear()
    cable.run(3.0)
    assert cable.out.notice.startswith("MIDI clock: no output")
    cable.ports.plugged.append("Drm Machine 1")
    sent = len(cable.ticks)
    cable.run(6.0)
    assert [status for _, status in cable.heard].count(START) == 2
    assert len(cable.ticks) > sent + 48


def test_an_output_that_another_program_has_is_told_and_taken_when_it_is_free() -> None:
    cable = Cabled("Drum 1")
    cable.ports.taken.add("Drum 1")
    cable.run(1.0)
    assert cable.out.notice == "MIDI clock: 'Drum 1' is there, but another program has it; close it in that one"
    cable.ports.taken.clear()
    cable.run(4.0)
    assert cable.ticks
    assert cable.out.notice == ""


def test_without_a_beat_nothing_is_sent_and_one_that_was_goes_on() -> None:
    cable = Cabled("Drum machine", line=None)
    cable.run(3.0)
    assert not cable.heard
    cable.line = LINE
    cable.run(3.0)
    cable.line = None
    sent = len(cable.ticks)
    cable.run(2.0)
    assert len(cable.ticks) == pytest.approx(sent + 96, abs=2)


def test_what_goes_out_comes_in_as_it_was() -> None:
    cable = Cabled("Drum machine", line=BeatLine(100.0, 1.2, 133.3))
    cable.run(8.0)
    clock = MidiClock()
    for time_s, status in cable.heard:
        clock.receive("Box", [status], time_s)
    line = clock.line(cable.now_s)
    assert line is not None
    assert cable.line is not None
    assert line.bpm == pytest.approx(133.3, abs=0.02)
    away = line.beats_at(cable.now_s) - cable.line.beats_at(cable.now_s)
    assert (away + 2.0) % 4.0 - 2.0 == pytest.approx(0.0, abs=1e-3)
