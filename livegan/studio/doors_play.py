"""Rehearsal of a show's scenes for `livegan doors`: each is loaded, warmed and played as on stage, and measured."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.clock import Clock
from livegan.core.machine import MEGABYTE, rss_mb
from livegan.core.types import ControlEvent, Frame, Pixels
from livegan.engine.ladder import Rung
from livegan.engine.patch import Patch
from livegan.engine.runtime import Runtime
from livegan.engine.telemetry import Meter, Percentiles

WARM_S = 1.5  # of a scene, before it is measured
SAMPLE_S = 0.2  # between two pictures of which brightness and movement are measured
PATIENCE_S = 180.0  # for a network to be loaded and a transition to end
LATE = 1.5  # periods that a late frame takes
MOST_FRAMES = 1 << 18
CELLS = 48  # rows of the small picture that is compared
STILL_PX, STILL_QUALITY = 256, 80  # width of the picture for the page, and of its JPEG
LUMA = np.array([0.299, 0.587, 0.114], np.float32) / 255

Tick = Callable[[float], object]
"""Called a few times a second with the seconds of the rehearsal that are done."""


@dataclass(frozen=True, slots=True)
class SceneFigures:
    """What was measured of one scene. Without `played_s` it did not come, and `missing` says why."""

    name: str
    title: str
    network: str
    load_s: float | None = None  # until its network had drawn [s]; None: it needed none of its own
    played_s: float = 0.0
    fps: float = 0.0  # pictures a second
    interval_ms: Percentiles = field(default_factory=lambda: Meter(1).percentiles())
    frames: int = 0
    late: int = 0  # of them, later than LATE periods of the rate that the governor held
    transition_ms: Percentiles | None = None  # while it came in over the scene before
    traded: str = ""  # by the governor, most of the time; "": nothing
    rss_mb: float = 0.0  # at its end
    networks_mb: float = 0.0  # of all networks that are ready
    gpu_mb: float | None = None  # in use on the graphics card; None: none draws
    limited: int = 0  # how often the strobe limiter acted, and for how long
    limited_s: float = 0.0
    brightness: float = 0.0  # mean, 0..1
    motion: float = 0.0  # mean change of a pixel in SAMPLE_S, 0..1
    faults: int = 0
    fault: str = ""  # the newest
    missing: str = ""
    intervals_ms: tuple[float, ...] = field(default=(), repr=False)
    lights: tuple[float, ...] = field(default=(), repr=False)  # brightness every SAMPLE_S
    memory_mb: tuple[float, ...] = field(default=(), repr=False)  # resident, every SAMPLE_S
    still: bytes = field(default=b"", repr=False)  # a JPEG


class FrameTimes:
    """Times of published frames, and the rung each was drawn on; `note` runs on the engine's thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._times: NDArray[np.float64] = np.zeros(MOST_FRAMES)
        self.count = 0
        self._rungs: list[tuple[int, Rung]] = []  # the frame from which each holds

    def note(self) -> None:
        """A frame was published."""
        at, rung = self.count, self._runtime.quality.rung
        if at < MOST_FRAMES:
            self._times[at] = self._runtime.clock.now()
            if not self._rungs or self._rungs[-1][1] is not rung:
                self._rungs.append((at, rung))
            self.count = at + 1

    def intervals(self, begin: int, end: int) -> NDArray[np.float64]:
        """Seconds between the frames of that part and the one before each."""
        times = self._times[max(begin - 1, 0) : end]
        return np.diff(times)

    def rungs(self, begin: int, end: int) -> list[Rung]:
        """The rung of each frame of that part."""
        starts = [at for at, _ in self._rungs]
        at = np.searchsorted(starts, np.arange(begin, end), "right") - 1
        return [self._rungs[place][1] for place in np.maximum(at, 0)] if self._rungs else []


class Rehearsal:
    """Rehearsal of a runtime that is set up and not started; one use."""

    def __init__(self, runtime: Runtime, clock: Clock, seconds: float, tick: Tick = lambda done_s: None) -> None:
        """Each scene is measured for `seconds`."""
        self._runtime, self._clock, self._seconds, self._tick = runtime, clock, seconds, tick
        self._scenes = runtime.performer.scenes
        self._scenes.program = None  # no entry of a setlist ends by itself
        self._frames = FrameTimes(runtime)
        self._began_s = 0.0
        self.order = _from_start(self._scenes.patches, self._scenes.patch)

    @property
    def expected_s(self) -> float:
        """About how long all of it takes [s], networks that are not loaded yet left out."""
        fades = sum(patch.transition.seconds or patch.scene.fade_s for patch in self.order[1:])
        return len(self.order) * (WARM_S + self._seconds) + fades

    def play(self) -> Iterator[SceneFigures]:
        """Play every scene after the other, each coming in as it does in the show."""
        unsubscribe = self._runtime.frames.subscribe(self._frames.note)
        try:
            with self._runtime:
                self._began_s = self._clock.now()
                for patch in self.order:
                    yield self._scene(patch)
        finally:
            unsubscribe()

    def _scene(self, patch: Patch) -> SceneFigures:
        begin, before = self._frames.count, self._scenes.patch
        guard = self._runtime.performer.guard
        faults = guard.faults
        facts: dict[str, Any] = {"name": patch.name, "title": patch.scene.title, "network": patch.here.name}
        if missing := self._bring_in(patch):
            return SceneFigures(**facts, missing=missing)
        transition = self._frames.intervals(begin, self._frames.count) if patch is not before else None
        self._wait(WARM_S)
        runtime, strobe = self._runtime, self._runtime.strobe
        limited, limited_s = strobe.count, strobe.seconds
        first = self._frames.count
        lights, motions, memory, still = self._watch()
        last = self._frames.count
        intervals = self._frames.intervals(first, last)
        rungs = self._frames.rungs(first, last)[-len(intervals) :]
        periods = np.array([1 / (runtime.fps * rung.share) for rung in rungs]) if rungs else np.zeros(0)
        texts = Counter(rung.text(runtime.fps) for rung in rungs)
        traded = texts.most_common(1)[0][0] if texts else ""
        return SceneFigures(
            **facts,
            load_s=self._load_s(patch),
            played_s=float(intervals.sum()),
            fps=len(intervals) / float(intervals.sum()) if len(intervals) else 0.0,
            interval_ms=percentiles(intervals),
            frames=len(intervals),
            late=int((intervals > LATE * periods[-len(intervals) :]).sum()) if len(intervals) else 0,
            transition_ms=percentiles(transition) if transition is not None and len(transition) else None,
            traded="" if traded == "full" else traded,
            rss_mb=rss_mb(),
            networks_mb=runtime.performer.bank.megabytes,
            gpu_mb=gpu_mb(),
            limited=strobe.count - limited,
            limited_s=strobe.seconds - limited_s,
            brightness=float(np.mean(lights)) if lights else 0.0,
            motion=float(np.mean(motions)) if motions else 0.0,
            faults=guard.faults - faults,
            fault=guard.newest if guard.faults > faults else "",
            intervals_ms=tuple(float(value) * 1e3 for value in intervals),
            lights=tuple(lights),
            memory_mb=tuple(memory),
            still=still,
        )

    def _load_s(self, patch: Patch) -> float | None:
        """How long its networks took together; None where another scene had them loaded."""
        seconds = self._runtime.load_seconds
        earlier = {info.name for other in self.order[: self.order.index(patch)] for info in other.networks}
        own = [seconds[info.name] for info in patch.networks if info.name in seconds and info.name not in earlier]
        return sum(own) if own else None

    def _bring_in(self, patch: Patch) -> str:
        """Choose a scene as a key does, and wait until it is all that is seen; why it did not come, or ""."""
        scenes, until_s = self._scenes, self._clock.now() + PATIENCE_S
        if scenes.patch is not patch:
            number = scenes.patches.index(patch) + 1
            self._runtime.controls.put(ControlEvent(self._clock.now(), f"scene.{number}", 1.0))
        while not (self._frames.count and scenes.patch is patch and len(scenes.playing) == 1):
            if not self._runtime.performer.bank.available(patch.here):
                return f"its network {patch.here.name} cannot be loaded"
            if self._clock.now() > until_s:
                return f"it did not come within {PATIENCE_S:.0f} s"
            self._wait(SAMPLE_S)
        return ""

    def _watch(self) -> tuple[list[float], list[float], list[float], bytes]:
        """Brightness, movement and memory while a scene plays, and a picture of its middle."""
        lights: list[float] = []
        motions: list[float] = []
        memory: list[float] = []
        before: NDArray[np.float32] | None = None
        newest: Frame | None = None
        still, end_s = b"", self._clock.now() + self._seconds
        while (left_s := end_s - self._clock.now()) > 0:
            self._wait(min(SAMPLE_S, left_s))
            frame = self._runtime.frames.peek()
            memory.append(rss_mb())
            if frame is None or frame is newest:
                continue
            newest, pixels = frame, on_host(frame)
            now = luma_of(pixels)
            lights.append(float(now.mean()))
            if before is not None and before.shape == now.shape:
                motions.append(float(np.abs(now - before).mean()))
            before = now
            if not still and left_s < self._seconds / 2:
                still = jpeg_of(pixels)
        return lights, motions, memory, still

    def _wait(self, seconds: float) -> None:
        """Let the show play on; tell how far the rehearsal is."""
        end_s = self._clock.now() + seconds
        while (now_s := self._clock.now()) < end_s:
            self._clock.wait_until(min(end_s, now_s + SAMPLE_S))
            self._tick(self._clock.now() - self._began_s)


def _from_start(patches: list[Patch], start: Patch) -> list[Patch]:
    """The scenes in their order, those of the same name and values once, from the one that plays first."""
    at = patches.index(start)
    return [*patches[at:], *patches[:at]]


def percentiles(intervals_s: NDArray[np.float64]) -> Percentiles:
    """Of durations [s], in milliseconds; zeros of none."""
    meter = Meter(max(len(intervals_s), 1))
    for value in intervals_s:
        meter.add(float(value))
    return meter.percentiles()


def on_host(frame: Frame) -> Pixels:
    """The pixels of a frame, uint8 (h, w, 3), in the memory of the host."""
    pixels: Any = frame.pixels
    return np.asarray(pixels.cpu() if hasattr(pixels, "cpu") else pixels)


def luma_of(pixels: Pixels) -> NDArray[np.float32]:
    """Luma 0..1 of a small version of a picture."""
    step = max(pixels.shape[0] // CELLS, 1)
    small = pixels[::step, ::step, :3].astype(np.float32)
    return np.asarray(small @ LUMA, np.float32)


def jpeg_of(pixels: Pixels) -> bytes:
    """A small JPEG of a picture."""
    from PIL import Image

    image = Image.fromarray(pixels).convert("RGB")
    image.thumbnail((STILL_PX, STILL_PX))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=STILL_QUALITY)
    return written.getvalue()


def gpu_mb() -> float | None:
    """Memory in use on the graphics card, by all programs [MB]; None where none draws."""
    import torch

    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return None
    free, total = torch.cuda.mem_get_info()
    return float(total - free) / MEGABYTE
