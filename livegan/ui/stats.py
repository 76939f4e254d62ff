"""Window statistics: counts and durations of what reached the screen."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from livegan.core.types import Frame
from livegan.engine.telemetry import Meter

Drawing = Literal["same", "frame", "held", "idle", "frozen"]
"""What a draw shows: the picture before, a new frame, one of the hold, the idle scene, or what the player froze."""


@dataclass
class WindowStats:
    """Statistics of one window; written by the main thread only."""

    shown: int = 0  # frames that reached the screen, each newer than the one before
    skipped: int = 0  # frames the engine published and the window never drew
    draws: int = 0
    faults: int = 0  # exceptions inside the window
    last_fault: str = ""
    interval: Meter = field(default_factory=Meter)  # between two shown frames
    latency: Meter = field(default_factory=Meter)  # sound heard -> buffer swapped
    showing: Meter = field(default_factory=lambda: Meter(256))  # picture finished -> buffer swapped
    uploading: Meter = field(default_factory=Meter)  # what handing one frame to OpenGL costs the main thread
    drawing: Meter = field(default_factory=Meter)  # what one draw costs it, uploads left out
    first_frame_s: float | None = None  # from the call of open_window to the first frame on screen
    ready_s: float | None = None  # from the call of open_window to the first picture of any kind
    renderer: str = ""
    longest_gap_s: float = 0.0  # between two pictures of any kind that moved: a frame, a held or an idle one
    held_s: float = 0.0  # after the first frame, how long pictures of the hold were on screen
    idle_s: float = 0.0  # after it, how long the idle scene was
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=90))  # newest intervals in order [s]
    _newest: int = -1
    _shown_s: float = 0.0
    _moved_s: float | None = None  # when the newest picture of any kind was swapped

    def drew(self, drawing: Drawing, now_s: float) -> None:
        """Measure a draw whose buffers were swapped at `now_s`: the gap before it, and what it was filled with.

        What the player froze stands still on purpose: it is no gap.
        """
        if drawing == "same":
            return
        if self._moved_s is not None and drawing != "frozen":
            passed_s = now_s - self._moved_s
            self.longest_gap_s = max(self.longest_gap_s, passed_s)
            self.held_s += passed_s if drawing == "held" else 0.0
            self.idle_s += passed_s if drawing == "idle" and self.shown else 0.0
        self._moved_s = now_s

    def end(self, now_s: float) -> None:
        """Measure the gap in which the window is closed, if there is one. Idempotent."""
        if self._moved_s is not None:
            self.longest_gap_s = max(self.longest_gap_s, now_s - self._moved_s)
        self._moved_s = None

    def swapped(self, frame: Frame, now_s: float) -> bool:
        """Count a frame whose buffers were swapped at `now_s`; False if it is no newer than the one before."""
        index = frame.plan.index
        if index <= self._newest:
            return False
        if self.shown:
            self.interval.add(now_s - self._shown_s)
            self.recent.append(now_s - self._shown_s)
            self.skipped += index - self._newest - 1
        self.shown += 1
        self._newest, self._shown_s = index, now_s
        self.showing.add(max(now_s - frame.rendered_s, 0.0))
        if frame.plan.heard_s > 0.0:
            self.latency.add(now_s - frame.plan.heard_s)
        return True

    def fps(self, now_s: float) -> float:
        """Frames shown per second, over the newest 90 intervals and the time since; 0 before there are any.

        It falls while no frame comes, so that a hung engine does not look like a running one.
        """
        total = sum(self.recent) + max(now_s - self._shown_s, 0.0)
        return len(self.recent) / total if total > 0 else 0.0
