"""The show does not fail: what raises is bypassed, counted, and told at most once in five seconds.

This module holds the package's one broad `except`.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
TELL_EVERY_S = 5.0

log = logging.getLogger("livegan")


class Guard:
    """Runs a stage's work; if it raises, the fallback is used instead. Any thread may use it."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` gives the show's time [s]."""
        self._now = now
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}
        self.faults = 0
        self.newest = ""  # "stage: what happened", for the HUD
        self.newest_s = float("-inf")

    def __call__(self, name: str, work: Callable[[], Result], fallback: Result) -> Result:
        """The work's result, or `fallback` if it raised anything."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the one broad except: the show goes on
            self.note(name, error)
            return fallback

    def note(self, stage: str, error: Exception) -> None:
        """Count one fault; log it unless this stage was told of in the last five seconds."""
        now_s = self._now()
        with self._lock:
            self.faults += 1
            self.newest = f"{stage}: {type(error).__name__}: {error}"
            self.newest_s = now_s
            tell = now_s - self._told.get(stage, float("-inf")) >= TELL_EVERY_S
            if tell:
                self._told[stage] = now_s
        if tell:
            log.error("%s failed and is bypassed: %s", stage, error, exc_info=error)


class Strict(Guard):
    """The guard of renders, where there is time to be right: what raises comes through."""

    def __call__(self, name: str, work: Callable[[], Result], fallback: Result) -> Result:
        """The work's result."""
        return work()
