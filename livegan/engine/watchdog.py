"""Watchdog of the engine's thread: finds one that is stuck inside a picture, and retires it.

A thread in a driver that hangs cannot be ended. It is left where it is, and another one takes its place, under the next
generation number. Everything the two would share is touched outside of pictures only, and the way out of a picture is
closed to a retired thread: `Retired` is raised there, and nothing that it was about to publish or write is.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

STALL_S = 2.0  # in one picture
FIRST, FIRST_S = 5, 10.0  # so many pictures of a thread may take so long: libraries make themselves ready in them
SLOW = 5.0  # a machine whose pictures usually take long is given so many of them
MOST_S = 30.0  # that is waited for a picture as one took long which was taken for stuck
LOOKS_S = 0.25  # most time that counts between two looks: a computer that slept is not stuck


class Retired(BaseException):
    """Raised in a thread that was stuck in a picture: another one has taken its place. No fault: guards let it pass."""


class Watchdog:
    """Watchdog: the engine's thread says when a picture begins and ends, another one looks. Times [s] of any clock."""

    def __init__(self, stall_s: float = STALL_S) -> None:
        self.generation = 0  # of the thread that makes the pictures
        self._stall_s = stall_s
        self._lock = threading.Lock()
        self.stuck: frozenset[int] = frozenset()  # generations that were retired and have not come out of their picture
        self._inside = False
        self._pictures = 0  # that were begun
        self._usual_s = 0.0  # what a picture takes at most, lately
        self._taken = 0  # pictures of this thread that are done
        self._looked_s: float | None = None
        self._watched, self._waited_s = 0, 0.0  # the picture that is looked at, and for how long

    @contextmanager
    def picture(self, generation: int) -> Iterator[None]:
        """Inside, a thread of that generation makes a picture. Raises `Retired`, at the end too, in an older one."""
        with self._lock:
            self._check(generation)
            self._inside = True
            self._pictures += 1
        try:
            yield
        finally:
            with self._lock:
                self.stuck -= {generation}
                self._check(generation)
                self._inside = False

    @contextmanager
    def shared(self, generation: int) -> Iterator[None]:
        """Inside, a thread may touch what the next one goes on with, also in a picture; raises `Retired`. Be short."""
        with self._lock:
            self._check(generation)
            yield

    def _check(self, generation: int) -> None:
        if generation != self.generation:
            raise Retired

    def took(self, seconds: float) -> None:
        """What a picture took: a machine on which they take long is waited for longer."""
        self._usual_s = max(seconds, 0.95 * self._usual_s)
        self._taken += 1

    def look(self, now_s: float) -> bool:
        """Whether the engine's thread is stuck in a picture. For one thread, several times a second."""
        passed_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, LOOKS_S)
        self._looked_s = now_s
        if not self._inside or self._pictures != self._watched:
            self._watched, self._waited_s = self._pictures, 0.0
            return False
        self._waited_s += passed_s
        least_s = max(self._stall_s, FIRST_S) if self._taken < FIRST else self._stall_s
        return self._waited_s >= max(least_s, SLOW * self._usual_s)

    def retire(self) -> int | None:
        """Retire the thread that is stuck; the generation of the next one, or None: it has come out meanwhile.

        So long a picture may take here: the next one is given more time, up to `MOST_S`.
        """
        with self._lock:
            if not self._inside or self._pictures != self._watched:
                return None
            self._inside = False
            self._taken = 0
            self._usual_s = max(self._usual_s, min(self._waited_s, MOST_S / SLOW))
            self.stuck |= {self.generation}
            self.generation += 1
            return self.generation
