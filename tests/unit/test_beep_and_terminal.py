"""Beeps, keys of a terminal, and the line that is written over and over."""

import io
import os
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from livegan.audio.beep import RATE, Beeper, tone
from livegan.core.clock import ManualClock
from livegan.core.terminal import StatusLine, TerminalKeys


class Driver:
    """sounddevice, as far as beeps need it."""

    class PortAudioError(Exception):
        """As sounddevice's."""

    def __init__(self, broken: bool = False) -> None:
        self.broken, self.played = broken, 0

    def play(self, sound: np.ndarray, rate: int, blocking: bool) -> None:
        assert (rate, blocking, sound.dtype) == (RATE, True, np.float32)
        if self.broken:
            raise self.PortAudioError("no default output device")
        self.played += 1


def test_a_beep_sounds_and_without_a_loudspeaker_all_is_silent() -> None:
    driver = Driver()
    beeper = Beeper(driver)
    for _ in range(2):
        beeper.beep(660)
        beeper.close()
    assert driver.played == 2
    broken = Driver(broken=True)
    silent = Beeper(broken)
    silent.beep(660)
    silent.close()
    broken.broken = False
    silent.beep(660)
    silent.close()
    assert broken.played == 0
    sound = tone(1000)
    assert abs(sound[0]) < 1e-3
    assert 0.25 < np.abs(sound).max() <= 0.3


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of Windows is another")
def test_keys_come_one_by_one_and_the_terminal_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty
    import termios

    leader, follower = pty.openpty()
    with os.fdopen(follower, "r+b", buffering=0) as terminal:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True, fileno=terminal.fileno))
        before = termios.tcgetattr(terminal)
        with TerminalKeys() as keys:
            assert keys.there
            assert keys.pressed() == []
            os.write(leader, b" Yx")
            assert keys.pressed() == ["Space", "Yes"]
            os.write(leader, b"\x1b[A")  # an arrow
            assert keys.pressed() == []
            os.write(leader, b"\x1b")
            assert keys.pressed() == ["Esc"]
        assert termios.tcgetattr(terminal) == before
    os.close(leader)


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y"))
    with TerminalKeys() as keys:
        assert not keys.there
        assert keys.pressed() == []


def test_the_status_line_is_rewritten_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream: Any = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    clock = ManualClock()
    line = StatusLine(clock)
    for _ in range(30):
        clock.wait_until(clock.now() + 1 / 30)
        line.update("0/4")
    assert 4 <= stream.getvalue().count("0/4") <= 6
    line.clear()
    assert stream.getvalue().endswith("\r\x1b[K")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    quiet = StatusLine(clock)
    quiet.update("1/4")
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
