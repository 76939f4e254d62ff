"""The bank: generators that are ready, kept within a memory budget. It belongs to the engine's thread.

What plays is always kept; what was used longest ago goes first, and is closed by the loader, for closing takes time.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from livegan.engine.loader import Loader, Made
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator

SWELL = 3.0  # a network in memory is so much larger than its file, until one was measured
SMALLEST_MB = 1.0  # what a network without a file is taken for
MEGABYTE = 2**20

Order = Callable[[], tuple[Sequence[NetworkInfo], Sequence[NetworkInfo]]]  # of the scenes that play, of the others


class Bank:
    """Generators by the name of their network."""

    def __init__(self, loader: Loader, budget_mb: float, ready: Iterable[Generator] = ()) -> None:
        """`budget_mb` is how much all generators together may hold [MB]; more only where what plays needs more."""
        self.budget_mb = budget_mb
        self._loader = loader
        self._ready: dict[str, Generator] = {}  # what was used longest ago comes first
        self._mb: dict[str, float] = {}  # of every network that was ever ready
        self._files_mb: dict[str, float] = {}
        self._swell = SWELL
        self._coming = ""
        self._failed: set[str] = set()
        self._used: set[str] = set()  # since the last look
        self._shown: set[str] = set()  # those of the newest plan
        for generator in ready:
            self.add(generator)

    def __contains__(self, name: object) -> bool:
        """Is it ready?"""
        return name in self._ready

    def __len__(self) -> int:
        """How many are ready."""
        return len(self._ready)

    @property
    def megabytes(self) -> float:
        """What the ready ones hold together."""
        return sum(generator.megabytes for generator in self._ready.values())

    def text(self, total: int) -> str:
        """For the HUD: how many of `total` networks are ready, and the memory they hold."""
        held = f"{self.megabytes:.0f} of {self.budget_mb:.0f} MB"
        return f"networks {min(len(self), total)} of {total} ready, {held}"

    def can_be(self, info: NetworkInfo) -> bool:
        """Whether it is ready, or may still become so."""
        return info.name not in self._failed

    def has(self, info: NetworkInfo) -> bool:
        """Whether it can be drawn in the next frame."""
        return info.name in self._ready

    def use(self, info: NetworkInfo) -> Generator | None:
        """The generator of a network, or None while it is not ready."""
        generator = self._ready.pop(info.name, None)
        if generator is not None:
            self._ready[info.name] = generator
            self._used.add(info.name)
        return generator

    def any(self) -> Generator:
        """The one used last; it counts as used again."""
        name, generator = next(reversed(self._ready.items()))
        self._used.add(name)
        return generator

    def add(self, generator: Generator) -> None:
        """A new one. It counts as not used yet; an older one of the same name is closed."""
        name = generator.info.name
        old = self._ready.pop(name, None)
        if old is not None:
            self._let_go(old)
        self._ready = {name: generator, **self._ready}
        self._mb[name] = generator.megabytes
        size_mb = self._file_mb(generator.info)
        if size_mb > 0:
            self._swell = max(generator.megabytes / size_mb, 0.5)

    def estimate_mb(self, info: NetworkInfo) -> float:
        """What it will hold: what it held before, or by the size of its weights."""
        return self._mb.get(info.name) or max(self._swell * self._file_mb(info), SMALLEST_MB)

    def poll(self, playing: Collection[NetworkInfo], order: Order) -> None:
        """Between frames: take what is ready, ask for what is missing, let go of what is too much.

        `playing` are the networks of the newest plan. `order` tells, when asked, all networks in the order in which
        they will be wanted: those of the scenes that play, which may push out others, and those of the other scenes.
        """
        for made in self._loader.done.drain():
            self._take(made)
        self._shown = {info.name for info in playing}
        keep = self._shown | self._used
        self._used = set()
        own, others = order()
        self._make_room(0.0, self._spare(keep, own))
        if self._coming:
            return
        missing = next((info for info in playing if self._lacks(info)), None)
        if missing is not None:
            self._make_room(self.estimate_mb(missing), self._spare(keep, own))
            self._ask(missing)
            return
        ahead = next((info for info in own if self._lacks(info)), None)
        if ahead is not None:
            spare = self._spare(keep | {info.name for info in own}, own)
            if self._room_mb(spare) >= self.estimate_mb(ahead):
                self._make_room(self.estimate_mb(ahead), spare)
                self._ask(ahead)
            return
        ahead = next((info for info in others if self._lacks(info)), None)
        if ahead is not None and self._room_mb() >= self.estimate_mb(ahead):
            self._ask(ahead)

    def _file_mb(self, info: NetworkInfo) -> float:
        """The size of its weights on disk; the disk is asked once."""
        if info.name not in self._files_mb:
            self._files_mb[info.name] = file_mb(info)
        return self._files_mb[info.name]

    def _lacks(self, info: NetworkInfo) -> bool:
        return info.name not in self._ready and info.name not in self._failed

    def _ask(self, info: NetworkInfo) -> None:
        if self._loader.want(info):
            self._coming = info.name

    def _take(self, made: Made) -> None:
        if made.info.name == self._coming:
            self._coming = ""
        if made.generator is None:
            self._failed.add(made.info.name)
        else:
            self.add(made.generator)

    def _spare(self, keep: Collection[str], own: Sequence[NetworkInfo]) -> list[str]:
        """Who may go, in order: the longest unused first, and those of scenes that do not play before the others."""
        playing = {info.name for info in own}
        return sorted((name for name in self._ready if name not in keep), key=playing.__contains__)

    def _room_mb(self, spare: Iterable[str] = ()) -> float:
        """What is free, or would be if those went [MB]."""
        return self.budget_mb - self.megabytes + sum(self._ready[name].megabytes for name in spare)

    def _make_room(self, wanted_mb: float, spare: Iterable[str]) -> None:
        """Let go of one after the other until `wanted_mb` more fit, or there is no more to let go."""
        for name in spare:
            if self._room_mb() >= wanted_mb or not self._let_go(self._ready[name]):
                return
            del self._ready[name]

    def _let_go(self, generator: Generator) -> bool:
        return self._loader.discard(generator)


class PatientBank(Bank):
    """A bank that has time, for renders: what is needed and not ready is loaded at once. Pictures never wait."""

    def use(self, info: NetworkInfo) -> Generator | None:
        """The generator of a network, made now if need be; NetworkError if it cannot be."""
        if info.name not in self._ready:
            self._make_room(self.estimate_mb(info), self._spare(self._shown, ()))
            self.add(self._loader.make(info))
            self._make_room(0.0, self._spare(self._shown | {info.name}, ()))
        return super().use(info)

    def has(self, info: NetworkInfo) -> bool:
        """It can."""
        return True

    def poll(self, playing: Collection[NetworkInfo], order: Order) -> None:
        """Load ahead what fits, so that what cannot be loaded is told before the first frame; later, nothing."""
        self._shown = {info.name for info in playing}
        own, _ = order()
        for info in own:
            if info.name not in self._mb and self.megabytes + self.estimate_mb(info) <= self.budget_mb:
                self.add(self._loader.make(info))

    def _let_go(self, generator: Generator) -> bool:
        generator.close()
        return True


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
