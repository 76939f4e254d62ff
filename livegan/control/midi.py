"""MIDI input from all matching ports, with reconnection by name."""

import time
from collections.abc import Callable, Sequence

from livegan.control.messages import translate
from livegan.control.midi_clock import MidiClock
from livegan.control.ports import Port, Ports, SystemPorts
from livegan.control.source import SendEvent
from livegan.core.controller import Controller, best_match
from livegan.core.events import find_control
from livegan.core.registry import nearest
from livegan.core.types import ControlEvent

SYSTEM = 0xF0  # messages from here on are of no channel: the clock
POLL_S = 1.0  # between two listings of the ports: the driver never reports an unplugged one


class MidiInput:
    """Control source for every MIDI input whose name contains `port` ("" is all), several at once.

    The driver's callback only translates a message into an event and sends it.
    """

    def __init__(
        self,
        send: SendEvent,
        controllers: Sequence[Controller] = (),
        *,
        port: str = "",
        now: Callable[[], float] = time.monotonic,
        ports: Ports | None = None,
        clock: MidiClock | None = None,
    ) -> None:
        """`now` stamps events [s on the show's clock]; `ports` are the machine's own unless given. Opens nothing.

        `clock` takes the clock messages of every port.
        """
        self._send = send
        self._controllers = tuple(controllers)
        self._port_name = port
        self._now = now
        self._clock = clock
        self._ports: Ports = SystemPorts() if ports is None else ports
        self._open: dict[str, _Listener] = {}
        self._lost: list[str] = []
        self._due_s = 0.0
        self.notice = ""
        self.status = "MIDI: not started"

    @property
    def open_ports(self) -> tuple[str, ...]:
        """Names of the inputs that are open now."""
        return tuple(self._open)

    def start(self, now_s: float) -> None:
        """Open the ports that are there."""
        self._due_s = now_s
        self.poll(now_s)

    def poll(self, now_s: float) -> float:
        """About once a second: close unplugged ports, open new ones. Seconds until the next look."""
        if now_s >= self._due_s:
            self._due_s = now_s + POLL_S
            self._update_ports()
        return self._due_s - now_s

    def stop(self) -> None:
        """Close every port. Idempotent."""
        for name in list(self._open):
            self._close(name)
        self._ports.close()
        self._lost.clear()
        self.notice, self.status = "", "MIDI: stopped"

    def _update_ports(self) -> None:
        plugged = self._ports.names()
        names = [name for name in plugged or () if self._port_name.lower() in name.lower()]
        for name in list(self._open):
            if name not in names:
                self._close(name)
                self._lost.append(name)
        for name in names:
            if name not in self._open:
                listener = _Listener(self._send, best_match(self._controllers, name), self._now, name, self._clock)
                port = self._ports.open(name, listener.receive)
                if port is not None:
                    listener.port = port
                    self._open[name] = listener
        self._lost = [name for name in self._lost if name not in self._open]
        self._update_status(plugged)

    def _close(self, name: str) -> None:
        listener = self._open.pop(name)
        if listener.port is not None:
            listener.port.close()
        listener.release_all()

    def _update_status(self, plugged: list[str] | None) -> None:
        if self._open:
            self.status = "MIDI: " + ", ".join(self._open)
        elif plugged is None:
            self.status = "MIDI: none on this machine"
        else:
            self.status = "MIDI: nothing plugged in"
        if self._lost:
            self.notice = f"MIDI: {', '.join(self._lost)} lost, looking for it"
        elif self._port_name and not self._open:
            close = nearest(self._port_name, plugged or ())
            hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(plugged or ()) or 'none'}"
            self.notice = f"MIDI: no input called '{self._port_name}'; {hint}"
        else:
            self.notice = ""


class _Listener:
    """Message callback of one port, which remembers which of its pads are held."""

    def __init__(
        self,
        send: SendEvent,
        controller: Controller,
        now: Callable[[], float],
        name: str = "",
        clock: MidiClock | None = None,
    ) -> None:
        self._name, self._clock = name, clock
        self._send = send
        self._controller = controller
        self._now = now
        self._held: set[str] = set()
        self.port: Port | None = None

    def receive(self, message: Sequence[int]) -> None:
        """Called by the driver with each message, on its thread."""
        if message and message[0] >= SYSTEM:
            if self._clock is not None:
                self._clock.receive(self._name, message, self._now())
            return
        event = translate(message, self._now(), self._controller)
        if event is None:
            return
        spec = find_control(event.name)
        if spec is not None and spec.kind == "held":
            (self._held.add if event.value else self._held.discard)(event.name)
        self._send(event)

    def release_all(self) -> None:
        """Release every held pad: its port was lost, so its note-off will never come."""
        for name in sorted(self._held):
            self._send(ControlEvent(self._now(), name, 0.0))
        self._held.clear()
