"""The run: steps until there are enough, with a bar, a log, snapshots, checkpoints, and an end that loses nothing."""

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from livegan.core.clock import Clock, WallClock
from livegan.core.signals import handle_ending_signals
from livegan.core.text import quoted
from livegan.errors import TrainingError
from livegan.training.checkpoint import Checkpoint, Origins, has_checkpoint, save_checkpoint, write_settings
from livegan.training.discriminator import GROUP
from livegan.training.distributed import World
from livegan.training.progress import Bar, Log, Pace, Scalars, amount
from livegan.training.settings import PRESETS, Settings
from livegan.training.snapshots import Card, Measure, name_of, schedule, take
from livegan.training.trainer import Method

SNAPSHOTS = "snapshots"
LOG = "log.jsonl"
TICK_S = 10.0  # between two lines of the log
DRAWN_S = 0.25  # between two pictures of the bar
CHECKPOINT_S = 120.0
MOST_BROKEN = 50  # steps in a row whose losses are not finite
SAME_PRESS_S = 2.0  # signals closer together are one: torchrun passes on what the terminal has sent already
NO_MEMORY = ("out of memory", "can't allocate", "not enough memory", "cannot allocate memory")

Tell = Callable[[str], None]  # a sentence for whoever trains


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a run besides its settings."""

    snapshots: Sequence[float] | None = None  # when [kimg], besides the end; None: `schedule`, empty: none
    checkpoint_s: float = CHECKPOINT_S
    seconds: float = 0.0  # trained before, when it goes on
    origins: Origins = field(default_factory=Origins)
    measure: Measure | None = None  # asked of every snapshot
    scalars: Scalars | None = None  # curves, beside the log


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run."""

    kimg: float
    seconds: float  # before and after every stop
    stopped: bool  # before its end
    numbers: Mapping[str, float]  # the last running means


def run(
    method: Method,
    folder: Path,
    settings: Settings,
    card: Card,
    order: Order,
    world: World,
    tell: Tell,
    clock: Clock | None = None,
) -> Outcome:
    """Train until `settings.kimg` are shown, or until Ctrl-C, SIGTERM or SIGHUP; what it has is kept either way.

    TrainingError where memory ends, where the losses stay broken, and where nothing can be written in the end.
    """
    clock = clock or WallClock()
    wanted = schedule(settings.kimg) if order.snapshots is None else order.snapshots
    wanted = (*wanted, settings.kimg) if wanted else ()
    moments = sorted({name_of(moment): moment for moment in wanted}.values())
    window_events = _Desk(method, folder, settings, card, order, moments, tell, clock) if world.rank == 0 else None
    total, broken, stopped = round(settings.kimg * 1000), 0, False
    begun_s = clock.now()
    try:
        with enough_memory(settings, folder, world.size), _signals(clock) as pressed:
            while method.shown < total and not stopped:
                before, start_s = method.shown, clock.now()
                try:
                    found = method.step()
                except TrainingError as error:
                    if not pressed():
                        raise
                    if window_events is not None:  # Ctrl-C has ended a compiler too
                        window_events.tell("stopped in the middle of a step")
                    raise KeyboardInterrupt from error
                broken = broken + 1 if is_broken(found) else 0
                if broken >= MOST_BROKEN:
                    raise TrainingError(_broken(settings, folder, broken))
                if window_events is not None:
                    window_events.step(method.shown - before, clock.now() - start_s, found, whole=not broken)
                stopped = pressed() if world.size == 1 else world.mean([float(pressed())])[0] > 0
            if window_events is not None:
                window_events.end(stopped and method.shown < total, broken)
    finally:
        if window_events is not None:
            window_events.bar.close()
    return Outcome(
        kimg=method.shown / 1000,
        seconds=order.seconds + clock.now() - begun_s,
        stopped=method.shown < total,
        numbers=dict(window_events.pace.numbers) if window_events is not None else {},
    )


class _Desk:
    """All that one process writes while the run goes."""

    def __init__(
        self,
        method: Method,
        folder: Path,
        settings: Settings,
        card: Card,
        order: Order,
        moments: Sequence[float],
        tell: Tell,
        clock: Clock,
    ) -> None:
        self.method, self.folder, self.settings, self.card, self.order = method, folder, settings, card, order
        self._tell, self.clock = tell, clock
        write_settings(folder, settings, order.origins)
        self.bar, self.pace = Bar(settings.kimg), Pace()
        self.log = Log(folder / LOG, self.kimg)
        self._moments = [moment for moment in moments if self.kimg < moment <= settings.kimg]
        self._begun_s = self._drawn_s = self._ticked_s = self._kept_s = clock.now()
        self._begun = method.shown
        self._kept = -1  # pictures shown when the last checkpoint was written

    @property
    def kimg(self) -> float:
        """Where the run stands."""
        return self.method.shown / 1000

    @property
    def seconds(self) -> float:
        """How long it has trained, before and after every stop."""
        return self.order.seconds + self.clock.now() - self._begun_s

    def step(self, pictures: int, seconds: float, found: Mapping[str, float], whole: bool) -> None:
        """After every step; `whole`: nothing in it is broken, it may be kept."""
        self.pace.step(pictures, seconds, found)
        now_s = self.clock.now()
        if now_s - self._drawn_s >= DRAWN_S:
            self._drawn_s = now_s
            self.bar.show(self.kimg, self.pace)
        if now_s - self._ticked_s >= TICK_S:
            self._ticked_s = now_s
            self.tick()
        if self._moments and self.kimg >= self._moments[0] and whole:
            while self._moments and self.kimg >= self._moments[0]:
                moment = self._moments.pop(0)
            self.snapshot(moment)
        if now_s - self._kept_s >= self.order.checkpoint_s and whole:
            try:
                self.keep()
            except TrainingError as error:  # the disk may have room again by then
                self.tell(f"{error}; training goes on, and tries again in {self.order.checkpoint_s:.0f} s")
            self._kept_s = self.clock.now()

    def tick(self) -> None:
        """A line for the log, a line where there is no bar, a point on the curves."""
        means = self.pace.tick()
        if not means:
            return
        speed = round(self.pace.pictures_per_s, 2)
        self.log.add(self.kimg, seconds=round(self.seconds, 1), pictures_per_s=speed, **means)
        self.bar.tick(self.kimg, self.pace)
        if self.order.scalars is not None:
            numbers = {name: value for name, value in means.items() if value is not None}
            self.order.scalars(self.method.shown, numbers | {"pictures_per_s": speed})

    def snapshot(self, moment: float) -> None:
        """Keep the network as it is, under the name of the moment it was wanted for."""
        measured = dict(self.order.measure(self.method.average)) if self.order.measure is not None else {}
        try:
            take(
                self.method.average,
                self.folder / SNAPSHOTS,
                moment,
                self.settings,
                self.card,
                self.seconds,
                measured,
            )
        except TrainingError as error:
            self.tell(f"{error}; training goes on")
            return
        self.log.add(self.kimg, snapshot=name_of(moment), **measured)
        if self.order.scalars is not None and measured:
            self.order.scalars(self.method.shown, measured)
        found = "".join(f", {name} {value:.4g}" for name, value in measured.items())
        self.tell(f"{self.folder / SNAPSHOTS / name_of(moment)}.safetensors: {amount(self.kimg)} kimg{found}")

    def keep(self) -> None:
        """Write the checkpoint, unless it is there."""
        if self._kept != self.method.shown:
            save_checkpoint(
                self.folder, Checkpoint(self.settings, self.method.state(), self.seconds, self.order.origins)
            )
            self._kept = self.method.shown

    def tell(self, sentence: str) -> None:
        """Say something; that nobody is there to hear it does not end the run."""
        with suppress(OSError):
            self._tell(sentence)

    def end(self, stopped: bool, broken: int) -> None:
        """Write what is left to write, the checkpoint first, and say how to go on; `broken`: so many last steps are.

        TrainingError where they are and nothing is kept.
        """
        if not broken:
            self.keep()
        self.tick()
        self.bar.show(self.kimg, self.pace)
        self.bar.close()
        if broken:
            sentence = _broken(self.settings, self.folder, broken)
            if not has_checkpoint(self.folder):
                raise TrainingError(sentence)
            kept = self._begun if self._kept < 0 else self._kept
            self.tell(f"{self.folder}: {amount(kept / 1000)} kimg are kept; {sentence}")
            return
        resume = f"livegan train --resume {quoted(self.folder)}"
        if stopped:
            self.tell(f"stopped at {amount(self.kimg)} of {self.settings.kimg:g} kimg; to go on, type: {resume}")
            return
        more = f"; to train longer, type: {resume} --kimg {2 * self.settings.kimg:g}"
        if self.order.origins.paired:  # with more before it, it would go back to smaller pictures
            more = ""
        self.tell(f"{self.folder}: {amount(self.kimg)} kimg are shown{more}")


def is_broken(found: Mapping[str, float]) -> bool:
    """Whether a loss of a step is not finite."""
    return any(name.startswith("loss") and not math.isfinite(value) for name, value in found.items())


def _broken(settings: Settings, folder: Path, steps: int) -> str:
    command = f"livegan train --resume {quoted(folder)}" if has_checkpoint(folder) else "the same with"
    precision = " --precision f32" if settings.precision != "f32" else ""
    return (
        f"the losses have not been finite for {steps} step{'s' if steps > 1 else ''}, so nothing is learnt any more; "
        f"go on from before with a lower learning rate, type: {command} --lr {settings.lr / 2:g}{precision}"
    )


@contextmanager
def enough_memory(settings: Settings, folder: Path, processes: int = 1) -> Iterator[None]:
    """Where memory ends inside, say what to type: a TrainingError with half the batch."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if isinstance(error, RuntimeError) and not any(sign in str(error).lower() for sign in NO_MEMORY):
            raise
        raise TrainingError(_no_memory(settings, folder, processes)) from error


def _no_memory(settings: Settings, folder: Path, processes: int) -> str:
    said = f"there is not enough memory for {settings.side} px and --batch {settings.batch}"
    half = _half(settings.batch, processes)
    if not half:
        smaller = [preset for preset in PRESETS.values() if preset.side < settings.side]
        named = [preset.preset for preset in sorted(smaller, key=lambda preset: preset.side)]
        hint = f", or begin a run of smaller pictures: --preset {named[-1]}" if named else ""
        return f"{said}; close other programs{hint}"
    resume = f"livegan train --resume {quoted(folder)} " if has_checkpoint(folder) else ""
    return f"{said}; {'type: ' if resume else 'type the same with: '}{resume}--batch {half}"


def _half(batch: int, processes: int) -> int:
    """The largest batch up to half of it that so many can share, each in whole groups of pictures; 0 for none."""
    return next((count for count in range(batch // 2, 1, -1) if shareable(count, processes)), 0)


def shareable(batch: int, processes: int) -> bool:
    """Whether so many processes can share a batch evenly, each in whole groups of pictures."""
    share, over = divmod(batch, processes)
    return not over and share % math.gcd(batch, GROUP) == 0


@contextmanager
def _signals(clock: Clock) -> Iterator[Callable[[], bool]]:
    """Whether a signal has asked the run to end: Ctrl-C, SIGTERM, SIGHUP. A second one, later, does not wait."""
    first_s: list[float] = []

    def pressed(number: int, at: FrameType | None) -> None:
        if first_s and clock.now() - first_s[0] > SAME_PRESS_S:
            raise KeyboardInterrupt
        first_s.append(clock.now())

    if threading.current_thread() is not threading.main_thread():  # only that one hears signals
        yield lambda: False
        return
    with handle_ending_signals(pressed):
        yield lambda: bool(first_s)
