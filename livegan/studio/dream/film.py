"""Dream film: a song as one long dream, as a generator of progress. Stopped or killed, it goes on to the same bytes."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf
from pathlib import Path

import numpy as np

from livegan.core.images import write_png
from livegan.core.types import Frame, FramePlan, Pixels
from livegan.effects.memory import Memory
from livegan.errors import DreamError, LiveganError, MediaError, NetworkError, WorkerError
from livegan.outputs.soundtrack import AudioTrack
from livegan.studio.distributed.dreams import draw_frames, dream_job, dream_segments
from livegan.studio.distributed.pools import open_workers
from livegan.studio.distributed.protocol import Job
from livegan.studio.distributed.scheduler import Scheduler
from livegan.studio.dream.dreamer import Dreamer, DreamProgress, State
from livegan.studio.dream.film_dream import (
    Drawn,
    Stretch,
    drawn_here,
    dream_alone,
    dream_on,
    frames_of,
    stretch_of,
    travels,
)
from livegan.studio.dream.film_job import FilmJob, check_film_job, recording_job
from livegan.studio.dream.film_look import FilmLook
from livegan.studio.dream.film_plan import FilmPlan, film_facts, plan_film
from livegan.studio.dream.film_words import words_told
from livegan.studio.dream.kept_steps import KeptSteps
from livegan.studio.dream.open_dreamer import choose_model, open_dreamer
from livegan.studio.dream.picture import read_pixels
from livegan.studio.dream.style_dreamer import StyleDreamer
from livegan.studio.film_recording import Recording, begin_recording, to_go_on

DREAMING, STOPPED, DONE = "dreaming", "stopped early", "done"
SEGMENTS = "dreaming the segments"  # with `independent`: each alone, before the first frame
FRAMES_WAITING = 2  # drawn and not encoded yet
PICTURE_AGAIN_S, CHECK_IN_AGAIN_S = 1.0, 10.0

Echo = Callable[[str], None]
Progress = Generator[DreamProgress, None, None]


def film(job: FilmJob, echo: Echo = lambda line: None) -> Progress:
    """Make a film; the last progress has its path. Closed early or interrupted, what there is stays a film that plays.

    The same job goes on where an earlier one was stopped or killed, and ends with the same bytes as if it never had
    been. `echo` gets remarks. DreamError, MediaError, NetworkError or WorkerError for what cannot be made.
    """
    check_film_job(job)
    options, hears, remark = choose_model(job.options, words=bool(job.text.strip()), song=job.sound_weight != 0)
    job = replace(job, options=options, sound_weight=job.sound_weight if hears else 0.0)
    towards = None if job.towards is None else read_pixels(job.towards)
    if remark:
        echo(remark)
    plan = yield from plan_film(job)
    yield DreamProgress(0, plan.clock.frames, text="reading the network")

    options = job.dream_options()
    dreamer = open_dreamer(options)
    if towards is not None:
        dreamer.towards(towards, job.transfer_rate)
    if isinstance(dreamer, StyleDreamer):
        for line in words_told(dreamer.read, plan.aims):
            echo(line)
    recorded = recording_job(job, plan.fps, dreamer.size)
    work = dream_job(options, dreamer.size, towards, job.transfer_rate) if job.workers.used else None
    recording = begin_recording(recorded, film_facts(job, plan, dreamer.size), echo)
    made = _Making(job, plan, recording, dreamer, work, echo)
    stopped: KeyboardInterrupt | GeneratorExit | None = None
    try:
        yield from made.frames()
    except (KeyboardInterrupt, GeneratorExit) as end:
        stopped = end
    except (MediaError, WorkerError, DreamError, NetworkError) as error:
        made.abandon()
        raise to_go_on(error, recording) from error
    except RuntimeError as error:
        made.abandon()
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise to_go_on(DreamError(f"frame {recording.frames} cannot be dreamt: {reason}"), recording) from error
    except BaseException:
        made.abandon()
        raise
    try:
        path, notice = made.finish(stopped=stopped is not None)
    except LiveganError as error:
        recording.parts.close()
        raise to_go_on(error, recording) from error
    if notice:
        echo(notice)
    if isinstance(stopped, GeneratorExit):
        raise stopped
    yield DreamProgress(
        recording.frames, plan.clock.frames, 0.0, STOPPED if stopped else DONE, path=path if recording.frames else None
    )


@dataclass(slots=True, eq=False)
class _Making:
    """A film in the making."""

    job: FilmJob
    plan: FilmPlan
    recording: Recording
    dreamer: Dreamer
    work: Job | None  # of workers
    echo: Echo
    steps: KeptSteps = field(init=False)
    workers: Scheduler | None = None

    def __post_init__(self) -> None:
        self.steps = KeptSteps(self.recording.parts.folder)

    @property
    def check_in(self) -> Path:
        """Where the newest picture is meanwhile, beside the film."""
        return self.job.output.with_name(f"{self.job.output.stem.replace('%', '')}.check-in.png")

    def places(self, frame: int) -> tuple[int, int, float]:
        moment = self.plan.clock.moment(frame)
        return moment.segment, moment.iteration, moment.amount

    def frames(self) -> Progress:
        """Dream, draw and record every frame that is missing."""
        total, done = self.plan.clock.frames, self.recording.frames
        look = FilmLook(self.plan.clock, self.job)
        if memory := self.recording.parts.memory():
            look.restore(memory)
        with ExitStack() as opened, ThreadPoolExecutor(1, "livegan-film") as writer:  # encodes while frames are drawn
            if self.work is not None:
                work = self.work
                self.workers = opened.enter_context(open_workers(lambda count: work, self.job.workers, self.echo))
            ends = (yield from self._dreamt_alone()) if self.job.independent else []
            yield DreamProgress(done, total, None, DREAMING)
            waiting: deque[Future[Stretch | None]] = deque()
            pace = _Pace(total - done)
            for drawn in self.drawn(done, total, ends):
                pixels = look.finished(drawn)
                waiting.append(writer.submit(self._send, as_frame(drawn.frame, pixels, self.plan.fps)))
                done = drawn.frame + 1
                if done % self.recording.each == 0:
                    waiting.append(writer.submit(self._end_segment, drawn.stretch, look.memory()))
                while len(waiting) > FRAMES_WAITING:
                    self._written(waiting.popleft())
                picture = pixels if pace.is_picture_due() else None
                if picture is not None and pace.is_check_in_due():
                    write_png(self.check_in, picture, "-o")
                yield DreamProgress(done, total, pace.left_s(total - done), DREAMING, picture)
            for sent in waiting:
                self._written(sent)

    def drawn(self, done: int, total: int, ends: list[State]) -> Iterator[Drawn]:
        """The frames from `done` on; `ends`: of each segment, where they were dreamt alone."""
        memory = self.recording.parts.memory()
        segments, aims = self.plan.segments, self.plan.aims.of
        stretches: Iterator[Stretch]
        if self.job.independent:
            stretches = travels(segments, ends, self.places(done)[0] if done < total else len(segments))
        else:
            begun = stretch_of(memory) if memory else None
            stretches = dream_on(self.dreamer, segments, aims, self.job.feedback, self.steps, begun)
        shown = frames_of(stretches, self.places, done, total)
        if self.workers is not None:
            return draw_frames(self.workers, shown, self.places)
        return drawn_here(self.dreamer, shown, self.places)

    def _dreamt_alone(self) -> Generator[DreamProgress, None, list[State]]:
        """The state at the end of each segment, where none depends on another; yields after each."""
        segments, aims = self.plan.segments, self.plan.aims.of
        ends = {segment.number: self.steps.find(segment.number, 0) for segment in segments}
        missing = [segment for segment in segments if ends[segment.number] is None]
        wanted = ((segment, aims(segment)) for segment in missing)
        if self.workers is not None:
            dreamt = dream_segments(self.workers, wanted)
        else:
            fresh = self.dreamer.state()
            dreamt = ((segment, dream_alone(self.dreamer, fresh, segment, aims)) for segment, aims in wanted)
        pace, total = _Pace(len(missing)), len(segments)
        yield DreamProgress(total - len(missing), total, None, SEGMENTS)
        for left, (segment, end) in zip(reversed(range(len(missing))), dreamt, strict=True):
            self.steps.keep(segment.number, 0, end)
            ends[segment.number] = end
            yield DreamProgress(total - left, total, pace.left_s(left), SEGMENTS)
        return [end for end in ends.values() if end is not None]

    def _send(self, frame: Frame) -> None:
        self.recording.send(frame)

    def _end_segment(self, stretch: Stretch, look: Memory) -> Stretch:
        self.recording.end_segment(stretch.memory() | look)
        return stretch

    def _written(self, waiting: "Future[Stretch | None]") -> None:
        """Wait for a frame, or the end of a segment, after which the steps up to there are needed no more."""
        stretch = waiting.result()
        if stretch is not None and not self.job.independent:
            self.steps.forget(stretch.segment, stretch.iteration)

    def abandon(self) -> None:
        """Give up after an error: steps that are dreamt stay as well."""
        self.recording.abandon(worth_keeping=len(self.steps) > 0)

    def finish(self, *, stopped: bool) -> tuple[Path, str]:
        """Make the film of what was recorded; its path, and a notice."""
        with suppress(OSError):
            self.check_in.unlink(missing_ok=True)
        job = self.job
        if stopped and not self.recording.frames and len(self.steps):  # nothing to see yet, but dreamt already
            self.recording.parts.close()
            return job.output, f"What is dreamt stays in {self.recording.parts.folder}: type the same command to go on"
        until_s = inf if job.duration_s is None else job.start_s + job.duration_s
        return self.recording.finish(AudioTrack(job.song, job.start_s, job.audio, until_s), stopped=stopped)


class _Pace:
    """Time left, and when another picture is due."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._began_s = time.monotonic()
        self._picture_s, self._check_in_s = -inf, self._began_s

    def left_s(self, left: int) -> float | None:
        """Seconds left for so many frames; None as long as that cannot be told."""
        done = self._frames - left
        return (time.monotonic() - self._began_s) / done * left if done > 0 else None

    def is_picture_due(self) -> bool:
        now_s = time.monotonic()
        due = now_s - self._picture_s >= PICTURE_AGAIN_S
        self._picture_s = now_s if due else self._picture_s
        return due

    def is_check_in_due(self) -> bool:
        now_s = time.monotonic()
        due = now_s - self._check_in_s >= CHECK_IN_AGAIN_S
        self._check_in_s = now_s if due else self._check_in_s
        return due


NONE = np.zeros(0, np.float32)


def as_frame(number: int, pixels: Pixels, fps: Fraction) -> Frame:
    """A frame for recordings."""
    time_s = float(number / fps)
    return Frame(pixels, FramePlan(number, time_s, float(1 / fps), NONE, NONE), time_s, time_s)
