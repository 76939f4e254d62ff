"""Benchmark of the whole line: time of each stage, frame rate, and sound-to-screen latency on this machine."""

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
from livegan.rendering.registry import REHEARSAL

BLOCK, RATE = 256, 48000
HOPS, FRAMES, WARM_UP = 1500, 240, 20
DEMO_START_S = 16
CLICK_BPM = 60.0
BRIGHT = 40.0  # mean of a picture lit by a click; without one the click scene is black

CLICK_SCENE = Scene(
    title="Click",
    about="black; a click lights it",
    parameters={"effect.invert": 1.0, "effect.dim": 1.0, "motion.speed": 0.0},
    routes=(RouteTable(source="onset", target="effect.dim", amount=-1.0, attack_s=0.0, release_s=0.15),),
)

ShowInWindow = Callable[[Runtime, float, Callable[[Frame | None, float], None]], dict[str, Any]]
"""(show, seconds, callback of each frame and when it was shown) -> figures of the window"""


class ClickLatency:
    """Latency meter: for each click, the delay of the first lit picture after it."""

    def __init__(self, source: Clicks) -> None:
        self.delays = Meter()
        self._source = source
        self._newest = 0  # number of the last click measured; the first one falls into the opening of the window

    def add_frame(self, frame: Frame | None, now_s: float) -> None:
        """Take one picture, and when it was published or shown."""
        if frame is None or np.asarray(frame.pixels)[::8, ::8].mean() < BRIGHT:
            return
        ring = self._source.ring
        click = int(ring.written / RATE * CLICK_BPM / 60)
        clicked_s = ring.time_at(self._source.beat(click))
        if click > self._newest and clicked_s <= now_s:
            self._newest = click
            self.delays.add(now_s - clicked_s)


def _timed(function: Callable[[], object], count: int) -> Meter:
    clock, meter = WallClock(), Meter(count)
    for _ in range(count):
        start_s = clock.now()
        function()
        meter.add(clock.now() - start_s)
    return meter


def _callback(sound: Samples) -> Meter:
    ring, clock = SampleRing(2, RATE), WallClock()
    return _timed(lambda: ring.write(sound[:BLOCK], clock.now()), HOPS)


def _listening(listening: Listening, sound: Samples) -> Meter:
    hop = round(listening.setup.hop_s * RATE)
    starts = iter(range(0, len(sound) - hop, hop))

    def process() -> None:
        start = next(starts)
        listening.process(sound[start : start + hop], (start + hop) / RATE)

    return _timed(process, HOPS)


def _stages(session: Session, venue: Venue, sound: Samples) -> dict[str, Meter]:
    """Times of planning, rendering and effects, frame after frame of the demo track."""
    performer, clock = session.performer, WallClock()
    meters = {name: Meter(FRAMES) for name in ("planning", "rendering", "effects")}
    reader, period_s = Reader(session.listening.ring), 1 / venue.picture.fps
    step = int(RATE * period_s)
    for index in range(-WARM_UP, FRAMES):
        start = (index + WARM_UP) * step
        time_s = (start + step) / RATE
        session.listening.process(sound[start : start + step], time_s)
        batch = reader.read()
        if batch is not None:
            performer.update_features(batch.frame, time_s)
        stamps_s = [clock.now()]
        plan = performer.plan(index, time_s, period_s)
        stamps_s.append(clock.now())
        drawn = performer.draw(plan)
        stamps_s.append(clock.now())
        performer.finish(plan, drawn)
        stamps_s.append(clock.now())
        for meter, start_s, end_s in zip(meters.values(), stamps_s, stamps_s[1:], strict=False):
            if index >= 0:
                meter.add(end_s - start_s)
    return meters


def _click_show(session: Session, venue: Venue) -> tuple[Runtime, Clicks]:
    """A show in which every click lights a black picture, through the same line as any other show."""
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


def _whole_line(session: Session, venue: Venue, seconds: float, show_in_window: ShowInWindow | None) -> dict[str, Any]:
    """Play for `seconds`, paced, with clicks; in a window where there is one."""
    runtime, source = _click_show(session, venue)
    clock = WallClock()
    clicks = ClickLatency(source)
    figures: dict[str, Any] = {}
    with runtime:
        if show_in_window is not None:
            figures = show_in_window(runtime, seconds, clicks.add_frame)
        else:
            figures = {"window": "none: there is no display"}
            unsubscribe = runtime.frames.subscribe(lambda: clicks.add_frame(runtime.frames.peek(), clock.now()))
            clock.wait_until(clock.now() + seconds)
            unsubscribe()
    mean_s = float(runtime.intervals.values().mean()) if runtime.intervals.count else float("inf")
    return {
        **figures,
        "line_fps": 1 / mean_s,
        "line_interval": _ms(runtime.intervals),
        "heard_to_published": _ms(runtime.latencies),
        "click_to_screen" if show_in_window is not None else "click_to_published": _ms(clicks.delays),
        "clicks": clicks.delays.count,
        "dropped": runtime.dropped,
        "overruns": runtime.overruns,
    }


def _ms(meter: Meter) -> dict[str, float]:
    """Median and 99th percentile [ms]."""
    figures = meter.percentiles()
    return {"median": round(figures["p50"], 3), "p99": round(figures["p99"], 3)}


def measure(venue: Venue, scene: str, seconds: float, show_in_window: ShowInWindow | None) -> dict[str, Any]:
    """Every figure, in ms unless named otherwise. `show_in_window` opens a window; None: there is no display.

    The latency of the sound card is not included: clicks are written where its callback would write.
    """
    only = setlist(venue, scene).only_start()
    song = read_song(demo_track()).at_rate(RATE)
    sound = song.samples[RATE * DEMO_START_S :]
    session = assemble(only, venue, listen(venue, RATE, sound.shape[1]), WallClock(), options=REHEARSAL)
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "device": session.performer.device_text,
        "network": session.performer.patch.here.name,
        "scene": session.performer.patch.name,
        "callback": _ms(_callback(sound)),
        "listening": _ms(_listening(listen(venue, RATE, sound.shape[1]), sound)),
    }
    stages = _stages(session, venue, sound)
    figures |= {name: _ms(meter) for name, meter in stages.items()}
    busy_ms = sum(meter.percentiles()["p50"] for meter in stages.values())
    figures["possible_fps"] = round(1e3 / busy_ms, 1)
    figures |= _whole_line(session, venue, seconds, show_in_window)
    figures["line_fps"] = round(figures["line_fps"], 2)
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures as a text table."""
    lines = []
    for name, value in figures.items():
        text = f"{value['median']:8.3f} ms median {value['p99']:8.3f} ms p99" if isinstance(value, dict) else f"{value}"
        lines.append(f"{name.replace('_', ' '):20} {text}")
    return "\n".join(lines)
