"""Ableton Link: a session is read with its moment, followed or led."""

import sys

import pytest

from livegan.control.link import LinkClock, check_link
from livegan.core.beat_line import BeatLine
from livegan.errors import DeviceError


class FakeSession:
    """A Link session on a clock that goes on by 10 us whenever it is read."""

    def __init__(self, bpm: float) -> None:
        self.enabled = self.playing = self.start_stop_sync_enabled = False
        self.quantum = 1.0
        self.num_peers = 0
        self.now_s = 10.0
        self.tempo = bpm
        self.shift = 0.0
        self.forced = 0

    def now(self) -> float:
        self.now_s += 1e-5
        return self.now_s

    @property
    def beat(self) -> float:
        return (self.now() - 10.0) * self.tempo / 60.0 + self.shift

    def force_beat(self, beat: float, /) -> None:
        self.shift += beat - self.beat
        self.forced += 1


def make(lead: BeatLine | None = None) -> tuple[LinkClock, FakeSession]:
    session = FakeSession(120.0)
    clock = LinkClock(session.now, lead=(lambda: lead) if lead is not None else None, open_=lambda bpm: session)
    return clock, session


def test_a_session_counts_only_with_others() -> None:
    clock, session = make()
    assert (clock.poll(0.0), clock.status) == (0.02, "Link: off")
    clock.start()
    assert (session.enabled, session.quantum, session.start_stop_sync_enabled) == (True, 4, True)
    clock.poll(10.0)
    assert clock.line(session.now_s) is None
    assert (clock.status, clock.notice) == ("Link: no peers", "Link: nobody else is on this network")
    session.num_peers = 1
    clock.poll(10.0)
    line = clock.line(session.now_s)
    assert line is not None
    assert clock.notice == ""
    assert (line.source, line.bpm, line.beats_per_bar, line.playing) == ("Link, 1 peer", 120.0, 4, True)
    assert line.beats_at(12.0) == pytest.approx(4.0, abs=1e-4)
    assert clock.line(session.now_s + 2.0) is None  # nobody has looked since
    clock.stop()
    clock.stop()
    assert not session.enabled
    assert clock.line(session.now_s) is None


def test_a_session_that_is_stopped_stands_if_it_has_ever_played() -> None:
    clock, session = make()
    clock.start()
    session.num_peers = 3
    for playing, stands in ((False, False), (True, False), (False, True)):
        session.playing = playing
        clock.poll(10.0)
        line = clock.line(session.now_s)
        assert line is not None
        assert line.playing is not stands
        assert line.source == "Link, 3 peers"


def test_a_session_is_led_in_tempo_and_bar() -> None:
    clock, session = make(BeatLine(10.0, 3.0, 97.0))
    clock.start()
    session.num_peers = 1
    for second in range(1, 5):
        session.now_s = 10.0 + second
        clock.poll(session.now_s)
    assert session.tempo == 97.0
    assert session.forced <= 2
    line = clock.line(session.now_s)
    assert line is not None
    away = line.beats_at(20.0) - (3.0 + 10.0 * 97.0 / 60.0)
    assert (away + 2.0) % 4.0 - 2.0 == pytest.approx(0.0, abs=0.07)


def test_without_aalink_one_sentence_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(DeviceError, match=r"^Ableton Link needs aalink; type: pip install 'livegan\[link\]'$"):
        check_link()
