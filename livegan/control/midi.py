"""Hands on MIDI controllers: every port that fits, found again by name after a cable was pulled."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from livegan.control.controllers import Controller, best_match
from livegan.control.keys import HELD, HERE
from livegan.control.messages import translate
from livegan.control.ports import Port, Ports, SystemPorts
from livegan.core.channels import Inbox
from livegan.core.registry import nearest
from livegan.core.types import ControlEvent

POLL_S = 1.0  # how often plugs are looked for: a pulled one is never reported by the driver


class Hands(Protocol):
    """Something that puts control events into an inbox, tended by one thread."""

    notice: str  # "" when well, else one short line for the HUD
    status: str  # one line for people: what is listened to

    def start(self, now_s: float) -> None:
        """Begin; a machine without the hardware is no error."""
        ...

    def poll(self, now_s: float) -> float:
        """Do what is due and return the seconds until there is something to do again."""
        ...

    def stop(self) -> None:
        """Close everything; twice is fine."""
        ...


class MidiHands:
    """Every MIDI input whose name contains `port` ("" is all), several at once.

    The driver's callback only turns a message into an event and puts it in the inbox, which is bounded and counts.
    """

    def __init__(
        self,
        inbox: Inbox[ControlEvent],
        controllers: Sequence[Controller] = (),
        *,
        port: str = "",
        now: Callable[[], float] = time.monotonic,
        ports: Ports | None = None,
        window_events: Inbox[ControlEvent] | None = None,
    ) -> None:
        """`now` stamps events [s on the show's clock]; `ports` are the machine's own unless given. Opens nothing.

        What the window does itself (blackout, freeze, master ...) goes into its `window_events`, if there is one, and
        so works while the engine hangs.
        """
        self._inbox, self._desk = inbox, window_events
        self._controllers = tuple(controllers)
        self._wanted = port
        self._now = now
        self._ports: Ports = SystemPorts() if ports is None else ports
        self._open: dict[str, _Listener] = {}
        self._lost: list[str] = []
        self._due_s = 0.0
        self.notice = ""
        self.status = "MIDI: not started"

    @property
    def open_ports(self) -> tuple[str, ...]:
        """Names of the inputs listened to now."""
        return tuple(self._open)

    def start(self, now_s: float) -> None:
        """Look for plugs once."""
        self._due_s = now_s
        self.poll(now_s)

    def poll(self, now_s: float) -> float:
        """About once a second: let go of pulled plugs, listen to new ones. Seconds until the next look."""
        if now_s >= self._due_s:
            self._due_s = now_s + POLL_S
            self._look()
        return self._due_s - now_s

    def stop(self) -> None:
        """Close every port; twice is fine."""
        for name in list(self._open):
            self._leave(name)
        self._ports.close()
        self._lost.clear()
        self.notice, self.status = "", "MIDI: stopped"

    def _look(self) -> None:
        there = self._ports.names()
        names = [name for name in there or () if self._wanted.lower() in name.lower()]
        for name in list(self._open):
            if name not in names:
                self._leave(name)
                self._lost.append(name)
        for name in names:
            if name not in self._open:
                listener = _Listener(self._inbox, self._desk, best_match(self._controllers, name), self._now)
                port = self._ports.open(name, listener.heard)
                if port is not None:
                    listener.port = port
                    self._open[name] = listener
        self._lost = [name for name in self._lost if name not in self._open]
        self._tell(there)

    def _leave(self, name: str) -> None:
        listener = self._open.pop(name)
        if listener.port is not None:
            listener.port.close()
        listener.let_go()

    def _tell(self, there: list[str] | None) -> None:
        if self._open:
            self.status = "MIDI: " + ", ".join(self._open)
        elif there is None:
            self.status = "MIDI: none on this machine"
        else:
            self.status = "MIDI: nothing plugged in"
        if self._lost:
            self.notice = f"MIDI: {', '.join(self._lost)} gone, looking for it"
        elif self._wanted and not self._open:
            close = nearest(self._wanted, there or ())
            hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(there or ()) or 'none'}"
            self.notice = f"MIDI: no input called '{self._wanted}'; {hint}"
        else:
            self.notice = ""


class _Listener:
    """What one port says, and which of its pads are held."""

    def __init__(
        self,
        inbox: Inbox[ControlEvent],
        window_events: Inbox[ControlEvent] | None,
        controller: Controller,
        now: Callable[[], float],
    ) -> None:
        self._inbox, self._desk = inbox, window_events
        self._controller = controller
        self._now = now
        self._held: set[str] = set()
        self.port: Port | None = None

    def heard(self, message: Sequence[int]) -> None:
        """The driver's callback."""
        event = translate(message, self._now(), self._controller)
        if event is None:
            return
        if event.name.startswith(HELD):
            (self._held.add if event.value else self._held.discard)(event.name)
        inbox = self._desk if self._desk is not None and event.name in HERE else self._inbox
        inbox.put(event)

    def let_go(self) -> None:
        """The port has gone: no pad stays pressed for ever."""
        for name in sorted(self._held):
            self._inbox.put(ControlEvent(self._now(), name, 0.0))
        self._held.clear()


class EchoHands:
    """Hands without hardware: what `play` is told comes out at the next `poll`."""

    def __init__(self, inbox: Inbox[ControlEvent]) -> None:
        """Events go into `inbox`."""
        self._inbox = inbox
        self._waiting: list[tuple[str, float]] = []
        self._running = False
        self.notice = ""
        self.status = "hands: echo"

    def play(self, name: str, value: float = 1.0) -> None:
        """Move a knob or press a pad."""
        self._waiting.append((name, value))

    def start(self, now_s: float) -> None:
        """Begin to listen."""
        self._running = True

    def poll(self, now_s: float) -> float:
        """Hand over what was played, stamped with `now_s`."""
        if self._running:
            for name, value in self._waiting:
                self._inbox.put(ControlEvent(now_s, name, value))
            self._waiting.clear()
        return POLL_S

    def stop(self) -> None:
        """What is played now is lost."""
        self._running = False
        self._waiting.clear()
