"""Backend autotuning: the best backend on this machine whose pictures match the reference, remembered on disk.

For a render that is the fastest with every core; for a show, the one with the best 90th percentile beside the load of a
show (`show_load`), and of those fast enough the one with the fewest threads (`ab_test.is_better`). While a show begins
or plays nothing is benchmarked: `Selection.tuning` (`live_tuning`) makes up for it behind the show.
"""

import hashlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from livegan.core.machine import cores
from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import recall, remember
from livegan.networks.device import machine
from livegan.rendering.ab_test import ENOUGH_MS, is_better, judged_ms
from livegan.rendering.accuracy import (
    FEWEST_SEEDS,
    OPTIONS,
    SEEDS,
    START_SEEDS,
    Clock,
    ReferenceImages,
    is_accurate,
    psnr_db,
    thumbnail_of,
)
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.registry import OFFLINE, LoadOptions
from livegan.rendering.show_load import ShowLoad
from livegan.rendering.threads import render_threads, show_threads, use_threads
from livegan.rendering.trial import UntriedError

WARM_UP, FRAMES, SHOW_FRAMES = 2, 7, 20  # pictures of each backend in the benchmark, for a render and for a show
HOPELESS = 2.0  # a backend so many times slower than the best so far is not timed to the end
MOST_CAUSES = 3  # that are told where no backend can draw
NO_MEMORY = (
    "out of memory",
    "not enough memory",
    "memoryerror",
    "allocat",
    "bad_alloc",
    "could not create a memory",
    "could not create a primitive",
)  # in what libraries say, in lower case, where there is too little
UNAVAILABLE = (
    RuntimeError,
    ImportError,
    MemoryError,
    NetworkError,
)  # raised by a backend that is unavailable on this machine

Load = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected backend, and why it was selected."""

    spec: BackendSpec
    backend: Backend
    reason: str  # for `livegan doctor`
    ms: dict[str, float] = field(default_factory=dict)  # time of a picture by name of the backend: those benchmarked
    tuned: bool = True  # whether it was benchmarked; if not, `LiveTuning` should


@dataclass(frozen=True, slots=True)
class Record:
    """Where the selection for a network and a purpose is remembered on this machine."""

    key: str  # of the network's weights
    shape: str  # the key of all networks of its shape
    name: str

    @classmethod
    def of(cls, net: StyleNet, specs: Sequence[BackendSpec], key: str, options: LoadOptions) -> "Record":
        """That of the selection among `specs` for pictures of this size, and for shows or for renders."""
        height, width = net.resolution
        purpose = "show" if options.show else "render"
        parts = "\n".join([machine(), f"{height}x{width}", purpose, *(spec.name for spec in specs)])
        return cls(key, shape_key(net), f"backend-{hashlib.sha256(parts.encode()).hexdigest()[:12]}")

    def keep(self, selection: Selection, thumbnail: list[int]) -> None:
        """Remember a selection, if it was benchmarked for other networks of the shape too."""
        entry = {
            "machine": machine(),
            "backend": selection.spec.name,
            "reason": selection.reason,
            "ms": selection.ms,
            "benchmarked": selection.tuned,
        }
        remember(self.key, self.name, entry | {"thumbnail": thumbnail})
        if selection.tuned and recall(self.shape, self.name) is None:
            remember(self.shape, self.name, entry)


def select_backend(
    net: StyleNet,
    specs: Sequence[BackendSpec],
    key: str,
    *,
    references: ReferenceImages | None = None,
    clock: Clock = time.perf_counter,
    options: LoadOptions = OFFLINE,
    load: Load = ShowLoad,
) -> Selection:
    """The best of `specs` that draws the pictures of `net`, or the one remembered under `key` for this machine.

    A remembered backend must draw one thumbnail, a new one up to 16 whole pictures. The winner of another network of
    the same shape is tried first and needs no benchmark: the time of a picture depends on the shape, only the precision
    that is needed depends on the weights. Unavailable and inaccurate backends are passed over and named in the reason;
    NetworkError if none is left. A single backend is taken as it is. Live, the first accurate backend is taken without
    a benchmark. `references`: pictures drawn before, to share. `load` runs beside the benchmark for a show.

    Unless live it sets torch's thread count of the calling thread to that of each backend it tries.
    """
    specs = candidates(specs, options)
    with torch.inference_mode():
        if len(specs) == 1:
            return Selection(specs[0], specs[0].make(), "the only backend on this device")
        references = references or ReferenceImages(net, clock)
        record = Record.of(net, specs, key, options)
        selection = _cached(specs, references, record, options)
        if selection is None:
            known = recall(record.shape, record.name) or {}
            selection = _winner_of_shape(specs, references, known, options)
            if selection is None and options.live:
                selection = _first_accurate(specs, references, options)
            if selection is None:
                with load() if options.show and not options.live else nullcontext():
                    selection = _finished(benchmark(specs, references, clock, options))
            record.keep(selection, references.thumbnail())
        return selection


def candidates(specs: Sequence[BackendSpec], options: LoadOptions) -> list[BackendSpec]:
    """Those with a thread count that is worth a try for the purpose, in their order; of backends by name, all."""
    if options.backends:
        return list(specs)
    counts = {0, *(show_threads if options.show else render_threads)(cores())}
    return [spec for spec in specs if spec.threads in counts]


def shape_key(net: StyleNet) -> str:
    """The cache key of all networks with the same architecture and tensor shapes."""
    sizes = [f"{name} {tuple(tensor.shape)}" for name, tensor in net.state_dict().items()]
    return hashlib.sha256("\n".join([type(net).__module__, *sizes]).encode()).hexdigest()


def benchmark(
    specs: Sequence[BackendSpec], references: ReferenceImages, clock: Clock, options: LoadOptions
) -> Generator[None, None, Selection]:
    """Time all backends, pausing after each picture: only the best is kept, and worse ones are not proven accurate."""
    best: tuple[BackendSpec, Backend, float] | None = None  # and the lowest PSNR [dB]
    ms: dict[str, float] = {}
    passed_over: list[str] = []
    tuned = True
    finished_groups: set[str] = set()
    enough_ms = ENOUGH_MS if options.show else 0.0
    for spec in specs:
        if spec.group in finished_groups:
            continue
        yield
        try:
            backend = make(spec, options)
            least_ms = ms[best[0].name] if best else float("inf")
            backend_ms = yield from _timed(backend, references.ws, clock, max(least_ms, enough_ms), options)
            if best and not is_better(backend_ms, spec.threads, least_ms, best[0].threads, enough_ms):
                ms[spec.name] = backend_ms
                finished_groups |= {spec.group} - {""}
                continue
            lowest_db = references.psnr_db(backend)
        except UNAVAILABLE as error:
            tuned = tuned and not isinstance(error, UntriedError)  # then it is made up for the next time
            passed_over.append(f"{spec.name} ({' '.join(str(error).split())[:100] or type(error).__name__})")
            continue
        if is_accurate(lowest_db):
            ms[spec.name] = backend_ms
            best = (spec, backend, lowest_db)
            finished_groups |= {spec.group} - {""}
        else:
            passed_over.append(f"{spec.name} ({lowest_db:.1f} dB from the network's picture)")
        del backend
    if best is None:
        raise NetworkError(_none_left(passed_over))
    spec, backend, lowest_db = best
    reason = f"{spec.name}: {ms[spec.name]:.1f} ms, at least {lowest_db:.0f} dB on {references.count} pictures"
    fastest = min(ms, key=lambda name: ms[name])
    if ms[fastest] < ms[spec.name]:
        reason += f"; fast enough, with fewer threads than the fastest, {fastest}"
    others = [f"{other} {other_ms:.1f} ms" for other, other_ms in ms.items() if other != spec.name]
    reason += f"; others: {', '.join(others)}" if others else ""
    reason += f"; passed over: {', '.join(passed_over)}" if passed_over else ""
    return Selection(spec, backend, reason, ms, tuned)


def _none_left(passed_over: Sequence[str]) -> str:
    """Why no backend can draw, `MOST_CAUSES` at most, and what to do."""
    causes = [*passed_over[:MOST_CAUSES]]
    causes += [f"and {len(passed_over) - MOST_CAUSES} more"] if len(passed_over) > MOST_CAUSES else []
    told = "; ".join(causes)
    if any(sign in cause.lower() for cause in passed_over for sign in NO_MEMORY):
        return (
            f"there is too little memory to draw this network: close other programs, or choose a smaller one ({told})"
        )
    return f"this network cannot be drawn here: {told}; draw on another device (--device)"


def _finished(work: Generator[None, None, Selection]) -> Selection:
    while True:
        try:
            next(work)
        except StopIteration as end:
            selection: Selection = end.value
            return selection


def make(spec: BackendSpec, options: LoadOptions) -> Backend:
    """The backend, with torch's thread count set to its own unless live."""
    backend = spec.make()
    if not options.live:
        use_threads(backend.threads)
    return backend


def _timed(
    backend: Backend, ws: Sequence[Tensor], clock: Clock, least_ms: float, options: LoadOptions
) -> Generator[None, None, float]:
    """The time of a picture, up to its arrival on the CPU [ms]: for a show the 90th percentile, else the median.

    Ends early where `least_ms` is out of reach; pauses after each picture.
    """
    times_ms: list[float] = []
    for index in range(WARM_UP + (SHOW_FRAMES if options.show else FRAMES)):
        start_s = clock()
        backend.render(ws[index % len(ws)], OPTIONS).cpu()
        times_ms.append((clock() - start_s) * 1000)
        if index and min(times_ms) > least_ms * HOPELESS:
            break
        yield
    counted = times_ms[WARM_UP:] or times_ms[-1:]
    return judged_ms(counted) if options.show else float(np.median(counted))


def _first_accurate(
    specs: Sequence[BackendSpec], references: ReferenceImages, options: LoadOptions
) -> Selection | None:
    """The first accurate backend: specs are sorted, likely fastest first."""
    for spec in specs:
        try:
            backend = make(spec, options)
            lowest_db = references.psnr_db(backend, START_SEEDS)
        except UNAVAILABLE:
            continue
        if is_accurate(lowest_db):
            reason = (
                f"{spec.name}: likely the fastest, {lowest_db:.0f} dB on {START_SEEDS} pictures; not benchmarked yet"
            )
            return Selection(spec, backend, reason, tuned=False)
    return None


def _winner_of_shape(
    specs: Sequence[BackendSpec], references: ReferenceImages, known: Mapping[str, Any], options: LoadOptions
) -> Selection | None:
    """The winner of another network of this shape, if it is accurate for this one too."""
    spec = next((spec for spec in specs if spec.name == known.get("backend")), None)
    if spec is None:
        return None
    try:
        backend = make(spec, options)
        lowest_db = references.psnr_db(backend, FEWEST_SEEDS if options.live else SEEDS)
    except UNAVAILABLE:
        return None
    reason = f"{spec.name}: the fastest for this shape, at least {lowest_db:.0f} dB on {references.count} pictures"
    return Selection(spec, backend, reason) if is_accurate(lowest_db) else None


def _cached(
    specs: Sequence[BackendSpec], references: ReferenceImages, record: Record, options: LoadOptions
) -> Selection | None:
    """The remembered winner, if it still draws the remembered thumbnail."""
    entry = recall(record.key, record.name) or {}
    spec = next((spec for spec in specs if spec.name == entry.get("backend")), None)
    tuned = entry.get("benchmarked") is True
    if spec is None or not (tuned or options.live):
        return None
    try:
        backend = make(spec, options)
        drawn, remembered = thumbnail_of(backend.render(references.ws[0], OPTIONS)), entry.get("thumbnail")
        if not (isinstance(remembered, list) and len(remembered) == len(drawn)):
            return None
        if not is_accurate(psnr_db(torch.tensor(drawn), torch.tensor(remembered))):
            return None
    except (*UNAVAILABLE, TypeError, ValueError):  # the last two: what was remembered is no picture
        return None
    ms = entry.get("ms")
    pairs = ms.items() if isinstance(ms, dict) else ()
    times_ms = {str(other): float(value) for other, value in pairs if isinstance(value, int | float)}
    return Selection(spec, backend, f"{entry.get('reason', spec.name)} (remembered)", times_ms, tuned)
