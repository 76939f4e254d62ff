"""The longest time without a picture, as a show's frames are published."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from livegan.engine.runtime import Runtime
from tests.deadline import until


class Pictures:
    """When frames of a running show were published."""

    def __init__(self, show: Runtime) -> None:
        self._show = show
        self.times_s: list[float] = []

    def wait(self, count: int) -> None:
        """Until so many more have come."""
        wanted = len(self.times_s) + count
        until(lambda: len(self.times_s) >= wanted, lambda: f"picture {wanted}; {len(self.times_s)} came")

    @property
    def gap_s(self) -> float:
        """The longest time between two, up to now [s]."""
        times = [*self.times_s, self._show.clock.now()]
        return max(after - before for before, after in pairwise(times))


@contextmanager
def pictures(show: Runtime) -> Iterator[Pictures]:
    """While the block runs, frames of the show are noted; the first has come when it begins."""
    seen = Pictures(show)
    end = show.frames.subscribe(lambda: seen.times_s.append(show.clock.now()))
    try:
        seen.wait(1)
        yield seen
    finally:
        end()
