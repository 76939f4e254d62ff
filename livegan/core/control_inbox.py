"""Inbox of control events that no flood fills: of what only its newest value counts, only the newest waits."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import replace

from livegan.core.channels import Inbox
from livegan.core.events import find_control
from livegan.core.types import ControlEvent


def only_newest_counts(event: ControlEvent) -> bool:
    """Whether an event says where something stands or how far it was turned: not that something was pressed."""
    spec = find_control(event.name)
    return event.kind == "turn" or spec is None or spec.kind == "value"


class ControlInbox(Inbox[ControlEvent]):
    """Inbox whose reader finds one event of each knob, fader or parameter: where it stands, or the sum of its turns.

    Presses, notes and releases all wait, up to the capacity; beyond it a held control's newest state replaces the one
    before, so that none stays pressed, and other presses are dropped and counted. A value that comes to 0 or leaves it
    counts like a press: some buttons send control changes. At most twice the capacity waits of each source, so that a
    flood from one leaves the others their room.
    """

    def __init__(self, capacity: int = 256) -> None:
        """`capacity`: presses of one source between two readings."""
        super().__init__(capacity)
        self._waiting: dict[int, ControlEvent] = {}  # by number, in order
        self._newest: dict[Hashable, int] = {}  # number of the newest event of each control that waits
        self._of: Counter[str] = Counter()  # how many wait, by source
        self._number = 0

    def take(self) -> ControlEvent | None:
        """The oldest event, or None if there is none. Never waits."""
        with self._lock:
            if not self._waiting:
                return None
            event = self._waiting.pop(next(iter(self._waiting)))
            self._of[event.source] -= 1
            return event

    def drain(self) -> list[ControlEvent]:
        """Everything that waited, oldest first. Never waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._newest.clear()
            self._of.clear()
        return list(waiting.values())

    def _add(self, event: ControlEvent) -> bool:
        spec = find_control(event.name)
        key = (event.source, event.name, event.kind == "turn")
        newest = self._newest.get(key, -1)
        before = self._waiting.get(newest)
        counts = only_newest_counts(event)
        room = (2 if counts or _lets_go(event) else 1) * self._capacity - self._of[event.source]
        full = self._of[event.source] >= self._capacity * (2 if counts else 1)
        if before is not None and ((counts and _alike(before, event)) or (full and not (spec and spec.acts_once))):
            del self._waiting[newest]
            self._of[event.source] -= 1
            if event.kind == "turn":
                event = replace(event, value=min(max(before.value + event.value, -1.0), 1.0))
        elif room <= 0:
            return False
        self._number += 1
        self._waiting[self._number] = event
        self._newest[key] = self._number
        self._of[event.source] += 1
        return True

    def __len__(self) -> int:
        return len(self._waiting)


def _alike(before: ControlEvent, event: ControlEvent) -> bool:
    """Whether two events of one control are one: a turn and another, or positions neither of which is the end at 0."""
    return event.kind == "turn" or (before.kind == event.kind and (before.value > 0) == (event.value > 0))


def _lets_go(event: ControlEvent) -> bool:
    """Whether it ends what is held: a pad, or a toggle that is on while a button is pressed."""
    spec = find_control(event.name)
    is_momentary = event.binding is not None and event.binding.mode == "momentary"
    return event.value <= 0 and spec is not None and (spec.kind == "held" or (spec.kind == "toggle" and is_momentary))
