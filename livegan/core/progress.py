"""Progress bars on standard error, with a count and the time left; as JSON lines too, for a program that started this.

Where the environment variable LIVEGAN_PROGRESS names a file, every bar appends lines to it, a few a second:
{"what", "done", "total" (null: unknown), "unit", "left_s" (null: unknown), "picture" (null; a JPEG of now)}.
"""

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from livegan.core.files import atomic_path
from livegan.core.text import printable

if TYPE_CHECKING:
    from livegan.core.types import Pixels

ProgressCallback = Callable[[int], None]  # called with how many are done

VARIABLE = "LIVEGAN_PROGRESS"
LINE_AGAIN_S = 0.2  # between two lines
PICTURE_AGAIN_S = 1.0  # between two pictures
PICTURE_PX = 640  # longest side


class ProgressLog:
    """JSON lines of progress in one file. A full disk ends the lines, not the work."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path, self._now = path, now
        self._line_s = self._picture_s = -1e9
        self._what = ""
        self._picture: str | None = None

    def add(
        self, what: str, done: float, total: float | None, unit: str, left_s: float | None, *, last: bool = False
    ) -> None:
        """Append a line; nothing if the one before is too new, unless it is the `last` or of something else."""
        now_s = self._now()
        if not last and what == self._what and now_s - self._line_s < LINE_AGAIN_S:
            return
        self._line_s, self._what = now_s, what
        fields = {
            "what": printable(what),
            "done": done,
            "total": total,
            "unit": unit,
            "left_s": None if left_s is None else round(left_s, 1),
            "picture": self._picture,
        }
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")

    def show(self, picture: Callable[[], "Pixels"]) -> None:
        """Write a picture of the work now beside the file, for the lines to come, unless the last one is too new."""
        now_s = self._now()
        if now_s - self._picture_s < PICTURE_AGAIN_S:
            return
        self._picture_s = now_s
        from PIL import Image  # imported on first use: core needs only numpy

        path = self._path.with_suffix(".jpg")
        with suppress(OSError):
            image = Image.fromarray(picture()).convert("RGB")
            image.thumbnail((PICTURE_PX, PICTURE_PX))
            with atomic_path(path, durable=False) as aside:
                image.save(aside, "JPEG", quality=85)
            self._picture = str(path)


@cache
def _log_in(path: str) -> ProgressLog:
    return ProgressLog(Path(path))


def progress_log() -> ProgressLog | None:
    """The log that whoever started this program asks for; None if nobody does."""
    path = os.environ.get(VARIABLE, "")
    return _log_in(path) if path else None


def show_picture(picture: Callable[[], "Pixels"]) -> None:
    """Show the work as it is now, uint8 (height, width, 3 or 4), to whoever watches; called at most once a second."""
    if (log := progress_log()) is not None:
        log.show(picture)


class LenientStderr(io.TextIOBase):
    """Standard error for progress bars: a terminal that was closed or a full disk ends the bar, not the work."""

    def __init__(self) -> None:
        """The stream of now: while a bar is shown, rich puts one of its own in the place of sys.stderr."""
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding


@contextmanager
def progress_bar(what: str, total: int | None, unit: str) -> Iterator[ProgressCallback]:
    """A bar on standard error; call what it yields with how many of `total` are done. None: the total is unknown.

    A total that was too small, of a song that dies away after its last note say, grows with what is done.
    """
    from rich.console import Console  # imported on first use: core needs only numpy
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(printable(what), markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(file=LenientStderr())) as bar:  # type: ignore[arg-type]
        task, log, reached = bar.add_task(what, total=total), progress_log(), 0

        def report(done: int) -> None:
            nonlocal reached, total
            reached, total = done, total if total is None else max(total, done)
            bar.update(task, completed=done, total=total)
            if log is not None:
                log.add(what, done, total, unit, bar.tasks[0].time_remaining)

        try:
            report(0)
            yield report
        finally:
            if log is not None:
                log.add(what, reached, total, unit, bar.tasks[0].time_remaining, last=True)
