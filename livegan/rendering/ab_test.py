"""A/B test of two backends on the frames of a show: what a benchmark cannot know is how they draw beside this show."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import Clock
from livegan.rendering.backends.protocol import Backend

if TYPE_CHECKING:
    from torch import Tensor

BLOCK, ROUNDS = 12, 3  # frames that each draws in turn, and how often
SETTLE = 1  # first frames of a block are not counted: caches are cold
GIVE_UP_AFTER = ((2, 1.5), (4, 1.25))  # counted frames after which a challenger so many times slower is taken off
LOADING_FRAMES = 2
ENOUGH_MS = 10.0  # of a frame at 60 a second: whoever is as fast may have fewer threads, which leave cores to the rest


def judged_ms(times_ms: Sequence[float]) -> float:
    """The time of a picture in a show by which backends are judged: the 90th percentile [ms]; stutter counts."""
    return float(np.percentile(times_ms, 90)) if times_ms else float("inf")


def is_better(ms: float, threads: int, other_ms: float, other_threads: int, enough_ms: float = ENOUGH_MS) -> bool:
    """Whether a backend is better than another: the faster one, but of two fast enough the one with fewer threads."""
    if max(ms, other_ms) <= enough_ms:
        return (threads, ms) < (other_threads, other_ms)
    return ms < other_ms


class ABTest:
    """A/B test: blocks of frames by the champion and the challenger in turn, ended early if the latter is hopeless."""

    def __init__(self, champion: Backend, challenger: Backend, threads: tuple[int, int]) -> None:
        """`threads`: how many each draws with."""
        self.backends = champion, challenger
        self._threads = threads
        self._times_ms: tuple[list[float], list[float]] = ([], [])
        self._drawn = 0
        self.ended = self.won = False  # `won`: by the challenger

    @property
    def ms(self) -> tuple[float, float]:
        """The judged time of champion and challenger [ms]; after the end."""
        return judged_ms(self._times_ms[0]), judged_ms(self._times_ms[1])

    @property
    def turn(self) -> int:
        """Who draws the next frame: 0 the champion, 1 the challenger."""
        return self._drawn // BLOCK % 2

    def add(self, ms: float) -> None:
        """Take the time of the frame that was drawn by whose turn it was."""
        champion, challenger = self._times_ms
        if self._drawn % BLOCK >= SETTLE:
            self._times_ms[self.turn].append(ms)
        self._drawn += 1
        if self._drawn == 2 * BLOCK * ROUNDS:
            (least, most), (threads, other) = self.ms, self._threads
            self.won = is_better(most, other, least, threads)
            self.ended = True
        elif challenger:
            usual_ms, typical_ms = float(np.median(champion)), float(np.median(challenger))
            self.ended = any(
                len(challenger) >= frames and typical_ms > max(slower * usual_ms, ENOUGH_MS)
                for frames, slower in GIVE_UP_AFTER
            )


class ExchangeableBackend:
    """Backend that can be exchanged between two frames of a show, also after an A/B test against another."""

    def __init__(self, backend: Backend, clock: Clock = time.perf_counter) -> None:
        """`clock` measures the frames of a test."""
        self._backend, self._clock = backend, clock
        self._test: ABTest | None = None
        self._clusters: dict[int, Tensor] = {}
        self._frames = 0

    @property
    def used(self) -> bool:
        """Whether it draws in a show; loading draws two pictures."""
        return self._frames > LOADING_FRAMES

    @property
    def current(self) -> Backend:
        """Whose turn it is in the next frame."""
        test = self._test
        return test.backends[test.turn] if test is not None else self._backend

    @property
    def bends(self) -> bool:
        return self._backend.bends

    @property
    def text(self) -> str:
        return self._backend.text

    @property
    def megabytes(self) -> float:
        return self._backend.megabytes

    @property
    def threads(self) -> int:
        return self.current.threads

    def set_clusters(self, clusters: "dict[int, Tensor]") -> None:
        self._clusters = clusters
        self._backend.set_clusters(clusters)

    def exchange(self, backend: Backend) -> None:
        """Draw with another one from the next frame on; any thread. It must have drawn."""
        backend.set_clusters(self._clusters)
        self._backend = backend

    def test(self, challenger: Backend, threads: tuple[int, int]) -> ABTest:
        """Begin an A/B test with the next frame; any thread. The challenger must have drawn, and stays if it wins."""
        challenger.set_clusters(self._clusters)
        self._test = test = ABTest(self._backend, challenger, threads)
        return test

    def render(self, ws: "Tensor", options: SynthesisOptions) -> "Tensor":
        test = self._test
        self._frames += 1
        if test is None:
            return self._backend.render(ws, options)
        start_s = self._clock()
        try:
            picture = test.backends[test.turn].render(ws, options)
            picture.cpu()  # drawn when it has arrived
        except RuntimeError:
            if test.turn == 0:
                raise
            self._end(test)
            return self._backend.render(ws, options)
        test.add((self._clock() - start_s) * 1000)
        if test.ended:
            self._end(test)
        return picture

    def _end(self, test: ABTest) -> None:
        self._backend = test.backends[test.won]
        self._test, test.ended = None, True
