"""MIDI feedback: lights and rings of controllers show what is on and where things stand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from livegan.control.messages import CONTROL, NOTE_ON
from livegan.control.midi import POLL_S
from livegan.control.output_ports import OutPort, OutPorts, SystemOutPorts
from livegan.core.controller import Controller, FeedbackTable, controller_for
from livegan.core.events import find_control
from livegan.core.midi_address import Address

STEP_S = 0.04  # between two looks at what is to be shown
MOST = 40  # messages to one port in a step: a thousand a second, what a MIDI cable carries


@dataclass(frozen=True, slots=True)
class Shown:
    """What a control shows."""

    level: Literal["off", "dim", "on"] = "off"  # nothing there; it does something; it is on
    position: float = 0.0  # where its parameter stands, 0..1


Show = Callable[[str, str], Shown]  # source and name of a control -> what it shows


@dataclass(frozen=True, slots=True)
class _Lamp:
    """Light or ring: the head of its message, its control, and whether it is a ring."""

    head: tuple[int, int]  # status byte, number
    control: str
    ring: bool = False


class Feedback:
    """Lights and rings of every controller whose file has [feedback]. `poll` is for one thread.

    Only what changed is sent, at most `MOST` messages in `STEP_S`; a controller that is plugged in again is told
    everything again, and at the end all goes dark.
    """

    def __init__(
        self,
        read: Callable[[], Show | None],
        controllers: Sequence[Controller],
        *,
        port: str | Sequence[str] = "",
        ports: OutPorts | None = None,
    ) -> None:
        """`read` gives what is to be shown now, the same object as long as nothing changes; None: nothing yet.

        `port`: parts of port names, "" is in every name; `ports` are the machine's own unless given. Opens nothing.
        """
        self._read, self._controllers = read, tuple(controllers)
        self._parts = (port,) if isinstance(port, str) else tuple(port)
        self._ports: OutPorts = SystemOutPorts(port="lights") if ports is None else ports
        self._open: dict[str, _Panel] = {}
        self._look_s = float("-inf")

    def use(self, controllers: Sequence[Controller]) -> None:
        """Go on with other definitions. Any thread."""
        self._controllers = tuple(controllers)

    def poll(self, now_s: float) -> float:
        """Look for ports twice a second, and show what has changed; seconds until the next time."""
        if now_s - self._look_s >= POLL_S:
            self._look_s = now_s
            self._look()
        show = self._read()
        for name, panel in list(self._open.items()):
            if show is not None and not panel.show(show):
                self._close(name)
        return STEP_S if self._open else POLL_S

    def stop(self) -> None:
        """Put all lights out and close every port. Idempotent."""
        for name in list(self._open):
            self._open[name].dark()
            self._close(name)
        self._ports.close()

    def _look(self) -> None:
        controllers = self._controllers
        known = {name: controller_for(controllers, name) for name in self._ports.names() or () if self._is_asked(name)}
        for name, panel in list(self._open.items()):
            if name not in known or known[name] != panel.controller:
                self._close(name)
        for name, controller in known.items():
            if controller.feedback is not None and name not in self._open:
                port = self._ports.open(name)
                if port is not None:
                    self._open[name] = _Panel(port, controller, controller.feedback)

    def _is_asked(self, name: str) -> bool:
        return any(part.lower() in name.lower() for part in self._parts)

    def _close(self, name: str) -> None:
        self._open.pop(name).port.close()


class _Panel:
    """Lights and rings of one port, and what each was told last."""

    def __init__(self, port: OutPort, controller: Controller, table: FeedbackTable) -> None:
        self.port, self.controller, self.table = port, controller, table
        self._lamps = tuple(_lamps(controller, table))
        self._told: dict[_Lamp, int] = {}
        self._shown: Show | None = None  # all of it was told

    def show(self, show: Show) -> bool:
        """Send what has changed, or the first of it; False if the port is gone."""
        if show is self._shown:
            return True
        room = MOST
        for lamp in self._lamps:
            value = self._value(lamp, show(self.controller.name, lamp.control))
            if self._told.get(lamp) == value:
                continue
            if room == 0:
                return True
            if not self.port.send((*lamp.head, value)):
                return False
            self._told[lamp], room = value, room - 1
        self._shown = show
        return True

    def dark(self) -> None:
        """Put every light out that is not."""
        for lamp, value in self._told.items():
            off = self.table.ring_low if lamp.ring else self.table.off
            if value != off:
                self.port.send((*lamp.head, off))
        self._told.clear()

    def _value(self, lamp: _Lamp, shown: Shown) -> int:
        table = self.table
        if lamp.ring:
            return table.ring_low + round(min(max(shown.position, 0.0), 1.0) * (table.ring_high - table.ring_low))
        return {"off": table.off, "dim": table.dim, "on": table.on}[shown.level]


def _lamps(controller: Controller, table: FeedbackTable) -> Iterator[_Lamp]:
    lights = {name: Address.parse(text) for name, text in table.lights.items()}
    rings = {name: Address.parse(text) for name, text in table.rings.items()}
    for address, name in controller.names.items():
        spec = find_control(name)
        is_value = spec is not None and spec.kind == "value"
        if address.kind in ("cc", "note") and (table.same_rings if is_value else table.same_lights):
            (rings if is_value else lights).setdefault(name, address)
    for name, address in lights.items():
        yield _Lamp(_head(address, table.channel), name)
    for name, address in rings.items():
        yield _Lamp(_head(address, table.channel), name, ring=True)


def _head(address: Address, channel: int) -> tuple[int, int]:
    status = NOTE_ON if address.kind == "note" else CONTROL
    return status | (address.channel or channel) - 1, address.number
