"""Show runtime: the sound runtime with listening, loader and the engine's frame loop."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from livegan.audio.source import Source
from livegan.config.venue import Quality
from livegan.core.beat_thresholds import MOVES
from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.machine import reserve_memory, rss_mb
from livegan.core.rings import FeatureBatch, FeatureRing, Reader
from livegan.core.tempo_range import tempo_range_text
from livegan.core.time_limit import within
from livegan.core.types import ControlEvent, FeatureFrame, Frame
from livegan.engine.board import Board
from livegan.engine.governor import Change, Work
from livegan.engine.loader import Loader
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.quality import QualityControl
from livegan.engine.router import Router
from livegan.engine.show_log import ShowLog
from livegan.engine.sound_runtime import JOIN_S, STOP_S, Service, SoundRuntime
from livegan.engine.strobe_log import StrobeLog
from livegan.engine.telemetry import Meter, Telemetry, sound_warnings
from livegan.engine.timing import MOST_STEP_S, Pacer
from livegan.engine.watchdog import Retired
from livegan.features.clock_choice import ChosenClock
from livegan.features.listening import MAX_LAG_S, Listening
from livegan.outputs.registry import Output
from livegan.outputs.snapshot import Snapshot

TELEMETRY_S = 0.1
FAULT_SHOWN_S = 5.0
VITALS_S = 1.0  # between two lines of the log about the state of the show
ENGINE = "livegan-engine"
WATCH_S = 0.1
MOST_STUCK = 8  # threads left behind: with so many the window goes on by itself
RESTART_SHOWN_S = 30.0
SNAPSHOTS = Path("out/snapshots")
RESERVED_MB = 48  # as much as drawing came to need in an hour of scenes at every quality step
MAX_SCREEN_S = 0.5  # no window is honestly later


def _tempo(features: FeatureFrame) -> float:
    """The tempo [bpm], or 0 where the beat tracker is not confident of it."""
    known = features.layout.index
    confident = "beat.confidence" in known and features["beat.confidence"] >= MOVES
    return features["beat.bpm"] if confident else 0.0


class Runtime(SoundRuntime):
    """``with Runtime(...) as show:`` plays until the block ends.

    Publishes `frames`, `telemetry` and `board`; takes control events through `controls`.
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
        quality: Quality = "auto",
        controls: Router | None = None,
        services: Sequence[Service] = (),
        outputs: Sequence[Output] = (),
        log: ShowLog | None = None,
        board: Latest[Board] | None = None,
        join_s: float = JOIN_S,
    ) -> None:
        """Nothing starts before the ``with``.

        `controls`: a router made before, if sources already send to it; `board`: one that services read already.
        """
        self.frames: Latest[Frame] = Latest()
        self.telemetry: Latest[Telemetry] = Latest()
        self.board: Latest[Board] = Latest() if board is None else board
        self.controls = controls or Router(performer.binding)
        super().__init__(source, clock, performer.guard, services, join_s=join_s)
        self.performer = performer
        self.fps = fps
        self.wanted_besides: frozenset[str] = frozenset()  # groups that scenes of further windows listen to
        self.restarts, self._restarted_s = 0, float("-inf")  # of an engine that was stuck
        self._watchdog = performer.watchdog
        self.published = 0
        self.snapshots, self._wants_snapshot = SNAPSHOTS, False  # where they go
        self.missed_hops = 0  # too old when the engine read them
        self.intervals, self.latencies = Meter(1 << 16), Meter(1 << 16)
        self.rss_mb_start = 0.0
        self._recent_renders, self._recent_latencies, self._recent_intervals = Meter(512), Meter(512), Meter(64)
        self._recent_delays = Meter(512)  # from when a frame was due to when it was published
        self.delay_s = 0.0  # the median of them, and what the window adds
        self._screen_s = 0.0  # what the window adds
        self._listening, self._loader = listening, loader
        self._faults = performer.guard
        self._outputs, self._log = outputs, log
        self._reader = Reader(listening.ring)
        self._last: Frame | None = None
        self._published_s = 0.0
        self._done_s = 0.0  # when the newest frame's work ended
        self._telemetry_s = float("-inf")
        self._onset = 0.0
        self._noted = performer.patch  # the scene that was written down last
        self._noted_words = ""  # and the words
        self._noted_clock = "listening"  # and the beat clock
        self._noted_sound = (source.name, source.notice)  # and what is heard
        self._noted_faults, self._noted_notices = 0, frozenset[str]()  # and what was wrong
        self._vitals_s = float("-inf")
        self._pacer = Pacer(fps, 0.0)
        self.strobe = StrobeLog()
        self.quality = QualityControl(fps, performer.generator, quality, clock.now())
        loader.busy, loader.trades = True, quality != "full"  # busy until the show holds its rate

    @property
    def heard(self) -> FeatureRing:
        """What is heard, hop by hop: any thread may read it, also while the engine hangs."""
        return self._listening.ring

    @property
    def dropped(self) -> int:
        """Frames never made because their time had passed, and frames that outputs had no room for."""
        return self._pacer.dropped + sum(output.dropped for output in self._outputs)

    @property
    def overruns(self) -> int:
        """Blocks the driver lost, and times the listening fell behind the sound."""
        return self.source.overruns + self._listening.gaps

    @property
    def chosen_clock(self) -> ChosenClock | None:
        """The beat clock now; None before any is known."""
        return self._listening.chosen_clock

    @property
    def clock_reason(self) -> str:
        """Where the beat comes from, in words; "" before any is known."""
        chosen = self._listening.chosen_clock
        if chosen is None or chosen.kind != "listening":
            return chosen.reason if chosen is not None else ""
        tempi = tempo_range_text(self._listening.tempo_range)
        return f"{chosen.reason} within {tempi}" if tempi else chosen.reason

    @property
    def load_seconds(self) -> Mapping[str, float]:
        """How long each network took until it had drawn [s], by name."""
        return self._loader.seconds

    @property
    def skipped_s(self) -> float:
        """How much sound was never listened to, because it would have been late [s]."""
        return self._listening.missed / self._listening.setup.sample_rate

    def connections(self) -> list[tuple[str, bool]]:
        """What services are connected to, one line each, and whether nothing is wrong with it."""
        lines = [(service.status(), not service.notice()) for service in self._services]
        return [(line, well) for line, well in lines if line]

    def notices(self) -> list[str]:
        """What is wrong now, one short line each."""
        scenes = self.performer.scenes
        waits = f"waiting for {scenes.waits_for}" if scenes.waits_for else ""
        undone = f"undone: {scenes.undone or 'nothing more to undo'}"
        undone = undone if self._clock.now() - scenes.undone_s < FAULT_SHOWN_S else ""
        remark = scenes.remark if self._clock.now() - scenes.remark_s < FAULT_SHOWN_S else ""
        generator = self.performer.newest_generator
        drawing = f"{generator.info.name}: {generator.notice}" if generator is not None and generator.notice else ""
        wrong = sound_warnings(self.performer.features)
        services = [service.notice() for service in self._services]
        left_out = self.performer.mistrust.notice, *self.performer.bank.given_up.values()
        stuck = self._restart_text, *left_out
        lines = [self.source.notice, *wrong, *stuck, self._loader.notice, drawing, waits, undone, remark, *services]
        return [line for line in lines if line]

    def _open(self, opening: ExitStack) -> None:
        opening.callback(within, STOP_S, self._remember_quality, "quality-end")
        if self._log is not None:
            self._log.start_s, self.performer.observer = self.start_s, self._log
            opening.callback(self.controls.subscribe(partial(self._write_event, self._log)))
            opening.callback(self.performer.scenes.repatched.subscribe(partial(self._write_routes, self._log)))

    def _remember_quality(self) -> None:
        """Keep what was learned of the networks, unless one was drawn as no other show draws it."""
        if not self.performer.bank.gave_up:
            self.quality.remember()

    def _bodies(self) -> list[tuple[str, Callable[[], None]]]:
        listening, loader = self._polled("listening", self._listen), self._polled("loader", self._loader.poll)
        watchdog = self._polled("watchdog", self._watch)
        return [*super()._bodies(), listening, loader, watchdog, ("engine", self._run_engine)]

    def _join(self) -> None:
        self._loader.stop()
        super()._join()

    def _listen(self, now_s: float) -> float:
        for event in self.controls.beat_events.drain():
            self._listening.handle(event.name, event.time_s)
        self._listening.follow(self.source.ring, MAX_LAG_S)
        return self._listening.setup.hop_s / 2

    def _run_engine(self, generation: int = 0) -> None:
        """Body of the engine's thread: one frame after the other, each at its time, until the thread is retired."""
        reserve_memory(RESERVED_MB)
        dropped = self._pacer.dropped
        self._pacer = Pacer(self.fps, self._clock.now(), self._pacer.number)
        self._pacer.dropped = dropped
        while not self._stop.is_set() and self._watchdog.generation == generation:
            self._pacer.use(self.fps * self.quality.rung.share)
            index, due_s = self._pacer.next(self._clock.now())
            self._clock.wait_until(due_s)
            self._guard("frame", partial(self._frame, index, due_s, generation), None)

    def _watch(self, now_s: float) -> float:
        """Let another thread go on for an engine that is stuck in a picture."""
        if not self._watchdog.look(now_s) or self._stop.is_set() or len(self._watchdog.stuck) >= MOST_STUCK:
            return WATCH_S
        generation = self._watchdog.retire()
        if generation is None:
            return WATCH_S
        self.performer = self.performer.succeed("it did not come out of a picture", now_s)
        self.restarts, self._restarted_s = self.restarts + 1, now_s
        stuck = [thread for thread in self._threads if thread.name == ENGINE]
        for thread in stuck:  # nobody waits for it at the end
            thread.name = f"{ENGINE}-stuck"
            self._threads.remove(thread)
        if self._log is not None:
            self._log.note(now_s - self.start_s, "restart", count=self.restarts, text=self._restart_text)
        thread = threading.Thread(target=partial(self._run_engine, generation), name=ENGINE, daemon=True)
        self._threads.append(thread)
        thread.start()
        return WATCH_S

    @property
    def _restart_text(self) -> str:
        """What became of an engine that was stuck, for some time after; "": none was."""
        if self._clock.now() - self._restarted_s > RESTART_SHOWN_S:
            return ""
        return f"the pictures hung and were begun anew ({self.restarts}x)"

    def _frame(self, index: int, due_s: float, generation: int = 0) -> None:
        """Make and publish one frame. A kept picture is not shown: the window fills the gap better."""
        began_s, ready_s = self._clock.now(), max(due_s, self._done_s)
        batch = self._reader.read(began_s - max(MAX_LAG_S, self._pacer.period_s))
        if batch is not None:
            self.missed_hops += batch.missed
        since_s = due_s - self._last.plan.time_s if self._last else self._pacer.period_s
        dt_s = min(since_s, max(MOST_STEP_S, self._pacer.period_s))
        features, events = batch.frame if batch else None, self._control_events()
        if features is not None and self._log is not None:
            features = replace(features, values=self._log.rounded(features.values))
        performer = self.performer
        try:
            frame = performer.step(index, due_s, dt_s, features, events, self.quality.rung, self.delay_s)
        except Retired:
            return
        if self._watchdog.generation != generation:
            return
        self._listening.wanted = self.performer.scenes.groups | self.wanted_besides
        self._listening.expected = self.performer.scenes.tempo_range
        if performer.fresh:
            self.frames.put(frame)
        self._keep_snapshot(frame)
        published_s = self._clock.now()
        for output in self._outputs:
            output.send(frame)
        self._recent_delays.add(published_s - due_s)
        self._measure(batch, began_s, published_s)
        self._log_strobe(due_s)
        self._last, self._published_s = frame, published_s
        self._note_scene(due_s)
        self._govern(ready_s)

    def _keep_snapshot(self, frame: Frame) -> None:
        """Hand the frame to the saving service, if a snapshot was asked for."""
        if self._wants_snapshot:
            self._wants_snapshot = False
            patch = self.performer.patch
            self.performer.scenes.requests.put(Snapshot(frame, patch.name, patch.scene.seed, self.snapshots))

    def _control_events(self) -> list[ControlEvent]:
        """What controllers did since the last frame, for the performer."""
        events = []
        for event in self.controls.take_engine_events():
            if event.name == "screen.delay":
                self._screen_s = min(max(event.value, 0.0), MAX_SCREEN_S)
            elif event.name == "snapshot":
                self._wants_snapshot |= event.value > 0
            else:
                events.append(event)
        return events

    def _govern(self, ready_s: float) -> None:
        """Let the governor decide how the next frame is drawn; `ready_s` is when this one could have begun."""
        drawn, now_s = self.performer, self._clock.now()
        other_s = max(now_s - ready_s - drawn.network_s - drawn.effects_s, 0.0)
        work = Work(drawn.network_s, drawn.effects_s, other_s, drawn.pictures)
        generator = drawn.newest_generator
        for change in self.quality.frame(now_s, work, generator, drawn.coming) if generator is not None else ():
            if self._log is not None:
                self._write_change(self._log, change)
        self._loader.busy = not self.quality.holds
        self._done_s = now_s

    def _log_strobe(self, due_s: float) -> None:
        limiter = self.performer.limiter
        if limiter is not None:
            note = self.strobe.step(due_s - self.start_s, limiting=limiter.limiting)
            if note is not None and self._log is not None:
                self._log.note(note.time_s, "strobe", count=note.count, seconds=round(note.seconds, 2))

    def _write_change(self, log: ShowLog, change: Change) -> None:
        time_s = change.time_s - self.start_s
        log.note(time_s, "quality", before=change.before, after=change.after, reason=change.reason)

    def _note_scene(self, time_s: float) -> None:
        """Write down which scene plays and what words it follows, where that has changed."""
        patch = self.performer.patch
        if self._log is not None and patch is not self._noted:
            self._log.note(time_s - self.start_s, "scene", name=patch.name, title=patch.scene.title)
        self._noted = patch
        words = patch.prompt.words if patch.prompt is not None else ""
        if self._log is not None and words != self._noted_words:
            understood = patch.prompt.target.understood if patch.prompt is not None else ()
            self._log.note(time_s - self.start_s, "prompt", words=words, understood=understood)
        self._noted_words = words

    def _note_clock(self, now_s: float) -> None:
        """Write down which clock the beat comes from, where that has changed."""
        chosen = self._listening.chosen_clock
        if self._log is not None and chosen is not None and chosen.kind not in (self._noted_clock, "music"):
            facts = {"source": chosen.kind, "reason": chosen.reason, "bpm": round(chosen.line.bpm, 2)}
            self._log.note(now_s - self.start_s, "clock", **facts)
            self._noted_clock = chosen.kind

    def _note_sound(self, now_s: float) -> None:
        """Write down what is heard and what is wrong with it, where that has changed."""
        sound = self.source.name, self.source.notice
        if self._log is not None and sound != self._noted_sound:
            self._log.note(now_s - self.start_s, "sound", heard=sound[0], notice=sound[1])
        self._noted_sound = sound

    def _note_state(self, log: ShowLog, now_s: float) -> None:
        """Write down what is wrong, where that has changed, and once a second how the show goes."""
        time_s, faults, notices = now_s - self.start_s, self._faults.faults, frozenset(self.notices())
        if faults != self._noted_faults:
            log.note(time_s, "fault", count=faults - self._noted_faults, text=self._faults.newest)
        for line in sorted(notices - self._noted_notices):
            log.note(time_s, "notice", text=line)
        self._noted_faults, self._noted_notices = faults, notices
        if now_s - self._vitals_s >= VITALS_S:
            self._vitals_s = now_s
            intervals, features = self._recent_intervals.values(), self.performer.features_at(now_s)
            renders = self._recent_renders.percentiles()
            log.note(
                time_s,
                "vitals",
                fps=round(1 / float(intervals.mean()), 2) if len(intervals) else 0.0,
                frame_ms=round(renders["p95"], 2),
                p99_ms=round(renders["p99"], 2),
                latency_ms=round(self._recent_latencies.percentiles()["p95"], 1),
                level=round(features["level"], 4),
                bpm=round(_tempo(features), 2),
                dropped=self.dropped,
            )

    def _write_event(self, log: ShowLog, event: ControlEvent) -> None:
        facts: dict[str, Any] = {"how": event.kind} if event.kind != "move" else {}
        facts |= {"source": event.source} if event.source else {}
        facts |= {"to": event.binding.written()} if event.binding is not None else {}
        log.note(event.time_s - self.start_s, "hand", name=event.name, value=event.value, **facts)

    def _write_routes(self, log: ShowLog, patch: Patch, text: str) -> None:
        routes = [route.model_dump(mode="json", exclude_unset=True) for route in patch.bay.routes]
        time_s = self._clock.now() - self.start_s
        log.note(time_s, "routes", name=patch.name, change=text, routes=routes)

    def _measure(self, batch: FeatureBatch | None, began_s: float, published_s: float) -> None:
        """Measure how long the frame took and how old its sound is; ten times a second, publish telemetry."""
        self.published += 1
        if self._last is not None:
            interval_s = published_s - self._published_s
            self.intervals.add(interval_s)
            self._recent_intervals.add(interval_s)
        self._recent_renders.add(published_s - began_s)
        if batch is not None:
            self.latencies.add(published_s - batch.frame.time_s)
            self._recent_latencies.add(published_s - batch.frame.time_s)
            self._onset = max(self._onset, batch.frame["onset"])
        if not self.rss_mb_start and published_s - self.start_s > 1.0:
            self.rss_mb_start = rss_mb()
        if published_s - self._telemetry_s >= TELEMETRY_S:
            self._publish_telemetry(published_s)

    def _publish_telemetry(self, now_s: float) -> None:
        self._telemetry_s = now_s
        self._note_clock(now_s)
        self._note_sound(now_s)
        if self._log is not None:
            self._note_state(self._log, now_s)
        self.board.put(self.performer.board(now_s))
        self.delay_s = self._recent_delays.percentiles()["p50"] / 1e3 + self._screen_s
        limiter, chosen = self.performer.limiter, self._listening.chosen_clock
        asked = limiter.asked if limiter is not None else None
        at_s = limiter.time_s if limiter is not None else 0.0
        intervals = self._recent_intervals.values()
        fault = [self._faults.newest] if now_s - self._faults.newest_s < FAULT_SHOWN_S else []
        self.telemetry.put(
            Telemetry(
                time_s=now_s,
                fps=1 / float(intervals.mean()) if len(intervals) else 0.0,
                renders=self._recent_renders,
                scene=self.performer.scenes.title,
                cued=self.performer.scenes.fader.cued.scene.title if self.performer.scenes.fader.cued else "",
                network=self._last.plan.network if self._last else "",
                device=self.performer.device_text,
                bpm=_tempo(self.performer.features_at(now_s)),
                clock=self.clock_reason,
                beats_per_bar=chosen.line.beats_per_bar if chosen is not None else 4,
                source=self.source.name,
                level=self.performer.features_at(now_s)["level"],
                onset=self._onset,
                overruns=self.overruns,
                missed_hops=self.missed_hops,
                dropped=self.dropped,
                faults=self._faults.faults,
                knobs=self.performer.patch.controls.values(),
                turns=self.performer.patch.controls.turns(),
                prompt=self.performer.patch.prompt_text,
                notices=(*self.notices(), *fault),
                connections=tuple(self.connections()),
                bank=self.performer.bank_text,
                flashes=(asked.general.flashes(at_s), asked.red.flashes(at_s)) if asked is not None else None,
                flash_area=max(asked.general.area(at_s), asked.red.area(at_s)) if asked is not None else 0.0,
                limiting=limiter is not None and limiter.limiting,
                quality=self.quality.text,
                still=self.performer.still,
            )
        )
        self._onset = 0.0
