"""Signal handlers: Ctrl-C, SIGTERM and SIGHUP end a command; a signal that was ignored at the start stays ignored.

A shell script sets SIGINT to ignored for a job in the background (`command &`), and `nohup` does so with SIGHUP.
SIGTERM always ends: a job for which both are ignored has no other ordinary end.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from livegan.core.clock import Clock, WallClock

SAME_PRESS_S = 2.0  # a closed terminal sends its signal twice: by the kernel and by the shell

Handler = Callable[[int, FrameType | None], object]


class Interrupt:
    """Signal handler that raises KeyboardInterrupt; signals shortly after the first are taken for the same one."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self._first_s: float | None = None

    @property
    def happened(self) -> bool:
        """Whether a signal has come."""
        return self._first_s is not None

    def note(self) -> None:
        """Count a signal that another handler has dealt with, so that the process ends quickly afterwards."""
        self._first_s = self._clock.now()

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        now_s = self._clock.now()
        if self._first_s is None or now_s - self._first_s > SAME_PRESS_S:
            self._first_s = now_s
            raise KeyboardInterrupt


def ending_signals() -> list[signal.Signals]:
    """The signals that end a command of this process."""
    names = [name for name in ("SIGINT", "SIGHUP", "SIGTERM") if hasattr(signal, name)]  # Windows has no SIGHUP
    numbers = [signal.Signals[name] for name in names]
    return [number for number in numbers if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN]


@contextmanager
def handle_ending_signals(handler: Handler) -> Iterator[None]:
    """Within the block, every signal that ends a command calls `handler`. Main thread only."""
    before = {number: signal.signal(number, handler) for number in ending_signals()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def end_at_once() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP end the process with nothing kept, even in a library that never returns.

    Python runs no handler while a library loads or compiles. In other threads than the main one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for number in ending_signals() if number != signal.SIGINT]
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def tell_interrupt(say: Callable[[str], None], film: str) -> Iterator[None]:
    """Within the block, before a film is drawn on, Ctrl-C says that nothing is lost; then it ends the command."""
    try:
        yield
    except KeyboardInterrupt:
        say(
            f"{film}: stopped while it was loading, before the first new frame; to begin or go on, type the same again."
        )
        raise
