"""Loader: reads networks on its own thread, hands over generators that have drawn a frame, and closes old ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from livegan.core.channels import Inbox
from livegan.core.clock import wall_time
from livegan.core.time_limit import within
from livegan.core.types import Bend, FramePlan
from livegan.engine.fallback import FallbackGenerator
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import LIVE, OFFLINE, Generator, LoadOptions
from livegan.rendering.threads import use_threads

POLL_S = 0.05
TRIAL_S = 10.0  # and three times what it took before: so long may loading take of a network that hung once
REST_S, BUSY_REST_S = 0.5, 1.5  # between two pictures of long work behind a show that has time, or has none
LATER_RESTS, BUSY_LATER_RESTS = 4.0, 12.0  # the same after work for scenes that do not play, in times what it took

Load = Callable[[NetworkInfo, LoadOptions], Generator]


def probe_plan(info: NetworkInfo) -> FramePlan:
    """Probe plan: any generator of this shape can draw it; a generator that fails is not handed over."""
    classes = np.eye(1, info.c_dim, dtype=np.float32)[0] if info.c_dim else np.zeros(0, np.float32)
    return FramePlan(0, 0.0, 0.0, np.ones(info.z_dim, np.float32), classes, info.name)


def warm_up_plan(info: NetworkInfo) -> FramePlan:
    """Warm-up plan using noise, style mixing, directions and bends, so that lazily built caches exist before a show.

    The probe plan uses none of them.
    """
    parameters = {"noise.seed": 1.0, "style.fine": 0.5, "direction.1": 1.0}
    return replace(probe_plan(info), noise=1.0, parameters=parameters, bends=(Bend("rotate", "all", 0.5),))


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Outcome of loading one network."""

    info: NetworkInfo
    generator: Generator | None  # None: it could not be loaded
    error: str = ""  # the reason, in words
    plain: bool = False  # it was loaded as plainly as can be


@dataclass(eq=False, slots=True)
class _Behind:
    """Work on a generator behind the show, after it was handed over: further quality steps, then autotuning."""

    generator: Generator
    options: LoadOptions
    prepared: bool = False
    due_s: float = 0.0  # when the next piece is

    tuned: bool = False

    def step(self, *, tune_first: bool = False) -> float | None:
        """A piece of it; seconds until the next one, None: done."""
        if not self.prepared and (self.tuned or not tune_first):
            self.prepared = True
            self.generator.prepare_steps(self.options)
            return 0.0
        piece_s = self.generator.tune()
        self.tuned = piece_s is None
        return piece_s if self.prepared or not self.tuned else 0.0


class Loader:
    """Loading queue: networks in, generators that have already drawn one frame out."""

    def __init__(self, load: Load, *, tunes: bool = True) -> None:
        """`load` reads one network and makes it ready; `tunes`: backends are compared behind the show."""
        self._load, self._tunes = load, tunes
        self._requests: Inbox[NetworkInfo] = Inbox(256)
        self._ahead: Inbox[NetworkInfo] = Inbox(256)
        self._discarded: Inbox[tuple[Generator, bool]] = Inbox(256)  # and whether it is to be closed
        self._loading = ""
        self._stopping = threading.Event()
        self._playing = False  # the show: it polls
        self._failed: dict[str, str] = {}
        self._distrusted: frozenset[str] = frozenset()  # networks whose backends have failed in this show
        self._trusted_again: frozenset[str] = frozenset()  # networks that hung once: loading them may hang too
        self._behind: list[_Behind] = []
        self.done: Inbox[LoadResult] = Inbox(256)
        self.seconds: dict[
            str, float
        ] = {}  # that each network took until it had drawn, rests left to the show included
        self.busy = False  # the show does not hold its rate: tuning waits. Any thread may set it
        self.trades = True  # the show draws cheaper where it is late; if not, only tuning can help, and comes first
        self.wanted: frozenset[str] | None = None  # networks of the scenes that play; None: all. Any thread may set it
        self._later_s = float("-inf")  # from when there may be work again for networks that nobody waits for

    @property
    def notice(self) -> str:
        """What is being loaded, and what could not be; "" when all is well."""
        loading = [f"loading network {self._loading}"] if self._loading else []
        return "; ".join([*loading, *list(self._failed.values())[-1:]])

    def request(self, info: NetworkInfo, *, ahead: bool = False) -> bool:
        """Queue a network; any thread. False if the queue is full.

        One loaded `ahead` is not needed yet: what plays is prepared and tuned first. Any other comes at once, in a
        rest of what is being loaded or prepared.
        """
        return (self._ahead if ahead else self._requests).put(info)

    def distrust(self, name: str) -> bool:
        """From now on load that network as plainly as can be; any thread. False if it was already."""
        known, self._distrusted = name in self._distrusted, self._distrusted | {name}
        return not known

    def trust(self, name: str) -> None:
        """From now on load that network as at first, in a limited time as it hung once; any thread."""
        self._distrusted -= {name}
        self._trusted_again |= {name}

    def stop(self) -> None:
        """Break off what takes long while a network is loaded, the trial of a device; any thread."""
        self._stopping.set()

    def discard(self, generator: Generator, *, close: bool = True) -> bool:
        """Queue a generator to be closed, which takes time; any thread. False if the queue is full.

        Not to `close` it: it is only not prepared and tuned any more, as a thread hangs in it.
        """
        return self._discarded.put((generator, close))

    def make(self, info: NetworkInfo, options: LoadOptions = OFFLINE) -> Generator:
        """Load one network now, on the calling thread, and draw two frames with it; NetworkError if it cannot draw.

        One for a show is prepared and tuned in later polls.
        """
        if not options.live:
            return self._drawn(info, options)
        return self._handed_over(self._drawn(info, replace(options, rest=self._rest)), options)

    def _handed_over(self, generator: Generator, options: LoadOptions) -> Generator:
        generator = FallbackGenerator(generator, checks_numbers=options.plain)
        self._behind.append(_Behind(generator, replace(options, rest=self._rest)))
        return generator

    def _tried(self, info: NetworkInfo, options: LoadOptions) -> Generator:
        """Load a network that hung once, on a thread that is left behind if it hangs again; NetworkError then."""
        made: list[Generator] = []

        def attempt() -> None:
            use_threads(1)
            made.append(self._drawn(info, replace(options, rest=self._pause)))

        if not within(TRIAL_S + 3 * self.seconds.get(info.name, 0.0), attempt, "trial"):
            raise NetworkError(f"{info.name} hung again while it was loaded")
        return self._handed_over(made[0], options)

    def _drawn(self, info: NetworkInfo, options: LoadOptions) -> Generator:
        """A generator that has drawn two frames."""
        began_s = wall_time()
        generator = self._load(info, options)
        try:
            for plan in (probe_plan(info), warm_up_plan(info)):
                if not options.live:
                    use_threads(generator.threads(plan))
                generator.render(plan)
        except RuntimeError as error:
            generator.close()
            reason = str(error).splitlines()[0]
            raise NetworkError(f"{info.name} cannot draw here: {reason}; type: --device cpu") from error
        self.seconds[info.name] = wall_time() - began_s
        return generator

    def poll(self, now_s: float) -> float:
        """Close what was discarded, load the next network, or tune one; returns when to come back [s]."""
        self._playing = True
        for generator, close in self._discarded.drain():
            self._behind = [work for work in self._behind if work.generator is not generator]
            if close:
                generator.close()
        if self._load_requested():
            return 0.0
        wait_s = min(POLL_S, self._improve(now_s))
        if wait_s > 0 and (info := self._next_ahead(now_s)) is not None:
            with self._resting(info.name, now_s):
                self._load_one(info)
            return 0.0
        return wait_s

    def _next_ahead(self, now_s: float) -> NetworkInfo | None:
        """The next network that is loaded ahead: of the scenes that play at once, of others after a pause."""
        waiting = list(self._ahead.drain())
        chosen = next((info for info in waiting if self._is_wanted(info.name) or now_s >= self._later_s), None)
        for info in waiting:
            if info is not chosen:
                self._ahead.put(info)
        return chosen

    def _is_wanted(self, name: str) -> bool:
        return self.wanted is None or name in self.wanted

    @contextmanager
    def _resting(self, name: str, now_s: float) -> Iterator[None]:
        """Work on a network: unless a scene that plays has it, the show is left alone for a while afterwards.

        Such work keeps taking Python's lock from the threads that draw and listen.
        """
        began_s, spent_s = wall_time(), time.thread_time()
        try:
            yield
        finally:
            if not self._is_wanted(name):
                pause_s = (time.thread_time() - spent_s) * (BUSY_LATER_RESTS if self.busy else LATER_RESTS)
                self._later_s = now_s + (wall_time() - began_s) + pause_s

    def _load_requested(self) -> bool:
        """Load the network that the show waits for; False if there is none."""
        info = self._requests.take()
        if info is None:
            return False
        for ahead in self._ahead.drain():
            if ahead.name != info.name:
                self._ahead.put(ahead)
        if info.name != self._loading:
            self._load_one(info)
        return True

    def _load_one(self, info: NetworkInfo) -> None:
        before, self._loading = self._loading, info.name
        options = replace(LIVE, stop=self._stopping.is_set, plain=info.name in self._distrusted)
        make = self._tried if info.name in self._trusted_again and not options.plain else self.make
        result = LoadResult(info, None, f"{info.name} could not be loaded", options.plain)
        try:
            use_threads(1)
            result = LoadResult(info, make(info, options), plain=options.plain)
            self._failed.pop(info.name, None)
        except NetworkError as error:
            result = LoadResult(info, None, str(error), options.plain)
        finally:  # whatever went wrong: the bank waits for a result
            if result.generator is None:
                self._failed[info.name] = result.error
            self._loading = before
            self.done.put(result)

    def _pause(self) -> None:
        """Leave the cores to the show between two pictures of long work."""
        self._stopping.wait(BUSY_REST_S if self.busy else REST_S)

    def _rest(self) -> None:
        """Leave the cores to the show, then load what the show waits for."""
        if self._playing:
            self._pause()
            self._load_requested()

    def _improve(self, now_s: float) -> float:
        """Prepare or tune the network that was handed over first, a piece at a time; seconds until the next piece.

        Further steps are what a busy show needs, so only tuning waits for it; unless it would not draw them.
        """
        wait_s = POLL_S
        for work in list(self._behind):
            name = work.generator.info.name
            if now_s < work.due_s or (work.prepared and self.busy):
                continue
            if not self._is_wanted(name) and now_s < self._later_s:
                continue
            if work.prepared and not self._tunes:
                self._behind.remove(work)
                continue
            piece_s: float | None = None  # whatever goes wrong: it draws as it is and is left alone
            try:
                use_threads(1)
                with self._resting(name, now_s):
                    piece_s = work.step(tune_first=not self.trades)
            except (RuntimeError, MemoryError, NetworkError) as error:
                self._failed[name] = f"{name} could not be tuned: {' '.join(str(error).split())[:100]}"
            finally:
                if piece_s is None:
                    self._behind.remove(work)
            if piece_s == 0.0:
                return 0.0
            work.due_s = now_s + (piece_s or 0.0)
            wait_s = min(wait_s, piece_s or wait_s)
        return wait_s
