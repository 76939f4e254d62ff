"""Waiting for something to become true: generous, and it says what it waited for."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def until(
    ask: Callable[[], Answer], what: str | Callable[[], str], seconds: float = 30.0, pause_s: float = 0.02
) -> Answer:
    """Ask again and again until the answer is truthy, and give it back; AssertionError after `seconds`.

    `what` may be a function, so that it can report the final state.
    """
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what() if callable(what) else what}")
        time.sleep(pause_s)
