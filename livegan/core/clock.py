"""Clocks of the frame loop: the wall clock, and a manual clock for renders and tests."""

import time
from typing import Protocol


class Clock(Protocol):
    """Interface of a clock: the time of the show, and waiting for a moment of it."""

    def now(self) -> float:
        """Seconds since an arbitrary zero; never goes back."""
        ...

    def wait_until(self, time_s: float) -> None:
        """Come back at `time_s`, or at once if it has passed."""
        ...


class WallClock:
    """Monotonic wall clock, for shows."""

    def now(self) -> float:
        return time.monotonic()

    def wait_until(self, time_s: float) -> None:
        rest = time_s - time.monotonic()
        if rest > 0:
            time.sleep(rest)


class ManualClock:
    """Clock that moves only when it waits: for renders and tests."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now(self) -> float:
        return self._now_s

    def wait_until(self, time_s: float) -> None:
        """Set the time to `time_s`; never back."""
        self._now_s = max(self._now_s, time_s)
