"""MIDI input from all matching ports, with reconnection by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from livegan.control.decoder import Decoder
from livegan.control.midi_clock import MidiClock
from livegan.control.ports import Port, Ports, SystemPorts, held_by_another
from livegan.control.source import SendEvent
from livegan.core.clock import wall_time
from livegan.core.controller import Controller, controller_for
from livegan.core.events import find_control
from livegan.core.registry import nearest
from livegan.core.types import ControlEvent

POLL_S = 0.5  # between two listings of the ports: the driver never reports an unplugged one
Tap = Callable[[str, Sequence[int], float], bool]
"""Hears a port's name, a message and when it came, on the driver's thread; True: the message does nothing else."""
SYSTEM = 0xF0  # messages from here on are of no channel: the clock


class MidiInput:
    """Control source for every MIDI input whose name contains `port` or one of several parts, several at once.

    The driver's callback only decodes a message into an event and sends it.
    """

    def __init__(
        self,
        send: SendEvent,
        controllers: Sequence[Controller] = (),
        *,
        port: str | Sequence[str] = "",
        now: Callable[[], float] = wall_time,
        ports: Ports | None = None,
        clock: MidiClock | None = None,
        tap: Tap | None = None,
    ) -> None:
        """`port`: parts of port names, "" is in every name; `now` stamps events [s on the show's clock].

        `ports` are the machine's own unless given; `clock` takes the clock messages of every port; `tap` hears all
        others. Opens nothing.
        """
        self._send = send
        self._controllers = tuple(controllers)
        self._parts = (port,) if isinstance(port, str) else tuple(port)
        self._now = now
        self._clock, self._tap = clock, tap
        self._ports: Ports = SystemPorts() if ports is None else ports
        self._open: dict[str, _Listener] = {}
        self._lost: list[str] = []
        self._taken: list[str] = []  # by other programs
        self._due_s = 0.0
        self.notice = ""
        self.status = "MIDI: not started"

    @property
    def open_ports(self) -> tuple[str, ...]:
        """Names of the inputs that are open now."""
        return tuple(self._open)

    @property
    def controllers(self) -> Mapping[str, Controller]:
        """The controller of each open port, by the port's name."""
        return {port: listener.controller for port, listener in tuple(self._open.items())}

    def use(self, controllers: Sequence[Controller]) -> None:
        """Go on with other definitions, from the next `poll` on. Any thread."""
        self._controllers = tuple(controllers)

    def start(self, now_s: float) -> None:
        """Open the ports that are there."""
        self._due_s = now_s
        self.poll(now_s)

    def poll(self, now_s: float) -> float:
        """Twice a second: close unplugged ports, open new ones. Seconds until the next look."""
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
        self._taken.clear()
        self.notice, self.status = "", "MIDI: stopped"

    def _update_ports(self) -> None:
        plugged = self._ports.names()
        controllers = self._controllers
        names = [name for name in plugged or () if any(part.lower() in name.lower() for part in self._parts)]
        for name in list(self._open):
            if name not in names:
                self._close(name)
                self._lost.append(name)
        self._taken.clear()
        for name in names:
            if name not in self._open:
                listener = _Listener(name, self._send, controllers, self._now, self._clock, self._tap)
                port = self._ports.open(name, listener.receive)
                if port is not None:
                    listener.port = port
                    self._open[name] = listener
                else:
                    self._taken.append(name)
            else:
                self._open[name].use(controllers)
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
        if self._taken:
            self.notice = f"MIDI: {held_by_another(self._taken[0])}"
        elif self._lost:
            self.notice = f"MIDI: {', '.join(self._lost)} lost, looking for it"
        elif missing := [part for part in self._parts if not any(part.lower() in name.lower() for name in self._open)]:
            self.notice = self._missing(missing[0], plugged or ()) if any(missing) else ""
        else:
            self.notice = ""

    def _missing(self, part: str, plugged: Sequence[str]) -> str:
        close = nearest(part, plugged)
        hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(plugged) or 'none'}"
        return f"MIDI: no input called '{part}'; {hint}"


class _Listener:
    """Message callback of one port, which remembers which of its pads are held."""

    def __init__(
        self,
        name: str,
        send: SendEvent,
        controllers: Sequence[Controller],
        now: Callable[[], float],
        clock: MidiClock | None,
        tap: Tap | None,
    ) -> None:
        self._name, self._send, self._now, self._clock, self._tap = name, send, now, clock, tap
        self._controllers = controllers
        self._decoder = Decoder(controller_for(controllers, name))
        self._held: dict[str, ControlEvent] = {}
        self.port: Port | None = None

    @property
    def controller(self) -> Controller:
        return self._decoder.controller

    def use(self, controllers: Sequence[Controller]) -> None:
        """Decode by other definitions from now on; pads that are held stay so."""
        if controllers is not self._controllers:
            self._controllers = controllers
            self._decoder = Decoder(controller_for(controllers, self._name))

    def receive(self, message: Sequence[int]) -> None:
        """Called by the driver with each message, on its thread."""
        if not message:
            return
        if message[0] >= SYSTEM:
            if self._clock is not None:
                self._clock.receive(self._name, message, self._now())
            return
        now_s = self._now()
        taken = self._tap is not None and self._tap(self._name, message, now_s)
        event = self._decoder.decode(message, now_s)
        if event is None or (taken and not (event.name in self._held and event.value == 0.0)):
            return  # pads that were held before the tap took over are let go
        if event.name in self._held:
            if event.value == 0.0:  # of the same source, although its definition may be another now
                event = replace(event, source=self._held.pop(event.name, event).source)
        elif event.value > 0.0 and _is_held(event.name):
            self._held[event.name] = event
        self._send(event)

    def release_all(self) -> None:
        """Release every held pad: its port was lost, so its note-off will never come."""
        for event in sorted(self._held.values(), key=lambda event: event.name):
            self._send(replace(event, time_s=self._now(), value=0.0))
        self._held.clear()


def _is_held(name: str) -> bool:
    spec = find_control(name)
    return spec is not None and spec.kind == "held"
