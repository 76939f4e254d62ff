"""When frames are due: absolute deadlines, so that being late once does not make every later frame late."""


class Pacer:
    """Frame k is due at start + k / fps. Frames whose time has wholly passed are dropped and counted."""

    def __init__(self, fps: float, start_s: float) -> None:
        """Frame 0 is due at `start_s`."""
        self.period_s = 1 / fps
        self._start_s = start_s
        self._next = 0
        self.dropped = 0

    def next(self, now_s: float) -> tuple[int, float]:
        """The next frame to make and when it is due [s]; the one due now, if others were missed."""
        current = int((now_s - self._start_s) / self.period_s + 1e-9)
        missed = max(current - self._next, 0)
        self.dropped += missed
        index = self._next + missed
        self._next = index + 1
        return index, self._start_s + index * self.period_s
