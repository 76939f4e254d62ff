"""Clocks of the frame loop: the wall clock, and a manual clock for renders and tests."""

import sys
import time
from typing import Protocol

wall_time = time.perf_counter if sys.platform == "win32" else time.monotonic
"""Seconds of the wall clock [s]: in fine steps also on Windows, where `time.monotonic` goes by 15.6 ms at a time."""


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
        return wall_time()

    def wait_until(self, time_s: float) -> None:
        rest = time_s - wall_time()
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
