"""Which way to draw a network: the quickest one on this machine whose pictures are those of the plain forward."""

import hashlib
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan import __version__
from livegan.errors import NetworkError
from livegan.generators.cache import recall, remember
from livegan.generators.controls import Controls
from livegan.generators.hurry import hurried
from livegan.generators.onednn import cores
from livegan.generators.style import Painter, StyleNet, Way
from livegan.generators.stylegan2 import to_pixels

CLOSE_ENOUGH_DB = 40.0  # a quick picture below this is not the network's picture
MARGIN_DB = 1.0  # asked on top, as only a few pictures are compared
SEEDS, FEWEST_SEEDS = 16, 4  # pictures that are compared: fewer where the plain forward is slow
REFERENCE_S = 3.0  # so long the plain forward may draw them
STAMP_PX = 32  # side of the picture that is remembered with the winner
WARM_UP, FRAMES = 2, 7  # of each way, in the race
HOPELESS = 2.0  # a way so many times slower than the quickest so far need not run to the end
DRAWN = Controls()  # noise at its full gain
REFUSALS = (RuntimeError, ImportError, NetworkError)  # with these a way may say that it cannot be gone here

Clock = Callable[[], float]  # [s]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The painter that won, and why."""

    painter: Painter
    reason: str  # for `livegan doctor`
    ms: dict[str, float] = field(default_factory=dict)  # a picture's time by name of the way: those that were raced


def likeness_db(one: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures [dB], at most 99 (equal)."""
    error = float((one.float().cpu() - other.float().cpu()).square().mean())
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def choose(
    net: StyleNet,
    ways: Sequence[Way],
    key: str,
    *,
    proof: "Proof | None" = None,
    clock: Clock = time.perf_counter,
) -> Chosen:
    """The quickest of `ways` that draws the pictures of `net`, or the one remembered under `key` for this machine.

    What won for another network of the same shape is tried first, and if it draws this one's pictures too there is no
    race: how long a picture takes depends on the shape, how many bits it needs on the weights.

    A remembered way proves one small picture, a new one up to 16 whole ones. Ways that refuse are passed over and named
    in the reason; NetworkError if all do. With one way there is no race. In a hurry the first way that draws the
    network's pictures is taken; the race is run when there is time. `proof`: pictures drawn before, to share.
    """
    with torch.inference_mode():
        if len(ways) == 1:
            return Chosen(ways[0].make(), "the only way on this device")
        proof = proof or Proof(net, clock)
        what = _memory_of(net, ways)
        chosen = _remembered(ways, proof, key, what)
        if chosen is None:
            like = _likeness_of(net)
            known = recall(like, what) or {}
            first = _first(ways, proof) if hurried() and not known else None
            name, chosen = first or _proven(ways, proof, known) or _race(ways, proof, clock)
            found = {"machine": machine(), "way": name, "reason": chosen.reason, "ms": chosen.ms}
            remember(key, what, found | {"stamp": proof.stamp(), "raced": first is None})
            if not known and first is None:
                remember(like, what, found)
        return chosen


class Proof:
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

    def likeness(self, painter: Painter, most: int = SEEDS) -> float:
        """The least likeness of its pictures [dB], looking no further once one is not close enough."""
        least = 99.0
        for index, ws in enumerate(self.ws[:most]):
            if index >= len(self._answers):
                if index >= FEWEST_SEEDS and self._spent_s >= REFERENCE_S:
                    break
                start_s = self._clock()
                self._answers.append(to_pixels(self._net.synthesize(ws[None], DRAWN)[0], self._net.span))
                self._spent_s += self._clock() - start_s
            least = min(least, likeness_db(painter.paint(ws, DRAWN), self._answers[index]))
            if not close(least):
                break
        return least

    def stamp(self) -> list[int]:
        """The first picture of the plain forward, small, to be remembered."""
        return stamp_of(self._answers[0])

    def _question(self, seed: int) -> Tensor:
        chance = np.random.default_rng([seed, self._net.z_dim])
        z = torch.from_numpy(chance.standard_normal(self._net.z_dim, np.float32))
        classes = torch.zeros(self._net.c_dim)
        if self._net.c_dim:
            classes[chance.integers(self._net.c_dim)] = 1.0
        return self._net.map(z[None], classes[None]).expand(self._net.num_ws, -1).contiguous()


def stamp_of(picture: Tensor) -> list[int]:
    """A picture (height, width, 3) averaged down to at most 32 x 32 px, 0..255, flat."""
    height, width = picture.shape[:2]
    small = F.adaptive_avg_pool2d(picture.float().cpu().permute(2, 0, 1), (min(height, STAMP_PX), min(width, STAMP_PX)))
    return [round(value) for value in small.flatten().tolist()]


def close(db: float) -> bool:
    """Whether pictures of such a likeness are the network's, with a margin."""
    return db >= CLOSE_ENOUGH_DB + MARGIN_DB


def _race(ways: Sequence[Way], proof: Proof, clock: Clock) -> tuple[str, Chosen]:
    """The name of the winner, and the winner. Only the quickest so far is kept; a slower way need not prove itself."""
    best: tuple[str, Painter, float] | None = None  # name, painter, least likeness [dB]
    ms: dict[str, float] = {}
    passed_over: list[str] = []
    over: set[str] = set()  # families of which no more can win
    for way in ways:
        if way.family in over:
            continue
        try:
            painter = way.make()
            least_ms = ms[best[0]] if best else float("inf")
            took_ms = _timed(painter, proof.ws, clock, least_ms)
            if took_ms >= least_ms:
                ms[way.name] = took_ms
                over |= {way.family} - {""}
                continue
            found_db = proof.likeness(painter)
        except REFUSALS as error:
            passed_over.append(f"{way.name} ({' '.join(str(error).split())[:100] or type(error).__name__})")
            continue
        if close(found_db):
            ms[way.name] = took_ms
            best = (way.name, painter, found_db)
            over |= {way.family} - {""}
        else:
            passed_over.append(f"{way.name} ({found_db:.1f} dB from the network's picture)")
        del painter
    if best is None:
        raise NetworkError(
            f"this network cannot be drawn here: {'; '.join(passed_over)}; draw on another device (--device)"
        )
    name, painter, found_db = best
    reason = f"{name}: {ms[name]:.1f} ms, at least {found_db:.0f} dB on {proof.count} pictures"
    others = [f"{other} {took_ms:.1f} ms" for other, took_ms in ms.items() if other != name]
    reason += f"; slower: {', '.join(others)}" if others else ""
    reason += f"; passed over: {', '.join(passed_over)}" if passed_over else ""
    return name, Chosen(painter, reason, ms)


def _timed(painter: Painter, ws: Sequence[Tensor], clock: Clock, least_ms: float) -> float:
    """The least time of a picture [ms], on the CPU in the end; of fewer pictures where `least_ms` is out of reach.

    The least, as it is the one that other work on the machine disturbs least.
    """
    times_ms: list[float] = []
    for index in range(WARM_UP + FRAMES):
        start_s = clock()
        painter.paint(ws[index % len(ws)], DRAWN).cpu()
        times_ms.append((clock() - start_s) * 1000)
        if index and min(times_ms) > least_ms * HOPELESS:
            break
    return min(times_ms[WARM_UP:] or times_ms[-1:])


def _first(ways: Sequence[Way], proof: Proof) -> tuple[str, Chosen] | None:
    """The first way that draws the network's pictures: ways come in the order in which they are likely to be quick."""
    for way in ways:
        try:
            painter = way.make()
            found_db = proof.likeness(painter, FEWEST_SEEDS)
        except REFUSALS:
            continue
        if close(found_db):
            reason = f"{way.name}: likely the quickest, {found_db:.0f} dB on {FEWEST_SEEDS} pictures; not raced yet"
            return way.name, Chosen(painter, reason)
    return None


def _proven(ways: Sequence[Way], proof: Proof, known: Mapping[str, Any]) -> tuple[str, Chosen] | None:
    """The way that won for another network of this shape, if it draws this one's pictures as well."""
    way = next((way for way in ways if way.name == known.get("way")), None)
    if way is None:
        return None
    try:
        painter = way.make()
        found_db = proof.likeness(painter, FEWEST_SEEDS if hurried() else SEEDS)
    except REFUSALS:
        return None
    reason = f"{way.name}: the quickest for this shape, at least {found_db:.0f} dB on {proof.count} pictures"
    return (way.name, Chosen(painter, reason)) if close(found_db) else None


def _remembered(ways: Sequence[Way], proof: Proof, key: str, what: str) -> Chosen | None:
    """The way that won before, if it still draws the network's picture."""
    found = recall(key, what) or {}
    way = next((way for way in ways if way.name == found.get("way")), None)
    if way is None or not (found.get("raced", True) or hurried()):
        return None
    try:
        painter = way.make()
        seen, wanted = stamp_of(painter.paint(proof.ws[0], DRAWN)), found.get("stamp")
        if not (isinstance(wanted, list) and len(wanted) == len(seen)):
            return None
        if not close(likeness_db(torch.tensor(seen), torch.tensor(wanted))):
            return None
    except (*REFUSALS, TypeError, ValueError):  # the last two: what was remembered is no picture
        return None
    ms = found.get("ms")
    said = ms.items() if isinstance(ms, dict) else ()
    times_ms = {str(name): float(value) for name, value in said if isinstance(value, int | float)}
    return Chosen(painter, f"{found.get('reason', way.name)} (remembered)", times_ms)


def _likeness_of(net: StyleNet) -> str:
    """The key of all networks of this one's shape."""
    assert isinstance(net, nn.Module)
    sizes = [f"{name} {tuple(tensor.shape)}" for name, tensor in net.state_dict().items()]
    return hashlib.sha256("\n".join([type(net).__module__, *sizes]).encode()).hexdigest()


def _memory_of(net: StyleNet, ways: Sequence[Way]) -> str:
    """The name under which the winner among `ways` for pictures of this size on this machine is remembered."""
    height, width = net.resolution
    words = "\n".join([machine(), f"{height}x{width}", *(way.name for way in ways)])
    return f"way-{hashlib.sha256(words.encode()).hexdigest()[:12]}"


@lru_cache(maxsize=1)
def machine() -> str:
    """The processor, its cores, the GPUs and the versions of what draws: where one differs there is another race."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    try:
        openvino = version("openvino")
    except PackageNotFoundError:
        openvino = "none"
    versions = (f"livegan {__version__}", f"torch {torch.__version__}", f"openvino {openvino}")
    return ", ".join([_processor(), f"{cores()} cores", *gpus, *versions])


def _processor() -> str:
    """The name and the abilities' hash of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = hashlib.sha256(found.get("flags", found.get("Features", "")).encode()).hexdigest()[:8]
    return f"{found.get('model name', platform.machine())} ({flags})"
