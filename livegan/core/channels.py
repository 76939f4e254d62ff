"""Latest (newest wins) and Inbox (every one counts): two of the four ways to cross a thread."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """A place for one value: whoever looks sees the newest; older ones are gone.

    `bell`, if set, is rung after each put, on the putter's thread: it must only wake somebody.
    """

    def __init__(self, bell: Callable[[], object] | None = None) -> None:
        """Nothing in it yet; `peek` gives None until the first put."""
        self._value: Value | None = None
        self.bell = bell

    def put(self, value: Value) -> None:
        """Replace what was there: one assignment."""
        self._value = value
        if self.bell is not None:
            self.bell()

    def peek(self) -> Value | None:
        """The newest value, or None before the first."""
        return self._value


class Inbox(Generic[Value]):
    """A bounded queue from any thread to one reader; when full the newcomer is dropped and counted."""

    def __init__(self, capacity: int = 1024) -> None:
        """Room for `capacity` values."""
        self._values: deque[Value] = deque()
        self._capacity = capacity
        self._lock = threading.Lock()
        self.dropped = 0

    def put(self, value: Value) -> bool:
        """Add one; False (and counted) if there is no room."""
        with self._lock:
            if len(self._values) >= self._capacity:
                self.dropped += 1
                return False
            self._values.append(value)
            return True

    def take(self) -> Value | None:
        """The oldest value, or None if there is none. Never waits."""
        with self._lock:
            return self._values.popleft() if self._values else None

    def drain(self) -> list[Value]:
        """Everything that waited, oldest first. Never waits."""
        with self._lock:
            values = list(self._values)
            self._values.clear()
        return values

    def __len__(self) -> int:
        """How many wait."""
        return len(self._values)
