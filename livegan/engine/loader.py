"""The loader: reads networks on its own thread, hands them over once they have drawn a frame, and closes the old."""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from livegan.core.channels import Inbox
from livegan.core.types import Bend, FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.hurry import in_a_hurry
from livegan.rendering.registry import Generator

NICE = 15  # how much the loader's thread gives way to the others (Linux: 0 gives none, 19 gives all)


def proof(info: NetworkInfo) -> FramePlan:
    """A plan that any generator of this shape can draw: its proof that it works."""
    classes = np.eye(1, info.c_dim, dtype=np.float32)[0] if info.c_dim else np.zeros(0, np.float32)
    return FramePlan(0, 0.0, 0.0, np.ones(info.z_dim, np.float32), classes, info.name)


def warm_up(info: NetworkInfo) -> FramePlan:
    """A plan with what the proof has not: what is worked out at its first use should not hold up a show."""
    parameters = {"noise.seed": 1.0, "style.fine": 0.5, "direction.1": 1.0}
    return replace(proof(info), noise=1.0, parameters=parameters, bends=(Bend("rotate", "all", 0.5),))


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a wanted network."""

    info: NetworkInfo
    generator: Generator | None  # None: it could not be loaded
    why: str = ""  # what was wrong with it


class Loader:
    """Networks wanted in, generators that have already drawn one frame out."""

    def __init__(self, load: Callable[[NetworkInfo], Generator]) -> None:
        """`load` reads one network and makes it ready."""
        self._load = load
        self._wanted: Inbox[NetworkInfo] = Inbox(256)
        self._spent: Inbox[Generator] = Inbox(256)
        self._loading = ""
        self._failed: dict[str, str] = {}
        self._thread = 0  # the one that gives way
        self.done: Inbox[Made] = Inbox(256)

    @property
    def notice(self) -> str:
        """What is being loaded, and what could not be; "" when all is well."""
        loading = [f"loading {self._loading}"] if self._loading else []
        return "; ".join([*loading, *list(self._failed.values())[-1:]])

    def want(self, info: NetworkInfo) -> bool:
        """Ask for a network; any thread. False if too many are asked for."""
        return self._wanted.put(info)

    def discard(self, generator: Generator) -> bool:
        """Hand over a generator that is not needed any more: closing it takes time. False if too many wait."""
        return self._spent.put(generator)

    def make(self, info: NetworkInfo) -> Generator:
        """Read one network now and let it prove itself; NetworkError if it cannot."""
        generator = self._load(info)
        try:
            generator.render(proof(info))
            generator.render(warm_up(info))
        except RuntimeError as error:
            generator.close()
            reason = str(error).splitlines()[0]
            raise NetworkError(f"{info.name} cannot draw here: {reason}; type: --device cpu") from error
        return generator

    def poll(self, now_s: float) -> float:
        """Close what is spent, then load the next wanted network; returns when to come back [s]."""
        self._give_way()
        for generator in self._spent.drain():
            generator.close()
        info = self._wanted.take()
        if info is None:
            return 0.05
        self._loading = info.name
        made = Made(info, None, f"{info.name} could not be loaded")
        try:
            with in_a_hurry():
                made = Made(info, self.make(info))
        except NetworkError as error:
            made = Made(info, None, str(error))
        finally:  # whatever went wrong: somebody waits for an answer
            if made.generator is None:
                self._failed[info.name] = made.why
            self._loading = ""
            self.done.put(made)
        return 0.0

    def _give_way(self) -> None:
        """Lower this thread's priority, once: frames of the running network come first. Linux only."""
        me = threading.get_native_id()
        if self._thread == me or threading.current_thread() is threading.main_thread():
            return
        self._thread = me
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, me, NICE)
