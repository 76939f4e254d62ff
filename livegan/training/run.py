"""Training loop: steps until enough pictures are shown, with progress, log, snapshots, checkpoints and a clean stop."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from livegan.core.clock import Clock, WallClock
from livegan.core.text import quoted
from livegan.errors import TrainingError
from livegan.training.checkpoint import Checkpoint, Origins, save_checkpoint, write_settings
from livegan.training.discriminator import GROUP
from livegan.training.distributed import ProcessGroup
from livegan.training.log import RunLog
from livegan.training.options import CHECKPOINT_S
from livegan.training.progress import PICTURES, ProgressBar, RunStats, Unit
from livegan.training.run_folder import SNAPSHOTS, has_checkpoint
from livegan.training.settings import PRESETS, Settings
from livegan.training.snapshots import Measure, ModelCard, snapshot_name, snapshot_schedule, write_snapshot
from livegan.training.stopping import stop_signals
from livegan.training.tensorboard import ScalarWriter
from livegan.training.trainer import Trainer

LOG = "log.jsonl"
TICK_S = 10.0  # between two lines of the log
REDRAW_S = 0.25  # of the bar
SLOW_STEP_S = 0.5  # a step that takes longer may have to be abandoned
MAX_COPY_SHARE = 0.1  # of a slow step, for a copy of the state before it
MAX_BROKEN_STEPS = 50  # in a row with losses that are not finite
NO_MEMORY = ("out of memory", "can't allocate", "not enough memory", "cannot allocate memory")

MessageCallback = Callable[[str], None]  # shows a sentence to the user
State = dict[str, Any]  # of a trainer


class RunSettings(Protocol):
    """What a run asks of settings, whatever is trained."""

    @property
    def kimg(self) -> float:
        """When it ends [thousands of what its unit counts]."""
        ...

    @property
    def batch(self) -> int: ...

    @property
    def lr(self) -> float: ...

    @property
    def precision(self) -> str: ...


class RunFiles(Protocol):
    """Files of a run, of whatever is trained."""

    @property
    def folder(self) -> Path: ...

    @property
    def settings(self) -> RunSettings: ...

    @property
    def unit(self) -> Unit: ...

    def begin(self) -> None:
        """Write what people read about the run; TrainingError if it cannot be written."""
        ...

    def save(self, state: State, seconds: float) -> None:
        """Write the checkpoint, after so many seconds of training; TrainingError if it cannot be written."""
        ...

    def snapshot(self, trainer: Trainer, moment: float, seconds: float) -> tuple[Path, Mapping[str, float]]:
        """Write a snapshot: its path, and what was measured of it. TrainingError if it cannot be written."""
        ...

    def has_snapshot(self, moment: float) -> bool:
        """Whether all of the snapshot of that moment [kimg] is there."""
        ...


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run that do not change what it computes."""

    snapshots: Sequence[float] | None = None  # when [kimg], and the end; None: `snapshot_schedule`, empty: none at all
    checkpoint_s: float = CHECKPOINT_S
    seconds: float = 0.0  # trained before it was resumed
    origins: Origins = field(default_factory=Origins)
    measure: Measure | None = None  # asked of every snapshot
    scalars: ScalarWriter | None = None  # curves, beside the log
    last: bool = True  # training is the last work: it ends with how to train longer; else whoever goes on says it


@dataclass(frozen=True, slots=True)
class RunResult:
    """Result of a run."""

    kimg: float
    seconds: float  # before and after every stop
    stopped: bool  # before its end
    numbers: Mapping[str, float]  # the last running means


def run(
    trainer: Trainer,
    folder: Path,
    settings: Settings,
    card: ModelCard,
    options: RunOptions,
    process_group: ProcessGroup,
    notify: MessageCallback,
    clock: Clock | None = None,
) -> RunResult:
    """`run_steps` of a network that draws."""
    files = PictureFiles(folder, settings, card, options)
    return run_steps(trainer, files, options, process_group, notify, clock)


def run_steps(
    trainer: Trainer,
    files: RunFiles,
    options: RunOptions,
    process_group: ProcessGroup,
    notify: MessageCallback,
    clock: Clock | None = None,
) -> RunResult:
    """Train until `settings.kimg` are shown, or until SIGINT, SIGTERM or SIGHUP; the state is saved in both cases.

    TrainingError if memory runs out, if the losses stay broken, or if nothing can be written in the end.
    """
    clock = clock or WallClock()
    settings, folder = files.settings, files.folder
    planned = snapshot_schedule(settings.kimg) if options.snapshots is None else options.snapshots
    planned = (*planned, settings.kimg) if planned else ()
    moments = sorted({snapshot_name(moment): moment for moment in planned}.values())
    logger = None
    if process_group.is_main:
        logger = RunLogger(trainer, files, options, moments, notify, clock)
    total, broken, stopped = round(settings.kimg * 1000), 0, False
    begun_s = clock.now()
    abandon = logger.abandon if logger is not None and process_group.size == 1 else None
    try:
        with (
            enough_memory(settings, folder, process_group.size, files.unit),
            stop_signals(clock, abandon) as stop_requested,
        ):
            while trainer.shown < total and not stopped:
                before, start_s = trainer.shown, clock.now()
                if logger is not None:
                    logger.before_step()
                try:
                    numbers = trainer.step()
                except TrainingError as error:
                    if not stop_requested():
                        raise
                    if logger is not None:  # Ctrl-C has ended a compiler too
                        logger.notify("stopped in the middle of a step")
                    raise KeyboardInterrupt from error
                broken = broken + 1 if is_broken(numbers) else 0
                if broken >= MAX_BROKEN_STEPS:
                    raise TrainingError(_broken_text(files, broken))
                if logger is not None:
                    logger.after_step(trainer.shown - before, clock.now() - start_s, numbers, finite=not broken)
                requested = stop_requested()
                stopped = requested if process_group.size == 1 else process_group.mean([float(requested)])[0] > 0
            if logger is not None:
                logger.end(stopped and trainer.shown < total, broken)
    finally:
        if logger is not None:
            logger.bar.close()
    return RunResult(
        kimg=trainer.shown / 1000,
        seconds=options.seconds + clock.now() - begun_s,
        stopped=trainer.shown < total,
        numbers=dict(logger.stats.numbers) if logger is not None else {},
    )


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Files of the run of a network that draws."""

    folder: Path
    settings: Settings
    card: ModelCard
    options: RunOptions
    unit: Unit = PICTURES

    def begin(self) -> None:
        write_settings(self.folder, self.settings, self.options.origins)

    def save(self, state: State, seconds: float) -> None:
        save_checkpoint(self.folder, Checkpoint(self.settings, state, seconds, self.options.origins))

    def snapshot(self, trainer: Trainer, moment: float, seconds: float) -> tuple[Path, Mapping[str, float]]:
        average = trainer.average
        assert average is not None, "a run without a network to play has no snapshots"
        measured = dict(self.options.measure(average)) if self.options.measure is not None else {}
        folder = self.folder / SNAPSHOTS
        path = write_snapshot(average, folder, moment, self.settings, self.card, seconds, measured)
        return path.with_suffix(".safetensors"), measured

    def has_snapshot(self, moment: float) -> bool:
        return has_snapshot(self.folder, moment)


class RunLogger:
    """Logger of a run, on rank 0: bar, log, curves, snapshots, checkpoints."""

    def __init__(
        self,
        trainer: Trainer,
        files: RunFiles,
        options: RunOptions,
        moments: Sequence[float],
        notify: MessageCallback,
        clock: Clock,
    ) -> None:
        self.trainer, self.files, self.options = trainer, files, options
        self.folder, self.settings, self.unit = files.folder, files.settings, files.unit
        self._notify, self.clock = notify, clock
        files.begin()
        self.bar, self.stats = ProgressBar(self.settings.kimg, unit=self.unit), RunStats(self.unit.smoothing)
        self.log = RunLog(self.folder / LOG, self.unit.value(self.kimg), self.unit.key)
        self._moments = [moment for moment in moments if self.kimg < moment <= self.settings.kimg]
        if moments and self.kimg >= self.settings.kimg and not files.has_snapshot(moments[-1]):
            self._moments = [moments[-1]]  # it was stopped while that was written
        self._begun_s = self._drawn_s = self._ticked_s = self._saved_s = clock.now()
        self._begun_shown = self._shown_before = trainer.shown
        self._saved_shown = -1  # pictures shown when the last checkpoint was written
        self._finite = True  # no loss of the last step is broken
        self._in_step = self._ending = self._all_saved = False
        self._step_s = self._copy_s = 0.0  # how long the last step and the last copy took
        self._before_step: tuple[State, float] | None = None  # state and seconds in front of a slow step

    @property
    def kimg(self) -> float:
        """Pictures shown so far, in thousands."""
        return self.trainer.shown / 1000

    @property
    def seconds(self) -> float:
        """How long the run has trained, before and after every stop."""
        return self.options.seconds + self.clock.now() - self._begun_s

    def before_step(self) -> None:
        """Keep a copy of the state in memory if the step may have to be abandoned, unless copying takes too long."""
        if self._step_s > SLOW_STEP_S and self._finite and self._copy_s <= MAX_COPY_SHARE * self._step_s:
            start_s = self.clock.now()
            self._before_step = (self.trainer.state(), self.seconds)
            self._copy_s = self.clock.now() - start_s
        self._shown_before = self.trainer.shown
        self._in_step = True

    def after_step(self, pictures: int, seconds: float, numbers: Mapping[str, float], finite: bool) -> None:
        """Update what is shown, and save what is due; `finite`: no loss is broken, so the state may be saved."""
        self._in_step, self._step_s, self._finite = False, seconds, finite
        self._before_step = None
        self.stats.step(pictures, seconds, numbers)
        now_s = self.clock.now()
        if now_s - self._drawn_s >= REDRAW_S:
            self._drawn_s = now_s
            self.bar.show(self.kimg, self.stats)
        if now_s - self._ticked_s >= TICK_S:
            self._ticked_s = now_s
            self.tick()
        if self._moments and self.kimg >= self._moments[0] and finite and self.kimg < self.settings.kimg:
            while self._moments and self.kimg >= self._moments[0]:
                moment = self._moments.pop(0)
            try:
                self.snapshot(moment)
            except TrainingError as error:
                self.notify(f"{error}; training goes on")
        if now_s - self._saved_s >= self.options.checkpoint_s and finite:
            try:
                self.save()
            except TrainingError as error:  # the disk may have room again by then
                self.notify(f"{error}; training goes on, and tries again in {self.options.checkpoint_s:.0f} s")
            self._saved_s = self.clock.now()

    def tick(self) -> None:
        """Append the means since the last tick to log and curves; print them if there is no bar."""
        means = self.stats.tick()
        if not means:
            return
        speed = round(self.stats.pictures_per_s, 2)
        self.log.add(
            self.unit.value(self.kimg), seconds=round(self.seconds, 1), **{self.unit.speed_key: speed}, **means
        )
        self.bar.tick(self.kimg, self.stats)
        if self.options.scalars is not None:
            numbers = {name: value for name, value in means.items() if value is not None}
            self.options.scalars(self.trainer.shown, numbers | {self.unit.speed_key: speed})

    def snapshot(self, moment: float) -> None:
        """Write a snapshot under the name of the moment [kimg] that it was planned for.

        TrainingError if it cannot be written.
        """
        path, measured = self.files.snapshot(self.trainer, moment, self.seconds)
        self.log.add(self.unit.value(self.kimg), snapshot=path.stem, **measured)
        if self.options.scalars is not None and measured:
            self.options.scalars(self.trainer.shown, measured)
        measures = "".join(f", {name} {value:.4g}" for name, value in measured.items())
        self.notify(f"{path}: {self.unit.text(self.kimg)}{measures}")

    def save(self) -> None:
        """Write the checkpoint, unless the last one is of the same step."""
        if self._saved_shown != self.trainer.shown:
            self.files.save(self.trainer.state(), self.seconds)
            self._saved_shown = self.trainer.shown

    def abandon(self) -> bool:
        """Save the state before the step that does not end; called in another thread. False: wait for the end."""
        if self._all_saved:
            self.notify(f"{self.folder}: all is trained, the last network is not written; for it, type: {self._resume}")
            return True
        in_step, kept = self._in_step, self._before_step
        unsaved = self._shown_before not in (self._begun_shown, self._saved_shown)
        if self._ending or (in_step and kept is None and unsaved):
            return False
        if not in_step and self._finite and self._saved_shown != self.trainer.shown:
            kept = (self.trainer.state(), self.seconds)
        try:
            if kept is not None:
                self.files.save(*kept)
        except TrainingError as error:
            self.notify(str(error))
        self.bar.close()
        if has_checkpoint(self.folder):
            self.notify(f"stopped in the middle of a step; to go on, type: {self._resume}")
        else:
            self.notify(f"stopped before the first step ended; nothing is saved in {self.folder}")
        return True

    def notify(self, sentence: str) -> None:
        """Show a sentence; a closed terminal does not end the run."""
        with suppress(OSError):
            self._notify(sentence)

    def end(self, stopped: bool, broken: int) -> None:
        """Save what is not saved, the checkpoint first, and say how to resume; `broken`: so many last steps are.

        TrainingError if they are and there is no checkpoint, or if the last snapshot cannot be written.
        """
        self._ending = True
        if not broken:
            self.save()
        self.tick()
        self.bar.show(self.kimg, self.stats)
        self.bar.close()
        if broken:
            sentence = _broken_text(self.files, broken)
            if not has_checkpoint(self.folder):
                raise TrainingError(sentence)
            saved = self._begun_shown if self._saved_shown < 0 else self._saved_shown
            self.notify(f"{self.folder}: {self.unit.text(saved / 1000)} are kept; {sentence}")
            return
        if stopped:
            until = self.unit.text(self.settings.kimg, exact=True)
            self.notify(f"stopped at {self.unit.count(self.kimg)} of {until}; to go on, type: {self._resume}")
            return
        if self._moments:
            self._all_saved = True
            try:
                self.snapshot(self._moments[-1])
            except TrainingError as error:
                raise TrainingError(f"{error}; then type: {self._resume}") from error
            self._moments, self._all_saved = [], False
        if self.options.last:
            paired = self.options.origins.paired
            self.notify(shown_text(self.folder, self.kimg, self.settings.kimg, self.unit, longer=not paired))

    @property
    def _resume(self) -> str:
        return resume_command(self.folder, self.unit)


def has_snapshot(folder: Path, moment: float) -> bool:
    """Whether the snapshot of that moment [kimg] of the run in `folder` is there with its card, which comes last."""
    return (folder / SNAPSHOTS / f"{snapshot_name(moment)}.md").is_file()


def resume_command(folder: Path, unit: Unit = PICTURES) -> str:
    """The command that resumes the run in `folder`."""
    return f"{unit.command} --resume {quoted(folder)}"


def shown_text(folder: Path, kimg: float, end: float, unit: Unit = PICTURES, longer: bool = True) -> str:
    """How much a run that ends has shown, and, if `longer`, what to type to train beyond its `end` [kimg].

    A paired run is not trained longer: with a later end it would go back to smaller pictures.
    """
    twice = unit.count(2 * end, exact=True)
    more = f"; to train longer, type: {resume_command(folder, unit)} {unit.option} {twice}" if longer else ""
    return f"{folder}: {unit.text(kimg)} are {unit.done}{more}"


def behind_text(folder: Path, shown: int, end: int, unit: Unit) -> str:
    """What to type when a run that is not finished is resumed with an end that it has passed."""
    return (
        f"{folder}: {shown} of {end} {unit.name} are {unit.done} already, more than {unit.option}; "
        f"to go on to its own end, type: {resume_command(folder, unit)}"
    )


def is_broken(numbers: Mapping[str, float]) -> bool:
    """Whether a loss of a step is not finite."""
    return any(name.startswith("loss") and not math.isfinite(value) for name, value in numbers.items())


def _broken_text(files: RunFiles, steps: int) -> str:
    settings, folder = files.settings, files.folder
    command = resume_command(folder, files.unit) if has_checkpoint(folder) else "the same with"
    precision = " --precision f32" if settings.precision != "f32" else ""
    return (
        f"the losses have not been finite for {steps} step{'s' if steps > 1 else ''}, so nothing is learnt any more; "
        f"go on from before with a lower learning rate, type: {command} --lr {settings.lr / 2:g}{precision}"
    )


@contextmanager
def enough_memory(settings: RunSettings, folder: Path, processes: int = 1, unit: Unit = PICTURES) -> Iterator[None]:
    """Context manager that converts running out of memory into a TrainingError that suggests a smaller batch."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if isinstance(error, RuntimeError) and not any(sign in str(error).lower() for sign in NO_MEMORY):
            raise
        raise TrainingError(_no_memory(settings, folder, processes, unit)) from error


def _no_memory(settings: RunSettings, folder: Path, processes: int, unit: Unit) -> str:
    size = f"{settings.side} px and " if isinstance(settings, Settings) else ""
    reason = f"there is not enough memory for {size}--batch {settings.batch}"
    half = _half(settings.batch, processes)
    if not half:
        smaller = (
            []
            if not isinstance(settings, Settings)
            else [
                preset for preset in PRESETS.values() if preset.side < settings.side and preset.const == settings.const
            ]
        )
        named = [preset.preset for preset in sorted(smaller, key=lambda preset: preset.side)]
        hint = f", or begin a run of smaller pictures: --preset {named[-1]}" if named else ""
        return f"{reason}; close other programs{hint}"
    resume = f"{resume_command(folder, unit)} " if has_checkpoint(folder) else ""
    return f"{reason}; {'type: ' if resume else 'type the same with: '}{resume}--batch {half}"


def _half(batch: int, processes: int) -> int:
    """The largest batch up to half of `batch` that is `shareable`; 0 if there is none."""
    return next((count for count in range(batch // 2, 1, -1) if shareable(count, processes)), 0)


def shareable(batch: int, processes: int) -> bool:
    """Whether so many processes can share a batch evenly, each in whole groups (minibatch standard deviation)."""
    share, over = divmod(batch, processes)
    return not over and share % math.gcd(batch, GROUP) == 0
