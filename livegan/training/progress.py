"""What a run tells while it goes: a bar for people, a log for programs, curves for TensorBoard."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from livegan.core.text import duration_text
from livegan.errors import TrainingError

SMOOTH_S = 30.0  # time constant of the speed that is shown [s]
SMOOTH_PICTURES = 1000.0  # and of the numbers [pictures]

Scalars = Callable[[int, Mapping[str, float]], None]  # pictures shown so far, what was found


class Pace:
    """How fast a run is, and how its numbers stand: running means, whatever the batch and the machine."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.pictures_per_s = 0.0
        self.numbers: dict[str, float] = {}
        self._tick: dict[str, tuple[float, int]] = {}  # the sum of each number since the last tick, and how many

    def step(self, pictures: int, seconds: float, found: Mapping[str, float]) -> None:
        """So many pictures took so long and gave those numbers; numbers that are not finite do not count."""
        if seconds > 0:
            self.pictures_per_s = _running(self.pictures_per_s or None, pictures / seconds, seconds / SMOOTH_S)
        for name, value in found.items():
            if math.isfinite(value):
                self.numbers[name] = _running(self.numbers.get(name), value, pictures / SMOOTH_PICTURES)
                total, count = self._tick.get(name, (0.0, 0))
                self._tick[name] = (total + value, count + 1)
            else:
                self._tick.setdefault(name, (0.0, 0))

    def tick(self) -> dict[str, float | None]:
        """The mean of each number since the last call, to six digits; None where none was finite."""
        means = {name: float(f"{total / count:.6g}") if count else None for name, (total, count) in self._tick.items()}
        self._tick = {}
        return means

    def rest_s(self, pictures: float) -> float | None:
        """How long so many pictures will take [s]; None while nothing is known."""
        return pictures / self.pictures_per_s if self.pictures_per_s > 0 else None


def _running(before: float | None, value: float, passed: float) -> float:
    return value if before is None else value + (before - value) * math.exp(-passed)


def amount(kimg: float) -> str:
    """`0.064`, `3.25`, `12.3`: no more digits than anybody reads."""
    return f"{kimg:.3g}" if kimg < 10 else f"{kimg:.1f}"


def line(kimg: float, total: float, pace: Pace) -> str:
    """Where a run stands: `12.3 of 300 kimg  50 img/s  1:35:54 left  loss_g 0.71  p 0.12`."""
    rest = duration_text(pace.rest_s(max(0.0, total - kimg) * 1000))
    numbers = "".join(f"  {name} {value:.3g}" for name, value in pace.numbers.items())
    return f"{amount(kimg)} of {total:g} kimg  {pace.pictures_per_s:.3g} img/s  {rest} left{numbers}"


class _Console(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """An OSError as any other, where rich would end the programme."""
        raise BrokenPipeError


class Bar:
    """The bar on standard error; where that is no terminal, a line each `tick`; where nobody reads it, nothing."""

    def __init__(self, total: float, console: Console | None = None) -> None:
        """`total` kimg make the run."""
        self._console = console or _Console(stderr=True)
        columns = (BarColumn(30), TaskProgressColumn(), TextColumn("{task.fields[line]}"))
        self._progress = Progress(*columns, console=self._console, auto_refresh=False)
        self._task = self._progress.add_task("", total=total, line="")
        self._total = total
        self._silent = False  # the terminal was closed

    @property
    def live(self) -> bool:
        """Whether a bar can be drawn at all."""
        return self._console.is_terminal

    def show(self, kimg: float, pace: Pace) -> None:
        """Draw it anew; call it a few times a second at most."""
        if self.live and not self._silent:
            with self._ending_in_silence():
                self._progress.start()
                self._progress.update(self._task, completed=kimg, line=line(kimg, self._total, pace), refresh=True)

    def tick(self, kimg: float, pace: Pace) -> None:
        """A line for a file or a pipe."""
        if not self.live and not self._silent:
            with self._ending_in_silence():
                self._console.print(line(kimg, self._total, pace), highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Leave it as it stands."""
        if self._progress.live.is_started:
            with suppress(OSError):
                self._progress.stop()

    @contextmanager
    def _ending_in_silence(self) -> Iterator[None]:
        """Where nothing can be written any more, nothing is from then on."""
        try:
            yield
        except OSError:
            self._silent = True
            self.close()


class Log:
    """A file of JSON objects, one a line; lines beyond where a run goes on are dropped."""

    def __init__(self, path: Path, kimg: float) -> None:
        """Go on at `kimg`; TrainingError if the file cannot be written."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = [text for text in _lines(path) if _kimg(text) <= kimg] if kimg else []
            path.write_text("".join(f"{text}\n" for text in kept), encoding="utf-8")
        except OSError as error:
            raise TrainingError(
                f"{path} cannot be written ({error.strerror}); choose another folder with -o"
            ) from error

    def add(self, kimg: float, **values: Any) -> None:
        """One line; a disk that is full now does not end the run, its checkpoint says so."""
        text = json.dumps({"kimg": round(kimg, 3), **values}, ensure_ascii=False)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")
        except OSError:
            return


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def _kimg(text: str) -> float:
    """Where a line was written; infinity for one that was cut short."""
    try:
        return float(json.loads(text)["kimg"])
    except (ValueError, KeyError, TypeError):
        return math.inf


@contextmanager
def tensorboard(folder: Path) -> Iterator[Scalars]:
    """Curves for TensorBoard in `folder`; TrainingError where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError(
            "TensorBoard is not installed; type: pip install tensorboard (or leave --tensorboard out)"
        ) from error
    writer = SummaryWriter(str(folder))

    def add(shown: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, shown)

    try:
        yield add
    finally:
        writer.close()
