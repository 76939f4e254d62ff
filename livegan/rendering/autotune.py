"""Backend autotuning: the fastest backend on this machine whose pictures match the reference, remembered on disk."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import recall, remember
from livegan.networks.device import machine
from livegan.rendering.accuracy import (
    FEWEST_SEEDS,
    OPTIONS,
    SEEDS,
    Clock,
    ReferenceImages,
    is_accurate,
    psnr_db,
    thumbnail_of,
)
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.registry import OFFLINE, LoadOptions
from livegan.rendering.threads import use_threads

WARM_UP, FRAMES = 2, 7  # pictures of each backend in the benchmark
HOPELESS = 2.0  # a backend so many times slower than the fastest so far is not timed to the end
UNAVAILABLE = (RuntimeError, ImportError, NetworkError)  # raised by a backend that is unavailable on this machine


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected backend, and why it was selected."""

    backend: Backend
    reason: str  # for `livegan doctor`
    ms: dict[str, float] = field(default_factory=dict)  # time of a picture by name of the backend: those benchmarked


def select_backend(
    net: StyleNet,
    specs: Sequence[BackendSpec],
    key: str,
    *,
    references: ReferenceImages | None = None,
    clock: Clock = time.perf_counter,
    options: LoadOptions = OFFLINE,
) -> Selection:
    """The fastest of `specs` that draws the pictures of `net`, or the one remembered under `key` for this machine.

    A remembered backend must draw one thumbnail, a new one up to 16 whole pictures. The winner of another network of
    the same shape is tried first and needs no benchmark: the time of a picture depends on the shape, only the precision
    that is needed depends on the weights. Unavailable and inaccurate backends are passed over and named in the reason;
    NetworkError if none is left. A single backend is taken as it is. Live, the first accurate backend is taken without
    a benchmark; that is made up for at the next loading offline. `references`: pictures drawn before, to share.

    Offline it sets the thread count of the calling thread to that of each backend it tries.
    """
    with torch.inference_mode():
        if len(specs) == 1:
            return Selection(specs[0].make(), "the only backend on this device")
        references = references or ReferenceImages(net, clock)
        name = _cache_name(net, specs)
        selection = _cached(specs, references, key, name, options)
        if selection is None:
            shape = shape_key(net)
            known = recall(shape, name) or {}
            unmeasured = _first_accurate(specs, references, options) if options.live and not known else None
            winner, selection = (
                unmeasured
                or _winner_of_shape(specs, references, known, options)
                or _benchmark(specs, references, clock, options)
            )
            record = {"machine": machine(), "backend": winner, "reason": selection.reason, "ms": selection.ms}
            thumbnail = references.thumbnail()
            remember(key, name, record | {"thumbnail": thumbnail, "benchmarked": unmeasured is None})
            if not known and unmeasured is None:
                remember(shape, name, record)
        return selection


def shape_key(net: StyleNet) -> str:
    """The cache key of all networks with the same architecture and tensor shapes."""
    sizes = [f"{name} {tuple(tensor.shape)}" for name, tensor in net.state_dict().items()]
    return hashlib.sha256("\n".join([type(net).__module__, *sizes]).encode()).hexdigest()


def _cache_name(net: StyleNet, specs: Sequence[BackendSpec]) -> str:
    """The name under which the winner among `specs` for pictures of this size on this machine is remembered."""
    height, width = net.resolution
    parts = "\n".join([machine(), f"{height}x{width}", *(spec.name for spec in specs)])
    return f"backend-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


def _make(spec: BackendSpec, options: LoadOptions) -> Backend:
    backend = spec.make()
    if not options.live:
        use_threads(backend.threads)
    return backend


def _benchmark(
    specs: Sequence[BackendSpec], references: ReferenceImages, clock: Clock, options: LoadOptions
) -> tuple[str, Selection]:
    """Time all backends; only the fastest so far is kept, and slower ones are not compared with the reference."""
    best: tuple[str, Backend, float] | None = None  # name, backend, lowest PSNR [dB]
    ms: dict[str, float] = {}
    passed_over: list[str] = []
    finished_groups: set[str] = set()
    for spec in specs:
        if spec.group in finished_groups:
            continue
        try:
            backend = _make(spec, options)
            least_ms = ms[best[0]] if best else float("inf")
            backend_ms = _timed(backend, references.ws, clock, least_ms)
            if backend_ms >= least_ms:
                ms[spec.name] = backend_ms
                finished_groups |= {spec.group} - {""}
                continue
            lowest_db = references.psnr_db(backend)
        except UNAVAILABLE as error:
            passed_over.append(f"{spec.name} ({' '.join(str(error).split())[:100] or type(error).__name__})")
            continue
        if is_accurate(lowest_db):
            ms[spec.name] = backend_ms
            best = (spec.name, backend, lowest_db)
            finished_groups |= {spec.group} - {""}
        else:
            passed_over.append(f"{spec.name} ({lowest_db:.1f} dB from the network's picture)")
        del backend
    if best is None:
        raise NetworkError(
            f"this network cannot be drawn here: {'; '.join(passed_over)}; draw on another device (--device)"
        )
    name, backend, lowest_db = best
    reason = f"{name}: {ms[name]:.1f} ms, at least {lowest_db:.0f} dB on {references.count} pictures"
    slower = [f"{other} {other_ms:.1f} ms" for other, other_ms in ms.items() if other != name]
    reason += f"; slower: {', '.join(slower)}" if slower else ""
    reason += f"; passed over: {', '.join(passed_over)}" if passed_over else ""
    return name, Selection(backend, reason, ms)


def _timed(backend: Backend, ws: Sequence[Tensor], clock: Clock, least_ms: float) -> float:
    """The least time of a picture, up to its arrival on the CPU [ms]; the least is disturbed least by other processes.

    Ends early where `least_ms`, that of the fastest backend so far, is out of reach.
    """
    times_ms: list[float] = []
    for index in range(WARM_UP + FRAMES):
        start_s = clock()
        backend.render(ws[index % len(ws)], OPTIONS).cpu()
        times_ms.append((clock() - start_s) * 1000)
        if index and min(times_ms) > least_ms * HOPELESS:
            break
    return min(times_ms[WARM_UP:] or times_ms[-1:])


def _first_accurate(
    specs: Sequence[BackendSpec], references: ReferenceImages, options: LoadOptions
) -> tuple[str, Selection] | None:
    """The first accurate backend: specs are sorted, likely fastest first."""
    for spec in specs:
        try:
            backend = _make(spec, options)
            lowest_db = references.psnr_db(backend, FEWEST_SEEDS)
        except UNAVAILABLE:
            continue
        if is_accurate(lowest_db):
            text = f"likely the fastest, {lowest_db:.0f} dB on {FEWEST_SEEDS} pictures; not benchmarked yet"
            return spec.name, Selection(backend, f"{spec.name}: {text}")
    return None


def _winner_of_shape(
    specs: Sequence[BackendSpec], references: ReferenceImages, known: Mapping[str, Any], options: LoadOptions
) -> tuple[str, Selection] | None:
    """The winner of another network of this shape, if it is accurate for this one too."""
    spec = next((spec for spec in specs if spec.name == known.get("backend")), None)
    if spec is None:
        return None
    try:
        backend = _make(spec, options)
        lowest_db = references.psnr_db(backend, FEWEST_SEEDS if options.live else SEEDS)
    except UNAVAILABLE:
        return None
    reason = f"{spec.name}: the fastest for this shape, at least {lowest_db:.0f} dB on {references.count} pictures"
    return (spec.name, Selection(backend, reason)) if is_accurate(lowest_db) else None


def _cached(
    specs: Sequence[BackendSpec], references: ReferenceImages, key: str, name: str, options: LoadOptions
) -> Selection | None:
    """The remembered winner, if it still draws the remembered thumbnail."""
    record = recall(key, name) or {}
    spec = next((spec for spec in specs if spec.name == record.get("backend")), None)
    if spec is None or not (record.get("benchmarked", True) or options.live):
        return None
    try:
        backend = _make(spec, options)
        drawn, remembered = thumbnail_of(backend.render(references.ws[0], OPTIONS)), record.get("thumbnail")
        if not (isinstance(remembered, list) and len(remembered) == len(drawn)):
            return None
        if not is_accurate(psnr_db(torch.tensor(drawn), torch.tensor(remembered))):
            return None
    except (*UNAVAILABLE, TypeError, ValueError):  # the last two: what was remembered is no picture
        return None
    ms = record.get("ms")
    pairs = ms.items() if isinstance(ms, dict) else ()
    times_ms = {str(other): float(value) for other, value in pairs if isinstance(value, int | float)}
    return Selection(backend, f"{record.get('reason', spec.name)} (remembered)", times_ms)
