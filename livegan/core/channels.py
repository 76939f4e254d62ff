"""Channels between threads: `Latest` (newest wins), `Inbox` (a bounded queue), and the `Signal` that wakes a reader."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")


class Signal(Generic[Arguments]):
    """Signal with any number of callbacks, called on the emitting thread: each only copies or wakes, never waits.

    Subscribing and unsubscribing are safe from any thread, also while another emits and from within a callback.
    """

    def __init__(self) -> None:
        self._callbacks: tuple[list[Callable[Arguments, object]], ...] = ()  # replaced whole, never changed
        self._lock = threading.Lock()

    def subscribe(self, callback: Callable[Arguments, object]) -> Callable[[], None]:
        """Call `callback` from now on; returns the function that ends this subscription (idempotent).

        An `emit` in progress on another thread may still reach the callback once after that.
        """
        subscription = [callback]  # an object of its own: one callback may subscribe twice
        with self._lock:
            self._callbacks = (*self._callbacks, subscription)

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks = tuple(other for other in self._callbacks if other is not subscription)

        return unsubscribe

    def emit(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Call every callback that is subscribed now, in the order in which they subscribed."""
        for (callback,) in self._callbacks:
            callback(*args, **kwargs)


class Latest(Generic[Value]):
    """Channel of one value: readers see the newest. One writer, any number of readers and subscribers."""

    def __init__(self) -> None:
        self._value: Value | None = None
        self._written: Signal[[]] = Signal()

    def put(self, value: Value) -> None:
        """Replace the value in one assignment, then call the subscribers."""
        self._value = value
        self._written.emit()

    def peek(self) -> Value | None:
        """The newest value, or None before the first."""
        return self._value

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` after each `put`, on the writer's thread; returns the function that ends it (idempotent)."""
        return self._written.subscribe(callback)


class Inbox(Generic[Value]):
    """A bounded queue from any thread to one reader; when it is full the newcomer is dropped and counted."""

    def __init__(self, capacity: int = 1024) -> None:
        self._values: deque[Value] = deque()
        self._capacity = capacity
        self._lock = threading.Lock()
        self._filled: Signal[[]] = Signal()
        self.dropped = 0

    def put(self, value: Value) -> bool:
        """Add one and call the subscribers; False (and counted) if there is no room."""
        with self._lock:
            added = self._add(value)
            self.dropped += not added
        if added:
            self._filled.emit()
        return added

    def _add(self, value: Value) -> bool:
        if len(self._values) >= self._capacity:
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

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` after each successful `put`, on the sender's thread; returns the function that ends it."""
        return self._filled.subscribe(callback)

    def __len__(self) -> int:
        return len(self._values)
