"""Mistrust of what hung in a picture: it is left out for a rest, or until the thread that hung in it comes out."""

from collections.abc import Container

from livegan.engine.watchdog import Watchdog
from livegan.rendering.registry import Generator

EFFECTS = ""  # the name of effects and layers together; others are those of networks
REST_S, MOST_REST_S = 60.0, 480.0  # twice as long after each time
FEW_STUCK = 4  # where so many threads hang, nothing that may hang again is tried any more


class Mistrust:
    """What hung, and when it is tried again. Touched outside of pictures only, by whoever goes on with the pictures."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._threads: dict[str, int | None] = {}  # by what is left out: who hangs in it; None: it came out
        self._rests: dict[str, tuple[float, float]] = {}  # until when, and how long the next one is [s]
        self._held: list[tuple[int, Generator]] = []  # generators that a thread hangs in

    @property
    def notice(self) -> str:
        """For the HUD: what is left out; of networks the bank says it."""
        return "effects and layers are left out: one of them hung" if EFFECTS in self._threads else ""

    def add(self, generation: int, generator: Generator | None, time_s: float) -> None:
        """The thread of that generation hangs in a generator; None: in effects or layers."""
        name = EFFECTS if generator is None else generator.info.name
        if generator is not None:
            self._held.append((generation, generator))
        self._threads[name] = generation
        self._rest(name, time_s)

    def due(self, time_s: float, left_out: Container[str]) -> list[str]:
        """What is to be tried again now, of what is `left_out` still; if it fails, it rests twice as long."""
        self._threads = {name: thread for name, thread in self._threads.items() if name in left_out}
        stuck, due = self._watchdog.stuck, []
        for name, thread in list(self._threads.items()):
            out = thread is not None and thread not in stuck
            if out or (time_s >= self._rests[name][0] and len(stuck) < FEW_STUCK):
                self._threads[name] = None if out else thread
                self._rest(name, time_s)
                due.append(name)
        return due

    def freed(self) -> list[Generator]:
        """Generators that nobody hangs in any more, each once: they can be closed."""
        if not self._held:
            return []
        stuck = self._watchdog.stuck
        freed = [generator for thread, generator in self._held if thread not in stuck]
        self._held = [(thread, generator) for thread, generator in self._held if thread in stuck]
        return freed

    def _rest(self, name: str, time_s: float) -> None:
        _, rest_s = self._rests.get(name, (0.0, REST_S))
        self._rests[name] = time_s + rest_s, min(2 * rest_s, MOST_REST_S)
