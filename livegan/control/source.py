"""Control sources: the protocol of whatever sends control events (MIDI, OSC, Link), and a fake without hardware."""

from collections.abc import Callable
from typing import Protocol

from livegan.core.types import ControlEvent

SendEvent = Callable[[ControlEvent], object]  # takes an event from any thread and never waits, e.g. `Router.put`


class ControlSource(Protocol):
    """A source of control events, polled by one thread."""

    notice: str  # "", or what is wrong in one short line for the HUD
    status: str  # one line: what it listens to

    def start(self, now_s: float) -> None:
        """Begin to send; a machine without the hardware is no error."""
        ...

    def poll(self, now_s: float) -> float:
        """Do what is due; returns the seconds until the next poll."""
        ...

    def stop(self) -> None:
        """Close everything and send nothing more. Idempotent."""
        ...


class EchoSource:
    """Fake control source: what `play` is given is sent at the next `poll`."""

    def __init__(self, send: SendEvent) -> None:
        self._send = send
        self._waiting: list[tuple[str, float]] = []
        self._running = False
        self.notice = ""
        self.status = "controls: echo"

    def play(self, name: str, value: float = 1.0) -> None:
        """Move a knob or press a pad."""
        self._waiting.append((name, value))

    def start(self, now_s: float) -> None:
        self._running = True

    def poll(self, now_s: float) -> float:
        """Send what was played, stamped with `now_s`."""
        waiting, self._waiting = self._waiting, []
        for name, value in waiting if self._running else ():
            self._send(ControlEvent(now_s, name, value))
        return 1.0

    def stop(self) -> None:
        """Drop what was played and not sent."""
        self._running = False
        self._waiting.clear()
