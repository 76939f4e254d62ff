"""The runtime: starts every thread of the show, joins every one, and runs the engine's own loop."""

import gc
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Self

from livegan.audio.source import Source
from livegan.core.channels import Inbox, Latest
from livegan.core.clock import Clock
from livegan.core.machine import rss_mb
from livegan.core.rings import FeatureBatch
from livegan.core.types import ControlEvent, FeatureFrame, Frame
from livegan.engine.journal import Journal
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.telemetry import Meter, Telemetry
from livegan.engine.timing import Pacer
from livegan.engine.warnings import sound_warnings
from livegan.features.hands import BEAT_HANDS
from livegan.features.listening import Listening
from livegan.outputs.registry import Output

SWITCH_S = 0.0005  # how long a Python thread may keep the others (the audio callback!) waiting
TELL_EVERY_S = 0.1
FAULT_SHOWN_S = 5.0
SURE = 0.3  # confidence from which a beat counts as one
JOIN_S = 5.0

Tend = Callable[[float], float]  # do what is due; seconds until it is due again


def _tempo(heard: FeatureFrame) -> float:
    """The tempo, if the listening is sure enough of it to say so [bpm]."""
    known = heard.layout.index
    return heard["beat.bpm"] if "beat.confidence" in known and heard["beat.confidence"] >= SURE else 0.0


def _nothing() -> None:
    """Neither opened nor closed."""


def _well() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Service:
    """Something that goes along with the show: opened before it, tended on a thread of its own, closed after it."""

    name: str  # of the thread
    start: Callable[[], None] = _nothing
    poll: Tend | None = None
    stop: Callable[[], None] = _nothing
    notice: Callable[[], str] = _well  # one line when it is not well


class Runtime:
    """``with Runtime(...) as show:`` plays until the block ends.

    Publishes `frames` and `telemetry`; takes `hands`.
    """

    def __init__(
        self,
        source: Source,
        listening: Listening,
        performer: Performer,
        loader: Loader,
        clock: Clock,
        *,
        fps: float,
        hands: Inbox[ControlEvent],
        services: Sequence[Service] = (),
        outputs: Sequence[Output] = (),
        journal: Journal | None = None,
    ) -> None:
        """Nothing starts before the ``with``."""
        self.frames: Latest[Frame] = Latest()
        self.telemetry: Latest[Telemetry] = Latest()
        self.hands = hands
        self.performer = performer
        self.source = source
        self.fps = fps
        self.published = 0
        self.intervals, self.latencies = Meter(1 << 16), Meter(1 << 16)
        self.rss_mb_start = 0.0
        self._recent_renders, self._recent_latencies, self._recent_intervals = Meter(512), Meter(512), Meter(64)
        self._listening, self._loader, self._clock = listening, loader, clock
        self._companions, self._outputs, self._journal = services, outputs, journal
        self._guard = performer.guard
        self._clock_hands: Inbox[ControlEvent] = Inbox()  # for the beat clock, which the listening thread owns
        self._stop = threading.Event()
        self._opened = ExitStack()
        self._threads: list[threading.Thread] = []
        self._mark = 0
        self._start_s = 0.0
        self._last: Frame | None = None
        self._published_s = 0.0
        self._told_s = float("-inf")
        self._onset = 0.0
        self._pacer = Pacer(fps, 0.0)

    @property
    def dropped(self) -> int:
        """Frames never made because their time had passed, and frames that outputs had no room for."""
        return self._pacer.dropped + sum(output.dropped for output in self._outputs)

    @property
    def overruns(self) -> int:
        """Blocks the driver lost, and times the listening fell behind the sound."""
        return self.source.overruns + self._listening.gaps

    @staticmethod
    def stuck() -> list[str]:
        """Threads that did not end with the show: a frozen driver holds them, and would hold our exit too."""
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("livegan-")]

    def notices(self) -> list[str]:
        """What is not well, one short line each."""
        waits = f"waiting for {self.performer.waits_for}" if self.performer.waits_for else ""
        wrong = sound_warnings(self.performer.heard)
        lines = [self.source.notice, *wrong, self._loader.notice, waits, *(one.notice() for one in self._companions)]
        return [line for line in lines if line]

    def __enter__(self) -> Self:
        """Open the sound, then what goes along, then start every thread. If one cannot be opened, none stays open."""
        with ExitStack() as opening:
            self._start_s = self._clock.now()
            opening.callback(self.source.stop)
            self.source.start(self._start_s)
            for companion in self._companions:
                opening.callback(companion.stop)
                companion.start()
            opening.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(SWITCH_S)
            gc.collect()
            gc.freeze()
            opening.callback(gc.unfreeze)
            opening.callback(self._join)
            self._start_threads()
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and join every thread, then close what was opened, the last first; one that fails holds up no other."""
        self._opened.close()

    def _start_threads(self) -> None:
        tends: list[tuple[str, Tend]] = [("audio", self.source.poll), ("listening", self._listen)]
        tends += [("loader", self._loader.poll)]
        tends += [(one.name, one.poll) for one in self._companions if one.poll is not None]
        bodies: list[tuple[str, Callable[[], None]]] = [(name, partial(self._tend, name, poll)) for name, poll in tends]
        for name, body in [*bodies, ("engine", self._perform)]:
            thread = threading.Thread(target=body, name=f"livegan-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _join(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(JOIN_S)

    def _tend(self, name: str, poll: Tend) -> None:
        """The body of every thread but the engine's."""
        while not self._stop.is_set():
            wait_s = self._guard(name, lambda: poll(self._clock.now()), 0.5)
            if wait_s > 0:
                self._stop.wait(wait_s)

    def _listen(self, now_s: float) -> float:
        for hand in self._clock_hands.drain():
            self._listening.handle(hand.name, hand.time_s)
        self._listening.follow(self.source.ring)
        return self._listening.setup.hop_s / 2

    def _perform(self) -> None:
        """The engine's thread: frame after frame, each at its time."""
        self._pacer = Pacer(self.fps, self._clock.now())
        while not self._stop.is_set():
            index, due_s = self._pacer.next(self._clock.now())
            self._clock.wait_until(due_s)
            self._guard("frame", partial(self._frame, index, due_s), None)

    def _frame(self, index: int, due_s: float) -> None:
        """Make and publish one frame."""
        began_s = self._clock.now()
        heard = self._listening.ring.since(self._mark)
        if heard is not None:
            self._mark = heard.mark
        dt_s = due_s - self._last.plan.time_s if self._last else self._pacer.period_s
        frame = self.performer.step(index, due_s, dt_s, heard.frame if heard else None, self._touched())
        self.frames.put(frame)
        published_s = self._clock.now()
        for output in self._outputs:
            output.send(frame)
        self._measure(heard, began_s, published_s)
        self._last, self._published_s = frame, published_s

    def _touched(self) -> list[ControlEvent]:
        events = []
        for event in self.hands.drain():
            hand = self.performer.patch.binding(event.name)
            if hand in BEAT_HANDS and event.value > 0:
                self._clock_hands.put(ControlEvent(event.time_s, hand))
            else:
                events.append(event)
        if self._journal is not None:
            for event in events:
                self._journal.note(event.time_s - self._start_s, "hand", name=event.name, value=event.value)
        return events

    def _measure(self, heard: FeatureBatch | None, began_s: float, published_s: float) -> None:
        """Note how long it took and how old its sound is; ten times a second, tell."""
        self.published += 1
        if self._last is not None:
            interval_s = published_s - self._published_s
            self.intervals.add(interval_s)
            self._recent_intervals.add(interval_s)
        self._recent_renders.add(published_s - began_s)
        if heard is not None:
            self.latencies.add(published_s - heard.frame.time_s)
            self._recent_latencies.add(published_s - heard.frame.time_s)
            self._onset = max(self._onset, heard.frame["onset"])
        if not self.rss_mb_start and published_s - self._start_s > 1.0:
            self.rss_mb_start = rss_mb()
        if published_s - self._told_s >= TELL_EVERY_S:
            self._tell(published_s)

    def _tell(self, now_s: float) -> None:
        self._told_s = now_s
        intervals = self._recent_intervals.values()
        fault = [self._guard.newest] if now_s - self._guard.newest_s < FAULT_SHOWN_S else []
        self.telemetry.put(
            Telemetry(
                time_s=now_s,
                fps=1 / float(intervals.mean()) if len(intervals) else 0.0,
                render_ms=self._recent_renders.percentiles(),
                latency_ms=self._recent_latencies.percentiles(),
                scene=self.performer.patch.scene.title,
                network=self._last.plan.network if self._last else "",
                device=self.performer.generator.device_text,
                bpm=_tempo(self.performer.heard_by(now_s)),
                source=self.source.name,
                level=self.performer.heard_by(now_s)["level"],
                onset=self._onset,
                overruns=self.overruns,
                dropped=self.dropped,
                faults=self._guard.faults,
                knobs=self.performer.patch.knob_values(),
                notices=(*self.notices(), *fault),
                bank=self.performer.bank_text,
            )
        )
        self._onset = 0.0
