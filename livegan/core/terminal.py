"""Terminal: keys as they are pressed, without Enter, and one line that is written over and over."""

import os
import select
import sys
from contextlib import suppress
from typing import Any, Self

from livegan.core.clock import Clock
from livegan.core.text import printable

KEYS = {" ": "Space", "\r": "Space", "\n": "Space", "y": "Yes", "n": "No", "\x1b": "Esc", "q": "Esc"}
AGAIN_S = 0.2  # between two versions of the line


class TerminalKeys:
    """Keys pressed in the terminal of standard input; a context manager. None are where that is no terminal."""

    def __init__(self) -> None:
        self.there = sys.stdin.isatty()
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        if self.there and sys.platform != "win32":
            import termios
            import tty

            descriptor = sys.stdin.fileno()
            self._before = termios.tcgetattr(descriptor)
            tty.setcbreak(descriptor)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back as it was."""
        if self._before is not None and sys.platform != "win32":
            import termios

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    def pressed(self) -> list[str]:
        """Names of the keys pressed since the last call: Space (or Enter), Yes, No, Esc. Never waits."""
        return [KEYS[character.lower()] for character in self._typed() if character.lower() in KEYS]

    def _typed(self) -> str:
        if not self.there:
            return ""
        if sys.platform == "win32":
            import msvcrt

            typed = ""
            while msvcrt.kbhit():
                typed += msvcrt.getwch()
            return typed
        descriptor = sys.stdin.fileno()
        if not select.select([descriptor], [], [], 0)[0]:
            return ""
        typed = os.read(descriptor, 64).decode("utf-8", "replace")
        return "" if typed.startswith("\x1b") and len(typed) > 1 else typed  # an arrow key is no Esc


class StatusLine:
    """One line on standard error, overwritten a few times a second; nothing where that is no terminal."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._written_s, self._shown = clock, -1.0, False
        self._terminal = sys.stderr.isatty()

    def update(self, text: str) -> None:
        """Show `text` instead of the text before."""
        now_s = self._clock.now()
        if self._terminal and now_s - self._written_s >= AGAIN_S:
            self._written_s, self._shown = now_s, True
            self._write(f"\r\x1b[K{printable(text)}")

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._shown:
            self._shown = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()
