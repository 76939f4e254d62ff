"""The bench: what each stage costs on this machine, the whole line's frame rate, and sound-to-screen latency."""

import os
import platform
from collections.abc import Callable
from typing import Any

import numpy as np

from livegan.audio.demo import demo_track
from livegan.audio.song import read_song
from livegan.audio.test_signals import Clicks
from livegan.config.load import LoadedScene
from livegan.config.scene import RouteTable, Scene
from livegan.config.venue import Venue
from livegan.core.clock import WallClock
from livegan.core.rings import Reader, SampleRing
from livegan.core.types import Frame, Samples
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS
from livegan.engine.assemble import Session, assemble
from livegan.engine.bind import bind_scene, listen, setlist
from livegan.engine.guard import FaultGuard
from livegan.engine.performer import Performer
from livegan.engine.runtime import Runtime
from livegan.engine.telemetry import Meter
from livegan.engine.vocabulary import Vocabulary
from livegan.features.listening import Listening

BLOCK, RATE = 256, 48000
HOPS, FRAMES, WARM_UP = 1500, 240, 20
DEMO_FROM_S = 16
CLICK_BPM = 60.0
BRIGHT = 40.0  # mean of a picture that the click has lit; the click scene is black otherwise

CLICK_SCENE = Scene(
    title="Click",
    about="black; a click lights it",
    parameters={"effect.invert": 1.0, "effect.dim": 1.0, "motion.speed": 0.0},
    routes=(RouteTable(source="onset", target="effect.dim", amount=-1.0, attack_s=0.0, release_s=0.15),),
)

Sound = Samples
Watch = Callable[[Runtime, float, Callable[[Frame | None, float], None]], dict[str, Any]]


class Clicked:
    """Finds, for each click, the first lit picture after it."""

    def __init__(self, source: Clicks) -> None:
        """`source` plays the clicks."""
        self.delays = Meter()
        self._source = source
        self._seen = 0  # the first click falls into the opening of the window

    def see(self, frame: Frame | None, now_s: float) -> None:
        """One picture, and when it was published or shown."""
        if frame is None or np.asarray(frame.pixels)[::8, ::8].mean() < BRIGHT:
            return
        ring = self._source.ring
        click = int(ring.written / RATE * CLICK_BPM / 60)
        clicked_s = ring.time_at(self._source.beat(click))
        if click > self._seen and clicked_s <= now_s:
            self._seen = click
            self.delays.add(now_s - clicked_s)


def _timed(work: Callable[[], object], times: int) -> Meter:
    clock, meter = WallClock(), Meter(times)
    for _ in range(times):
        start_s = clock.now()
        work()
        meter.add(clock.now() - start_s)
    return meter


def _callback(sound: Sound) -> Meter:
    ring, clock = SampleRing(2, RATE), WallClock()
    return _timed(lambda: ring.write(sound[:BLOCK], clock.now()), HOPS)


def _listening(listening: Listening, sound: Sound) -> Meter:
    hop = round(listening.setup.hop_s * RATE)
    blocks = iter(range(0, len(sound) - hop, hop))

    def hear() -> None:
        at = next(blocks)
        listening.process(sound[at : at + hop], (at + hop) / RATE)

    return _timed(hear, HOPS)


def _stages(session: Session, venue: Venue, sound: Sound) -> dict[str, Meter]:
    """Planning, rendering and effects, frame after frame of the demo track."""
    performer, clock = session.performer, WallClock()
    meters = {name: Meter(FRAMES) for name in ("planning", "rendering", "effects")}
    reader, period_s = Reader(session.listening.ring), 1 / venue.picture.fps
    step = int(RATE * period_s)
    for index in range(-WARM_UP, FRAMES):
        at = (index + WARM_UP) * step
        session.listening.process(sound[at : at + step], (at + step) / RATE)
        heard = reader.read()
        if heard is not None:
            performer.update_features(heard.frame, (at + step) / RATE)
        moments = [clock.now()]
        plan = performer.plan(index, (at + step) / RATE, period_s)
        moments.append(clock.now())
        picture = performer.picture(plan)
        moments.append(clock.now())
        performer.finish(picture, plan)
        moments.append(clock.now())
        for meter, start_s, end_s in zip(meters.values(), moments, moments[1:], strict=False):
            if index >= 0:
                meter.add(end_s - start_s)
    return meters


def _click_show(session: Session, venue: Venue) -> tuple[Runtime, Clicks]:
    """A show in which every click lights a black picture, through the same line as any other."""
    clock, source = WallClock(), Clicks(CLICK_BPM)
    listening = listen(venue, RATE, source.ring.channels)
    generator = session.performer.generator
    scene, vocabulary = LoadedScene("click", CLICK_SCENE), Vocabulary.of(listening.layout)
    patch = bind_scene(scene, vocabulary, networks=[generator.info])
    guard = FaultGuard(clock.now)
    performer = Performer(
        [patch], 0, session.performer.bank, Chain(EFFECTS, guard).step, listening.layout, clock, guard
    )
    return Runtime(source, listening, performer, session.loader, clock, fps=venue.picture.fps), source


def _whole_line(session: Session, venue: Venue, seconds: float, watch: Watch | None) -> dict[str, Any]:
    """Play for `seconds`, paced, with clicks; in a window where there is one."""
    runtime, source = _click_show(session, venue)
    clock = WallClock()
    clicked = Clicked(source)
    figures: dict[str, Any] = {}
    with runtime:
        if watch is not None:
            figures = watch(runtime, seconds, clicked.see)
        else:
            figures = {"window": "none: there is no display"}
            unsubscribe = runtime.frames.subscribe(lambda: clicked.see(runtime.frames.peek(), clock.now()))
            clock.wait_until(clock.now() + seconds)
            unsubscribe()
    mean_s = float(runtime.intervals.values().mean()) if runtime.intervals.count else float("inf")
    return {
        **figures,
        "line_fps": 1 / mean_s,
        "line_interval": _ms(runtime.intervals),
        "heard_to_published": _ms(runtime.latencies),
        "click_to_screen" if watch is not None else "click_to_published": _ms(clicked.delays),
        "clicks": clicked.delays.count,
        "dropped": runtime.dropped,
        "overruns": runtime.overruns,
    }


def _ms(meter: Meter) -> dict[str, float]:
    """Median and 99th percentile [ms]."""
    figures = meter.percentiles()
    return {"median": round(figures["p50"], 3), "p99": round(figures["p99"], 3)}


def measure(venue: Venue, scene: str, seconds: float, watch: Watch | None) -> dict[str, Any]:
    """Every figure; ms where nothing else is said. `watch` opens a window on the show; None: there is no display.

    The sound card's own delay is not in it: clicks enter where a driver's callback would write them.
    """
    only = setlist(venue, scene).only_start()
    song = read_song(demo_track()).at_rate(RATE)
    sound = song.samples[RATE * DEMO_FROM_S :]
    session = assemble(only, venue, listen(venue, RATE, sound.shape[1]), WallClock())
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "device": session.performer.generator.device_text,
        "network": session.performer.patch.here.name,
        "scene": session.performer.patch.name,
        "callback": _ms(_callback(sound)),
        "listening": _ms(_listening(listen(venue, RATE, sound.shape[1]), sound)),
    }
    stages = _stages(session, venue, sound)
    figures |= {name: _ms(meter) for name, meter in stages.items()}
    busy_ms = sum(meter.percentiles()["p50"] for meter in stages.values())
    figures["possible_fps"] = round(1e3 / busy_ms, 1)
    figures |= _whole_line(session, venue, seconds, watch)
    figures["line_fps"] = round(figures["line_fps"], 2)
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures as people read them."""
    lines = []
    for name, value in figures.items():
        text = f"{value['median']:8.3f} ms median {value['p99']:8.3f} ms p99" if isinstance(value, dict) else f"{value}"
        lines.append(f"{name.replace('_', ' '):20} {text}")
    return "\n".join(lines)
