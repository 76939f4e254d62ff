"""MIDI feedback: lights and rings of controllers show what is on and where things stand."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from livegan.control.messages import CONTROL, NOTE_ON
from livegan.control.midi import POLL_S
from livegan.control.output_ports import OutPort, OutPorts, SystemOutPorts
from livegan.core.controller import Controller, FeedbackTable, controller_for
from livegan.core.events import find_control

STEP_S = 0.04  # between two looks at what is to be shown
AGAIN_S = 1.0  # after opening a port everything is sent again: controllers take a moment to wake up, JACK to connect
MOST = 40  # messages to one port in a step: a thousand a second, what a MIDI cable carries


@dataclass(frozen=True, slots=True)
class Shown:
    """What a control shows."""

    level: Literal["off", "dim", "on"] = "off"  # nothing there; it does something; it is on
    position: float = 0.0  # where its parameter stands, 0..1


Show = Callable[[str, str], Shown]  # source and name of a control -> what it shows


@dataclass(frozen=True, slots=True)
class _Lamp:
    """Light or ring: the head of its message, its control, and the values it takes."""

    head: tuple[int, int]  # status byte, number
    control: str
    table: FeedbackTable
    ring: bool

    def value(self, shown: Shown) -> int:
        table = self.table
        if self.ring:
            return table.ring_low + round(min(max(shown.position, 0.0), 1.0) * (table.ring_high - table.ring_low))
        return {"off": table.off, "dim": table.dim, "on": table.on}[shown.level]


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
        self._open: dict[str, _Lights] = {}
        self._look_s = float("-inf")

    def use(self, controllers: Sequence[Controller]) -> None:
        """Go on with other definitions. Any thread."""
        self._controllers = tuple(controllers)

    def poll(self, now_s: float) -> float:
        """Look for ports twice a second, and show what has changed; seconds until the next time."""
        if now_s - self._look_s >= POLL_S:
            self._look_s = now_s
            self._look(now_s)
        show = self._read()
        for name, lights in list(self._open.items()):
            if not lights.again and now_s >= lights.since_s + AGAIN_S:
                lights.forget()
            if show is not None and not lights.show(show):
                self._close(name)
        return STEP_S if self._open else POLL_S

    def stop(self) -> None:
        """Put all lights out and close every port. Idempotent."""
        for name in list(self._open):
            self._open[name].dark()
            self._close(name)
        self._ports.close()

    def _look(self, now_s: float) -> None:
        controllers = self._controllers
        known = {name: controller_for(controllers, name) for name in self._ports.names() or () if self._is_asked(name)}
        for name, lights in list(self._open.items()):
            if name not in known or known[name] != lights.controller:
                self._close(name)
        for name, controller in known.items():
            if controller.feedback and name not in self._open:
                port = self._ports.open(name)
                if port is not None:
                    self._open[name] = _Lights(port, controller, now_s)

    def _is_asked(self, name: str) -> bool:
        return any(part.lower() in name.lower() for part in self._parts)

    def _close(self, name: str) -> None:
        self._open.pop(name).port.close()


class _Lights:
    """Lights and rings of one port, and what each was told last."""

    def __init__(self, port: OutPort, controller: Controller, since_s: float) -> None:
        self.port, self.controller, self.since_s = port, controller, since_s
        self.again = False  # whether everything was sent a second time
        self._lamps = tuple(lamp for table in controller.feedback for lamp in _lamps(controller, table))
        self._told: dict[tuple[int, int], tuple[_Lamp, int]] = {}
        self._shown: Show | None = None  # all of it was told
        self._say(table.start for table in controller.feedback)

    def forget(self) -> None:
        """Send everything again."""
        self.again, self._shown = True, None
        self._told.clear()
        self._say(table.start for table in self.controller.feedback)

    def show(self, show: Show) -> bool:
        """Send what has changed, or the first of it; False if the port is gone."""
        if show is self._shown:
            return True
        room = MOST
        for lamp in self._lamps:
            told = lamp, lamp.value(show(self.controller.name, lamp.control))
            if self._told.get(lamp.head) == told:
                continue
            if room == 0:
                return True
            if not self.port.send((*lamp.head, told[1])):
                return False
            self._told[lamp.head], room = told, room - 1
        self._shown = show
        return True

    def dark(self) -> None:
        """Put every light out that is not."""
        for lamp, value in self._told.values():
            off = lamp.table.ring_low if lamp.ring else lamp.table.off
            if value != off:
                self.port.send((*lamp.head, off))
        self._told.clear()
        self._say(table.stop for table in self.controller.feedback)

    def _say(self, texts: Iterable[str]) -> None:
        for text in texts:
            if text:
                self.port.send(bytes.fromhex(text))


def _lamps(controller: Controller, table: FeedbackTable) -> Iterator[_Lamp]:
    for name, address in table.addresses(controller.names).items():
        spec = find_control(name)
        ring = name in table.rings or (name not in table.lights and spec is not None and spec.kind == "value")
        status = NOTE_ON if address.kind == "note" else CONTROL
        yield _Lamp((status | (address.channel or table.channel) - 1, address.number), name, table, ring)
