"""Progress bars on standard error, with a count and the time left."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from livegan.core.text import printable

ProgressCallback = Callable[[int], None]  # called with how many are done


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
