"""Fault barriers: a stage that raises is bypassed, counted, and logged at most once in five seconds."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
LOG_EVERY_S = 5.0

log = logging.getLogger("livegan")


class FaultGuard:
    """The guard of a live show: if the work raises, the fallback is used instead. Any thread may use it."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` returns the show's time [s]."""
        self._now = now
        self._lock = threading.Lock()
        self._logged_s: dict[str, float] = {}
        self.faults = 0
        self.newest = ""  # "stage: what happened", for the HUD
        self.newest_s = float("-inf")

    def __call__(self, name: str, work: Callable[[], Result], fallback: Result) -> Result:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the show goes on
            self.note(name, error)
            return fallback

    def note(self, stage: str, error: Exception) -> None:
        """Count one fault; log it unless one of this stage was logged in the last five seconds."""
        now_s = self._now()
        with self._lock:
            self.faults += 1
            self.newest = f"{stage}: {type(error).__name__}: {error}"
            self.newest_s = now_s
            due = now_s - self._logged_s.get(stage, float("-inf")) >= LOG_EVERY_S
            if due:
                self._logged_s[stage] = now_s
        if due:
            log.error("%s failed and is bypassed: %s", stage, error, exc_info=error)


class StrictGuard(FaultGuard):
    """The guard of renders, which prefer an error to a wrong frame: exceptions propagate."""

    def __call__(self, name: str, work: Callable[[], Result], fallback: Result) -> Result:
        try:
            return work()
        except Exception as error:
            if not hasattr(error, "__notes__"):  # the innermost stage is the one at fault
                error.add_note(name)
            raise
