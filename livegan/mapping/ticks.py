"""Fixed frame rate inside any other: where a published system computes one frame after another, so do we."""

from collections.abc import Iterator


class Ticks:
    """Clock of a fixed frame rate: cuts steps of time at its frames, so that they end the same at any frame rate."""

    def __init__(self, rate_hz: float) -> None:
        """The first tick ends after 1 / `rate_hz` seconds."""
        self.rate_hz = rate_hz
        self.number = 0  # ticks that have ended
        self.phase = 0.0  # how much of the next has passed, 0..1

    def parts(self, dt_s: float) -> Iterator[tuple[float, bool]]:
        """The parts of a step of `dt_s` seconds: how long each is [s], and whether a tick ends with it."""
        left = dt_s * self.rate_hz
        while left > 1e-9:
            need = 1 - self.phase
            if left < need - 1e-9:
                self.phase += left
                yield left / self.rate_hz, False
                return
            self.phase = 0.0
            self.number += 1
            left -= need
            yield need / self.rate_hz, True
