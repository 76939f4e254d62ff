"""Two clocks for one loop: the wall's, and one that counts."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of the show and waits for a moment of it."""

    def now(self) -> float:
        """Seconds since an arbitrary zero; never goes back."""
        ...

    def wait_until(self, time_s: float) -> None:
        """Come back at `time_s`, or at once if it has passed."""
        ...


class WallClock:
    """The time on stage (monotonic)."""

    def now(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def wait_until(self, time_s: float) -> None:
        """Sleep until then."""
        rest = time_s - time.monotonic()
        if rest > 0:
            time.sleep(rest)


class ManualClock:
    """A clock that only moves when told: renders and tests."""

    def __init__(self, start_s: float = 0.0) -> None:
        """Starts at `start_s`."""
        self._now_s = start_s

    def now(self) -> float:
        """Where it was last set to."""
        return self._now_s

    def wait_until(self, time_s: float) -> None:
        """Jump to `time_s`; never back."""
        self._now_s = max(self._now_s, time_s)
