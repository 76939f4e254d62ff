"""Event gate of a route: every n-th beat or onset, with a seeded probability."""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.3  # what a pulse must reach to be an event
RISE = 0.15  # ... and how far it must have risen since the lowest value after the one before
BAR = 4
DRAWN = 1024  # random numbers of a gate, drawn before the show; after so many events they come again

_STREAM = 23


class EventCounter:
    """Counter of the rising edges of a pulse feature that falls in between, as `beat` and `onset` do.

    It counts pulses, not frames: a pulse that lasts for one picture or for ten is one event.
    """

    def __init__(self) -> None:
        self.count = 0
        self._lowest = 0.0  # since the last event
        self._top: float | None = None  # of a rise that is going on

    def step(self, value: float) -> bool:
        """Take the pulse's value now; whether that is a new event."""
        if self._top is not None and value >= self._top:
            self._top = value
            return False
        if self._top is not None:
            self._top, self._lowest = None, value
        self._lowest = min(self._lowest, value)
        if value < LEVEL or value - self._lowest < RISE:
            return False
        self._top = value
        self.count += 1
        return True


class EventGate:
    """Gate that opens at the first of every `every` events, with a probability, until the event after it.

    Of beats, every 4, 8, 12 ... begin on the first of a bar of four.
    """

    def __init__(self, every: int = 1, probability: float = 1.0, seed: Sequence[int] = (0,)) -> None:
        """`seed` names the random stream: event number n is decided by it and n alone."""
        self._every, self._probability = every, probability
        rng = np.random.default_rng([*seed, _STREAM])
        self._drawn: list[float] = rng.random(DRAWN).tolist() if probability < 1 else [0.0]
        self._events = EventCounter()
        self._number = -1  # of the newest event
        self._in_bar = 0  # beats since the newest downbeat
        self._open = False  # before the first event

    def step(self, pulse: float, downbeat: float = 0.0) -> bool:
        """Take the value of the feature whose events are counted; whether the gate is open now.

        `downbeat`: that feature, where beats are counted.
        """
        if self._events.step(pulse):
            self._number += 1
            self._in_bar += 1
            if downbeat > 0.9 * pulse:  # both have just risen
                self._align()
            drawn = self._drawn[self._number % len(self._drawn)]
            self._open = self._number % self._every == 0 and drawn < self._probability
        return self._open

    def _align(self) -> None:
        """Count this beat as the first of a bar, if bars have four and so many are counted."""
        if self._in_bar == BAR and self._every % BAR == 0:
            self._number = BAR * round(self._number / BAR)
        self._in_bar = 0
