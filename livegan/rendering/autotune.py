"""Which way to draw a network: the quickest one on this machine whose pictures are those of the plain forward."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.cache import recall, remember
from livegan.networks.device import machine
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.hurry import hurried

CLOSE_ENOUGH_DB = 40.0  # a quick picture below this is not the network's picture
MARGIN_DB = 1.0  # asked on top, as only a few pictures are compared
SEEDS, FEWEST_SEEDS = 16, 4  # pictures that are compared: fewer where the plain forward is slow
REFERENCE_S = 3.0  # so long the plain forward may draw them
STAMP_PX = 32  # side of the picture that is remembered with the winner
WARM_UP, FRAMES = 2, 7  # of each way, in the race
HOPELESS = 2.0  # a way so many times slower than the quickest so far need not run to the end
DRAWN = SynthesisOptions()  # noise at its full gain
UNAVAILABLE = (RuntimeError, ImportError, NetworkError)  # with these a way may say that it cannot be gone here

Clock = Callable[[], float]  # [s]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The painter that won, and why."""

    backend: Backend
    reason: str  # for `livegan doctor`
    ms: dict[str, float] = field(default_factory=dict)  # a picture's time by name of the way: those that were raced


def psnr_db(one: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures [dB], at most 99 (equal)."""
    error = float((one.float().cpu() - other.float().cpu()).square().mean())
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def select_backend(
    net: StyleNet,
    specs: Sequence[BackendSpec],
    key: str,
    *,
    references: "ReferenceImages | None" = None,
    clock: Clock = time.perf_counter,
) -> Chosen:
    """The quickest of `specs` that draws the pictures of `net`, or the one remembered under `key` for this machine.

    What won for another network of the same shape is tried first, and if it draws this one's pictures too there is no
    race: how long a picture takes depends on the shape, how many bits it needs on the weights.

    A remembered way proves one small picture, a new one up to 16 whole ones. Ways that refuse are passed over and named
    in the reason; NetworkError if all do. With one way there is no race. In a hurry the first way that draws the
    network's pictures is taken; the race is run when there is time. `references`: pictures drawn before, to share.
    """
    with torch.inference_mode():
        if len(specs) == 1:
            return Chosen(specs[0].make(), "the only way on this device")
        references = references or ReferenceImages(net, clock)
        what = _memory_of(net, specs)
        chosen = _remembered(specs, references, key, what)
        if chosen is None:
            like = _likeness_of(net)
            known = recall(like, what) or {}
            first = _first(specs, references) if hurried() and not known else None
            name, chosen = first or _proven(specs, references, known) or _race(specs, references, clock)
            found = {"machine": machine(), "way": name, "reason": chosen.reason, "ms": chosen.ms}
            remember(key, what, found | {"stamp": references.thumbnail(), "raced": first is None})
            if not known and first is None:
                remember(like, what, found)
        return chosen


class ReferenceImages:
    """Pictures of the plain forward, drawn when they are first needed, to compare with."""

    def __init__(self, net: StyleNet, clock: Clock = time.perf_counter) -> None:
        """`clock` counts how long the plain forward takes."""
        self._net, self._clock = net, clock
        self._answers: list[Tensor] = []
        self._spent_s = 0.0
        self.ws = [self._question(seed) for seed in range(SEEDS)]  # each (num_ws, w_dim), psi 1

    @property
    def count(self) -> int:
        """How many pictures were drawn to compare with."""
        return len(self._answers)

    def likeness(self, backend: Backend, most: int = SEEDS) -> float:
        """The least likeness of its pictures [dB], looking no further once one is not close enough."""
        least = 99.0
        for index, ws in enumerate(self.ws[:most]):
            if index >= len(self._answers):
                if index >= FEWEST_SEEDS and self._spent_s >= REFERENCE_S:
                    break
                start_s = self._clock()
                self._answers.append(to_pixels(self._net.synthesize(ws[None], DRAWN)[0], self._net.span))
                self._spent_s += self._clock() - start_s
            least = min(least, psnr_db(backend.render(ws, DRAWN), self._answers[index]))
            if not close(least):
                break
        return least

    def thumbnail(self) -> list[int]:
        """The first picture of the plain forward, small, to be remembered."""
        return thumbnail_of(self._answers[0])

    def _question(self, seed: int) -> Tensor:
        chance = np.random.default_rng([seed, self._net.z_dim])
        z = torch.from_numpy(chance.standard_normal(self._net.z_dim, np.float32))
        classes = torch.zeros(self._net.c_dim)
        if self._net.c_dim:
            classes[chance.integers(self._net.c_dim)] = 1.0
        return self._net.map(z[None], classes[None]).expand(self._net.num_ws, -1).contiguous()


def thumbnail_of(picture: Tensor) -> list[int]:
    """A picture (height, width, 3) averaged down to at most 32 x 32 px, 0..255, flat."""
    height, width = picture.shape[:2]
    small = F.adaptive_avg_pool2d(picture.float().cpu().permute(2, 0, 1), (min(height, STAMP_PX), min(width, STAMP_PX)))
    return [round(value) for value in small.flatten().tolist()]


def close(db: float) -> bool:
    """Whether pictures of such a likeness are the network's, with a margin."""
    return db >= CLOSE_ENOUGH_DB + MARGIN_DB


def _race(specs: Sequence[BackendSpec], references: ReferenceImages, clock: Clock) -> tuple[str, Chosen]:
    """The name of the winner, and the winner. Only the quickest so far is kept; a slower way need not prove itself."""
    best: tuple[str, Backend, float] | None = None  # name, painter, least likeness [dB]
    ms: dict[str, float] = {}
    passed_over: list[str] = []
    over: set[str] = set()  # families of which no more can win
    for spec in specs:
        if spec.group in over:
            continue
        try:
            backend = spec.make()
            least_ms = ms[best[0]] if best else float("inf")
            took_ms = _timed(backend, references.ws, clock, least_ms)
            if took_ms >= least_ms:
                ms[spec.name] = took_ms
                over |= {spec.group} - {""}
                continue
            found_db = references.likeness(backend)
        except UNAVAILABLE as error:
            passed_over.append(f"{spec.name} ({' '.join(str(error).split())[:100] or type(error).__name__})")
            continue
        if close(found_db):
            ms[spec.name] = took_ms
            best = (spec.name, backend, found_db)
            over |= {spec.group} - {""}
        else:
            passed_over.append(f"{spec.name} ({found_db:.1f} dB from the network's picture)")
        del backend
    if best is None:
        raise NetworkError(
            f"this network cannot be drawn here: {'; '.join(passed_over)}; draw on another device (--device)"
        )
    name, backend, found_db = best
    reason = f"{name}: {ms[name]:.1f} ms, at least {found_db:.0f} dB on {references.count} pictures"
    others = [f"{other} {took_ms:.1f} ms" for other, took_ms in ms.items() if other != name]
    reason += f"; slower: {', '.join(others)}" if others else ""
    reason += f"; passed over: {', '.join(passed_over)}" if passed_over else ""
    return name, Chosen(backend, reason, ms)


def _timed(backend: Backend, ws: Sequence[Tensor], clock: Clock, least_ms: float) -> float:
    """The least time of a picture [ms], on the CPU in the end; of fewer pictures where `least_ms` is out of reach.

    The least, as it is the one that other work on the machine disturbs least.
    """
    times_ms: list[float] = []
    for index in range(WARM_UP + FRAMES):
        start_s = clock()
        backend.render(ws[index % len(ws)], DRAWN).cpu()
        times_ms.append((clock() - start_s) * 1000)
        if index and min(times_ms) > least_ms * HOPELESS:
            break
    return min(times_ms[WARM_UP:] or times_ms[-1:])


def _first(specs: Sequence[BackendSpec], references: ReferenceImages) -> tuple[str, Chosen] | None:
    """The first way that draws the network's pictures: ways come in the order in which they are likely to be quick."""
    for spec in specs:
        try:
            backend = spec.make()
            found_db = references.likeness(backend, FEWEST_SEEDS)
        except UNAVAILABLE:
            continue
        if close(found_db):
            reason = f"{spec.name}: likely the quickest, {found_db:.0f} dB on {FEWEST_SEEDS} pictures; not raced yet"
            return spec.name, Chosen(backend, reason)
    return None


def _proven(
    specs: Sequence[BackendSpec], references: ReferenceImages, known: Mapping[str, Any]
) -> tuple[str, Chosen] | None:
    """The way that won for another network of this shape, if it draws this one's pictures as well."""
    spec = next((spec for spec in specs if spec.name == known.get("way")), None)
    if spec is None:
        return None
    try:
        backend = spec.make()
        found_db = references.likeness(backend, FEWEST_SEEDS if hurried() else SEEDS)
    except UNAVAILABLE:
        return None
    reason = f"{spec.name}: the quickest for this shape, at least {found_db:.0f} dB on {references.count} pictures"
    return (spec.name, Chosen(backend, reason)) if close(found_db) else None


def _remembered(specs: Sequence[BackendSpec], references: ReferenceImages, key: str, what: str) -> Chosen | None:
    """The way that won before, if it still draws the network's picture."""
    found = recall(key, what) or {}
    spec = next((spec for spec in specs if spec.name == found.get("way")), None)
    if spec is None or not (found.get("raced", True) or hurried()):
        return None
    try:
        backend = spec.make()
        seen, wanted = thumbnail_of(backend.render(references.ws[0], DRAWN)), found.get("stamp")
        if not (isinstance(wanted, list) and len(wanted) == len(seen)):
            return None
        if not close(psnr_db(torch.tensor(seen), torch.tensor(wanted))):
            return None
    except (*UNAVAILABLE, TypeError, ValueError):  # the last two: what was remembered is no picture
        return None
    ms = found.get("ms")
    said = ms.items() if isinstance(ms, dict) else ()
    times_ms = {str(name): float(value) for name, value in said if isinstance(value, int | float)}
    return Chosen(backend, f"{found.get('reason', spec.name)} (remembered)", times_ms)


def _likeness_of(net: StyleNet) -> str:
    """The key of all networks of this one's shape."""
    sizes = [f"{name} {tuple(tensor.shape)}" for name, tensor in net.state_dict().items()]
    return hashlib.sha256("\n".join([type(net).__module__, *sizes]).encode()).hexdigest()


def _memory_of(net: StyleNet, specs: Sequence[BackendSpec]) -> str:
    """The name under which the winner among `specs` for pictures of this size on this machine is remembered."""
    height, width = net.resolution
    words = "\n".join([machine(), f"{height}x{width}", *(spec.name for spec in specs)])
    return f"way-{hashlib.sha256(words.encode()).hexdigest()[:12]}"
