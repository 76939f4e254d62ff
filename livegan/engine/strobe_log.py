"""Strobe log: when and for how long the strobe limiter held pictures back."""

from dataclasses import dataclass, replace

NOTE_EVERY_S = 5.0
MOST_TIMES = 1000  # whose beginning is remembered


@dataclass(frozen=True, slots=True)
class StrobeNote:
    """Line for the show log: since the one before, how many times flashes were limited, and for how long."""

    time_s: float  # when the first of them began
    count: int
    seconds: float


class StrobeLog:
    """Log of the limiter's acts, with a note for the show log at most once in five seconds."""

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0
        self.began_s: list[float] = []  # of the first thousand
        self._limiting = False
        self._time_s = 0.0
        self._noted_s = float("-inf")
        self._noted = StrobeNote(0.0, 0, 0.0)  # how much of count and seconds is noted; when the rest began

    def step(self, time_s: float, *, limiting: bool) -> StrobeNote | None:
        """Take the state of one frame; a note where one is due: an act has ended, or goes on for long."""
        if limiting and self._limiting:
            self.seconds += max(time_s - self._time_s, 0.0)
        elif limiting:
            self.count += 1
            if len(self.began_s) < MOST_TIMES:
                self.began_s.append(time_s)
            if self.seconds <= self._noted.seconds:  # nothing waits to be noted
                self._noted = replace(self._noted, time_s=time_s)
        self._limiting, self._time_s = limiting, time_s
        began_s, count, seconds = self._noted.time_s, self._noted.count, self._noted.seconds
        waits = self.count > count or self.seconds > seconds
        ripe = not limiting or time_s - max(began_s, self._noted_s) >= NOTE_EVERY_S
        if not (waits and ripe and time_s - self._noted_s >= NOTE_EVERY_S):
            return None
        note = StrobeNote(began_s, self.count - count, self.seconds - seconds)
        self._noted_s, self._noted = time_s, StrobeNote(time_s, self.count, self.seconds)
        return note
