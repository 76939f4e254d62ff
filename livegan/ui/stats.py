"""Window statistics: counts and durations of what reached the screen."""

from collections import deque
from dataclasses import dataclass, field

from livegan.core.types import Frame
from livegan.engine.telemetry import Meter


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
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=90))  # newest intervals in order [s]
    _newest: int = -1
    _shown_s: float = 0.0

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
