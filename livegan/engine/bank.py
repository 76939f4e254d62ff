"""Bank: generators that are ready, least recently used first, within a memory budget. Owned by the engine's thread.

Networks that play are always kept. In a show the loader closes the others on its own thread, as closing takes time.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from livegan.engine.fallback import FallbackGenerator
from livegan.engine.loader import Loader, LoadResult
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator

MEMORY_PER_FILE_MB = 3.0  # initial memory/file-size ratio; replaced by the measured one
SMALLEST_MB = 1.0  # assumed for a network without a file
MEGABYTE = 2**20

Demand = Callable[[], tuple[Sequence[NetworkInfo], Sequence[NetworkInfo]]]
"""All networks in the order in which they will be needed: of the scenes that play, and of the other scenes."""


class Bank:
    """LRU cache of generators by the name of their network, with a memory budget and loading ahead.

    Live, missing networks are loaded in the background while the nearest ready one draws. `synchronous`, for offline
    rendering, they are loaded on the calling thread when they are needed.
    """

    def __init__(
        self, loader: Loader, budget_mb: float, ready: Iterable[Generator] = (), *, synchronous: bool = False
    ) -> None:
        """`budget_mb` limits the memory of all generators together [MB]; exceeded only if what plays needs more."""
        self.synchronous = synchronous
        self.budget_mb = budget_mb
        self._loader = loader
        self._ready: dict[str, Generator] = {}  # least recently used first
        self._mb: dict[str, float] = {}  # of every network that was ever ready
        self._files_mb: dict[str, float] = {}
        self._memory_per_file_mb = MEMORY_PER_FILE_MB
        self._requested: dict[bool, str] = {}  # from the loader: one network ahead (True), one needed now (False)
        self._failed: set[str] = set()
        self.given_up: dict[str, str] = {}  # networks that are drawn otherwise now, or not at all, and why
        self.gave_up = False  # whether it ever has, in this show
        self._again: set[str] = set()  # of those given up: to be loaded as at first, while the other one draws
        self._used: set[str] = set()  # since the last poll
        self._playing: set[str] = set()  # networks of the newest plan
        for generator in ready:
            self.add(generator)

    def __contains__(self, name: object) -> bool:
        return name in self._ready

    def holds(self, generator: Generator) -> bool:
        """Whether it is one of those that are ready."""
        return self._ready.get(generator.info.name) is generator

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def megabytes(self) -> float:
        """Memory of all ready generators [MB]."""
        return sum(generator.megabytes for generator in self._ready.values())

    @property
    def ready(self) -> frozenset[str]:
        """Names of the networks that are ready."""
        return frozenset(self._ready)

    @property
    def failed(self) -> frozenset[str]:
        """Names of the networks that cannot be loaded."""
        return frozenset(self._failed)

    def text(self, total: int) -> str:
        """For the HUD: how many of `total` networks are ready, and the memory they hold."""
        held = f"{self.megabytes:.0f} of {self.budget_mb:.0f} MB"
        return f"networks {min(len(self), total)} of {total} ready, {held}"

    def available(self, info: NetworkInfo) -> bool:
        """Whether it is ready, or may still become so."""
        return info.name not in self._failed

    def has(self, info: NetworkInfo) -> bool:
        """Whether it can be drawn in the next frame."""
        return self.synchronous or info.name in self._ready

    def use(self, info: NetworkInfo) -> Generator | None:
        """The generator of a network, or None while it is not ready.

        A synchronous bank loads it if need be; NetworkError if that fails.
        """
        if self.synchronous and info.name not in self._ready:
            self._load_now(info)
        generator = self._ready.pop(info.name, None)
        if generator is not None:
            self._ready[info.name] = generator
            self._used.add(info.name)
        return generator

    def any(self) -> Generator | None:
        """The generator used last, which counts as used again; None: none is ready."""
        if not self._ready:
            return None
        name, generator = next(reversed(self._ready.items()))
        self._used.add(name)
        return generator

    def add(self, generator: Generator) -> None:
        """Add a generator, as the least recently used one; an older one of the same name is closed."""
        name = generator.info.name
        old = self._ready.pop(name, None)
        if old is not None:
            self._discard(old)
        self._ready = {name: generator, **self._ready}
        self._mb[name] = generator.megabytes
        size_mb = self._file_mb(generator.info)
        if size_mb > 0:
            self._memory_per_file_mb = max(generator.megabytes / size_mb, 0.5)

    def give_up(self, generator: Generator, why: str, *, close: bool = True) -> None:
        """Let a generator go that cannot draw any more: its network is loaded once more, as plainly as can be.

        One that failed so too is not used before `try_again` says so. Not to `close` it: a thread may hang in it.
        """
        name, self.gave_up = generator.info.name, True
        self._again.discard(name)
        if self._ready.get(name) is generator:
            del self._ready[name]
            self._loader.discard(generator, close=close)
        plain = self._loader.distrust(name)
        if not plain:
            self._failed.add(name)
        self.given_up[name] = f"{name} {'is drawn otherwise' if plain else 'is not drawn any more'}: {why}"

    def try_again(self, name: str) -> None:
        """Load a network as at first that was given up; until that has drawn, what draws it now goes on."""
        self._loader.trust(name)
        self._failed.discard(name)
        self._again.add(name)

    def close(self, generator: Generator) -> None:
        """Close a generator that was given up without, as nobody hangs in it any more."""
        self._loader.discard(generator)

    def drop_failed(self) -> bool:
        """Give up the generators that have failed; whether there were any."""
        failed = [each for each in self._ready.values() if isinstance(each, FallbackGenerator) and each.failed]
        for generator in failed:
            self.give_up(generator, generator.reason_given_up)
        return bool(failed)

    def estimate_mb(self, info: NetworkInfo) -> float:
        """The memory it will hold [MB]: what it held before, or an estimate from the size of its weights."""
        return self._mb.get(info.name) or max(self._memory_per_file_mb * self._file_mb(info), SMALLEST_MB)

    def poll(self, playing: Collection[NetworkInfo], demand: Demand) -> None:
        """Between frames: take what was loaded, request what is missing, evict what exceeds the budget.

        `playing` are the networks of the newest plan. A synchronous bank only loads ahead what fits, so that broken
        networks are reported before the first frame.
        """
        self._playing = {info.name for info in playing}
        if self.synchronous:
            self._load_ahead(demand()[0])
            return
        for result in self._loader.done.drain():
            self._take(result)
        keep = self._playing | self._used
        self._used = set()
        own, others = demand()
        self._loader.wanted = frozenset(self._playing | {info.name for info in own})
        self._make_room(0.0, self._evictable(keep, own))
        missing = next((info for info in playing if self._lacks(info)), None)
        if missing is not None and False not in self._requested:
            self._make_room(self.estimate_mb(missing), self._evictable(keep, own))
            self._request(missing, ahead=False)
        if missing is not None or self._requested:
            return
        again = next((info for info in (*own, *others) if info.name in self._again), None)
        if again is not None:  # beside the one that draws it, for a moment
            self._request(again)
            return
        ahead = next((info for info in own if self._lacks(info)), None)
        if ahead is not None:
            evictable = self._evictable(keep | {info.name for info in own}, own)
            if self._room_mb(evictable) >= self.estimate_mb(ahead):
                self._make_room(self.estimate_mb(ahead), evictable)
                self._request(ahead)
            return
        ahead = next((info for info in others if self._lacks(info)), None)
        if ahead is not None and self._room_mb() >= self.estimate_mb(ahead):
            self._request(ahead)

    def _load_now(self, info: NetworkInfo) -> None:
        self._make_room(self.estimate_mb(info), self._evictable(self._playing, ()))
        self.add(self._loader.make(info))
        self._make_room(0.0, self._evictable(self._playing | {info.name}, ()))

    def _load_ahead(self, infos: Sequence[NetworkInfo]) -> None:
        for info in infos:
            if info.name not in self._mb and self.megabytes + self.estimate_mb(info) <= self.budget_mb:
                self.add(self._loader.make(info))

    def _file_mb(self, info: NetworkInfo) -> float:
        """The size of its weights on disk [MB], looked up once."""
        if info.name not in self._files_mb:
            self._files_mb[info.name] = file_mb(info)
        return self._files_mb[info.name]

    def _lacks(self, info: NetworkInfo) -> bool:
        return info.name not in self._ready and info.name not in self._failed

    def _request(self, info: NetworkInfo, ahead: bool = True) -> None:
        if self._loader.request(info, ahead=ahead):
            self._requested[ahead] = info.name

    def _take(self, result: LoadResult) -> None:
        name = result.info.name
        self._requested = {ahead: other for ahead, other in self._requested.items() if other != name}
        if not result.plain:
            self._again.discard(name)
        if result.generator is not None:
            self.add(result.generator)
            self._failed.discard(name)
            if not result.plain:
                self.given_up.pop(name, None)
        elif name in self.given_up and not result.plain:
            self._loader.distrust(name)
        else:
            self._failed.add(name)

    def _evictable(self, keep: Collection[str], own: Sequence[NetworkInfo]) -> list[str]:
        """What may be evicted, in order: least recently used first, but networks of scenes that do not play before."""
        playing = {info.name for info in own}
        return sorted((name for name in self._ready if name not in keep), key=playing.__contains__)

    def _room_mb(self, evictable: Iterable[str] = ()) -> float:
        """What is free, or would be without those [MB]."""
        return self.budget_mb - self.megabytes + sum(self._ready[name].megabytes for name in evictable)

    def _make_room(self, needed_mb: float, evictable: Iterable[str]) -> None:
        """Evict one after the other until `needed_mb` more fit, or nothing evictable is left."""
        for name in evictable:
            if self._room_mb() >= needed_mb or not self._discard(self._ready[name]):
                return
            del self._ready[name]

    def _discard(self, generator: Generator) -> bool:
        """Close a generator, in a show on the loader's thread; False if the loader's queue is full."""
        if self.synchronous:
            generator.close()
            return True
        return self._loader.discard(generator)


def file_mb(info: NetworkInfo) -> float:
    """The size of a network's weights on disk [MB]; of a morph, of all its members; 0 where there are none."""
    members = info.shape.get("members", [str(info.path)]) if info.kind == "morph" else [str(info.path)]
    total = 0
    for member in members:
        try:
            total += Path(member).with_suffix(".safetensors").stat().st_size
        except OSError:
            continue
    return total / MEGABYTE
