"""Coalescing of control events: of what floods in, the newest value of each control goes on, and every press.

Values between two flushes replace each other, steps of an encoder add up, presses count up to a bound. What its reader
has no room for stays here, so that the newest value arrives whenever there is room again.
"""

from dataclasses import replace

from livegan.control.source import SendEvent
from livegan.core.events import Destination, find_control
from livegan.core.types import ControlEvent

MOST_NAMES = 1024  # controls and parameters that wait at a time
MOST_PRESSES = 16  # of one of them
MOST_SENT = 128  # of one flush: a reader takes its events once a frame
FLUSHED: tuple[Destination, ...] = ("window", "window and engine", "beat clock", "engine")


class Coalescer:
    """Coalescing buffer in front of `send`. Owned by one thread."""

    def __init__(self, send: SendEvent) -> None:
        """`send` says with False that it had no room."""
        self._send = send
        self._waiting: dict[Destination, dict[str, list[ControlEvent]]] = {to: {} for to in FLUSHED}
        """By destination and name, in the order in which they began to wait."""
        self.dropped = 0  # presses beyond the bound, and events of too many names

    def put(self, event: ControlEvent, *, every: bool = False) -> None:
        """Let an event wait, in the place of an older one that it replaces; `every` one of presses counts."""
        spec = find_control(event.name)
        table = self._waiting[spec.destination if spec is not None else "engine"]
        waiting = table.get(event.name)
        if waiting is None:
            if len(table) >= MOST_NAMES:
                self.dropped += 1
                return
            table[event.name] = [event]
        elif every:
            if len(waiting) < MOST_PRESSES:
                waiting.append(event)
            else:
                waiting[-1] = event  # of a pad that is held the newest state counts
                self.dropped += 1
        elif event.kind == "turn" == waiting[-1].kind:
            waiting[-1] = replace(event, value=min(max(waiting[-1].value + event.value, -1.0), 1.0))
        elif event.kind == "turn":
            waiting[1:] = [event]  # a step from the value that was set before
        else:
            waiting[:] = [event]

    def flush(self) -> int:
        """Send what waits, MOST_SENT at most; returns how many events were taken.

        A destination that has no room, because its reader hangs, holds up no other.
        """
        sent = 0
        for table in self._waiting.values():
            sent += self._flush(table, MOST_SENT - sent)
        return sent

    def _flush(self, table: dict[str, list[ControlEvent]], most: int) -> int:
        sent = 0
        for name in list(table):
            events = table[name]
            while events:
                if sent >= most or self._send(events[0]) is False:
                    return sent
                events.pop(0)
                sent += 1
            del table[name]
        return sent

    def __len__(self) -> int:
        return sum(len(events) for table in self._waiting.values() for events in table.values())
