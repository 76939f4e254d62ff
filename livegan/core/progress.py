"""Progress bars on standard error, with a count and the time left."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from livegan.core.text import printable

ProgressCallback = Callable[[int], None]  # called with how many are done


class LenientStderr(io.TextIOBase):
    """Standard error for progress bars: a terminal that was closed or a full disk ends the bar, not the work."""

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()

    def fileno(self) -> int:
        return sys.stderr.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return sys.stderr.encoding


@contextmanager
def progress_bar(what: str, total: int | None, unit: str) -> Iterator[ProgressCallback]:
    """A bar on standard error; call what it yields with how many of `total` are done. None: the total is unknown."""
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
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
