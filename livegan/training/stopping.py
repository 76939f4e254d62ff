"""Signals that stop a training run: SIGINT, SIGTERM and SIGHUP.

The first one lets the step finish; a later one raises KeyboardInterrupt at once. A step can take minutes in a single
call of torch, during which Python's signal handlers do not run; therefore a thread is woken by the signal's file
descriptor (`signal.set_wakeup_fd`), and if the run has not ended GRACE_S later, it saves the state and exits.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, nullcontext, suppress
from types import FrameType

from livegan.core.clock import Clock
from livegan.core.signals import SAME_PRESS_S, Interrupt, ending_signals, handle_ending_signals

GRACE_S = 0.7  # until a step that has not finished is abandoned


@contextmanager
def stop_signals(clock: Clock, abandon: Callable[[], bool] | None = None) -> Iterator[Callable[[], bool]]:
    """Yields whether the run is to stop. `abandon` saves the run from another thread; if True, the process then exits.

    Without `abandon` a step always finishes. In any thread but the main one signals are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    first_s: list[float] = []
    outer = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        if isinstance(outer, Interrupt):
            outer.note()
        if first_s and clock.now() - first_s[0] > SAME_PRESS_S:
            raise KeyboardInterrupt
        first_s.append(clock.now())

    numbers = set(ending_signals())
    with handle_ending_signals(handle), _watchdog(numbers, abandon) if abandon is not None else nullcontext():
        yield lambda: bool(first_s)


@contextmanager
def _watchdog(numbers: Set[int], abandon: Callable[[], bool]) -> Iterator[None]:
    """A thread that waits for one of the signals, then for the block to end, and else abandons the process."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    ended = threading.Event()

    def watch() -> None:
        while received := reader.recv(64):
            if ended.is_set():
                return
            if numbers & set(received):
                if not ended.wait(GRACE_S) and abandon():
                    os._exit(0)
                return

    thread = threading.Thread(target=watch, name="livegan-stop", daemon=True)
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        ended.set()
        with suppress(OSError):
            writer.send(b"\0")
        thread.join()
        reader.close()
        writer.close()
