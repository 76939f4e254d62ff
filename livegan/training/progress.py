"""Progress of a training run: running means, and a progress bar with rich."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from livegan.core.progress import progress_log
from livegan.core.text import duration_text

SPEED_SMOOTHING_S = 30.0  # time constant of the speed that is shown [s]
SMOOTHING_PICTURES = 1000.0  # and of the statistics [pictures]


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit in which a run counts how far it is: `kimg` [thousands] is shown `scale` times as large."""

    name: str
    per_s: str  # name of its speed
    key: str  # in the log
    speed_key: str
    option: str  # that says when the run ends
    command: str  # that trains
    done: str  # what has been done with so many
    scale: int = 1
    smoothing: float = SMOOTHING_PICTURES  # time constant of the statistics [ones, not thousands]

    def value(self, kimg: float) -> float:
        """So many in this unit."""
        return kimg if self.scale == 1 else round(kimg * self.scale)

    def count(self, kimg: float, exact: bool = False) -> str:
        """So many in this unit, as text: rounded, or `exact`."""
        return (
            f"{kimg:g}" if exact and self.scale == 1 else kimg_text(kimg) if self.scale == 1 else f"{self.value(kimg)}"
        )

    def text(self, kimg: float, exact: bool = False) -> str:
        """As `count`, with the unit's name."""
        return f"{self.count(kimg, exact)} {self.name}"


class RunStats:
    """Running means of a run's speed and statistics, independent of batch size and machine."""

    def __init__(self, smoothing: float = SMOOTHING_PICTURES) -> None:
        self._smoothing = smoothing  # time constant of the statistics [pictures]
        self.pictures_per_s = 0.0
        self.numbers: dict[str, float] = {}
        self._sums: dict[str, tuple[float, int]] = {}  # the sum of each since the last tick, and how many

    def step(self, pictures: int, seconds: float, numbers: Mapping[str, float]) -> None:
        """Add a step of so many pictures and seconds with its statistics; those that are not finite do not count."""
        if seconds > 0:
            speed = pictures / seconds
            self.pictures_per_s = _running_mean(self.pictures_per_s or None, speed, seconds / SPEED_SMOOTHING_S)
        for name, value in numbers.items():
            if math.isfinite(value):
                self.numbers[name] = _running_mean(self.numbers.get(name), value, pictures / self._smoothing)
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + value, count + 1)
            else:
                self._sums.setdefault(name, (0.0, 0))

    def tick(self) -> dict[str, float | None]:
        """The mean of each statistic since the last call, to six digits; None if none was finite."""
        means = {name: float(f"{total / count:.6g}") if count else None for name, (total, count) in self._sums.items()}
        self._sums = {}
        return means

    def remaining_s(self, pictures: float) -> float | None:
        """How long so many pictures will take [s]; None while the speed is unknown."""
        return pictures / self.pictures_per_s if self.pictures_per_s > 0 else None


def _running_mean(before: float | None, value: float, passed: float) -> float:
    return value if before is None else value + (before - value) * math.exp(-passed)


def kimg_text(kimg: float) -> str:
    """`0.064`, `3.25`, `12.3`: three significant digits, one decimal from 10 on."""
    return f"{kimg:.3g}" if kimg < 10 else f"{kimg:.1f}"


PICTURES = Unit("kimg", "img/s", "kimg", "pictures_per_s", "--kimg", "livegan train", "shown")


def status_line(kimg: float, total: float, stats: RunStats, unit: Unit = PICTURES) -> str:
    """One line of progress: `12.3 of 300 kimg  50 img/s  1:35:54 left  loss_g 0.71  p 0.12`."""
    remaining = duration_text(stats.remaining_s(max(0.0, total - kimg) * 1000))
    numbers = "".join(f"  {name} {value:.3g}" for name, value in stats.numbers.items())
    speed = f"{stats.pictures_per_s:.3g} {unit.per_s}"
    return f"{unit.count(kimg)} of {unit.text(total, exact=True)}  {speed}  {remaining} left{numbers}"


class _Console(Console):
    """A console that raises BrokenPipeError, where rich would exit the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class ProgressBar:
    """Progress bar on standard error; a line per `tick` if that is no terminal; silent once writing fails."""

    def __init__(self, total: float, console: Console | None = None, unit: Unit = PICTURES) -> None:
        """`total` is in kimg."""
        self._console = console or _Console(stderr=True)
        columns = (BarColumn(30), TaskProgressColumn(), TextColumn("{task.fields[line]}"))
        self._progress = Progress(*columns, console=self._console, auto_refresh=False)
        self._task = self._progress.add_task("", total=total, line="")
        self._total, self._unit = total, unit
        self._silent = False  # the terminal was closed

    @property
    def live(self) -> bool:
        """Whether standard error is a terminal that can show a bar."""
        return self._console.is_terminal

    def show(self, kimg: float, stats: RunStats) -> None:
        """Redraw the bar; call it a few times a second at most."""
        if (log := progress_log()) is not None:
            done, total = self._unit.value(kimg), self._unit.value(self._total)
            log.add("training", done, total, self._unit.name, stats.remaining_s(max(0.0, self._total - kimg) * 1000))
        if self.live and not self._silent:
            with self._silenced_on_error():
                self._progress.start()
                line = status_line(kimg, self._total, stats, self._unit)
                self._progress.update(self._task, completed=kimg, line=line, refresh=True)

    def tick(self, kimg: float, stats: RunStats) -> None:
        """Print a status line, if standard error is a file or a pipe."""
        if not self.live and not self._silent:
            with self._silenced_on_error():
                self._console.print(status_line(kimg, self._total, stats, self._unit), highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Stop redrawing; the bar stays on the screen. Idempotent."""
        if self._progress.live.is_started:
            with suppress(OSError):
                self._progress.stop()

    @contextmanager
    def _silenced_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._silent = True
            self.close()
