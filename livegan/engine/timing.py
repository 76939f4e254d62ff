"""Frame timing: the deadlines of frames."""

MOST_STEP_S = 0.5  # that pictures move on at once: after a computer has slept they go on from where they were


class Pacer:
    """Absolute frame deadlines: frame k is due one period after frame k - 1.

    One late frame makes no later frame late; frames whose time has wholly passed are dropped and counted.
    """

    def __init__(self, fps: float, start_s: float, first: int = 0) -> None:
        """Frame number `first` is due at `start_s`."""
        self.period_s = 1 / fps
        self._start_s = start_s  # when `_first` is due
        self._first = first  # the first frame at this rate
        self._next = first
        self.dropped = 0

    def use(self, fps: float) -> None:
        """Go on at another rate: the next frame comes one new period after the newest one was due."""
        period_s = 1 / fps
        if period_s == self.period_s:
            return
        newest_s = self._start_s + (self._next - 1 - self._first) * self.period_s
        self._first, self._start_s = self._next, newest_s + (period_s if self._next else self.period_s)
        self.period_s = period_s

    @property
    def number(self) -> int:
        """That of the next frame, if none is missed."""
        return self._next

    def next(self, now_s: float) -> tuple[int, float]:
        """The next frame to make and when it is due [s]; the one due now, if others were missed."""
        current = self._first + int((now_s - self._start_s) / self.period_s + 1e-9)
        missed = max(current - self._next, 0)
        self.dropped += missed
        index = self._next + missed
        self._next = index + 1
        return index, self._start_s + (index - self._first) * self.period_s
