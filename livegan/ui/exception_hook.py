"""Exception hook for Qt callbacks: exceptions are counted and printed, and do not end the show."""

import sys
from types import TracebackType
from typing import Self

QUIET_S = 5.0  # between two exceptions printed on the terminal


class ExceptionHook:
    """``sys.excepthook`` while entered: counts exceptions that leave a Qt callback; without it PyQt ends the program.

    It catches nothing: Python calls it with exceptions that were not caught.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last = ""  # "ValueError: a frame is ..."
        self._printed_s = -QUIET_S
        self._before = sys.excepthook
        self.now_s = 0.0  # kept by the window, for the quiet between two lines

    def __enter__(self) -> Self:
        self._before = sys.excepthook
        sys.excepthook = self.note
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the hook that was there before."""
        sys.excepthook = self._before

    def note(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Count one exception; the first, and then at most one in `QUIET_S`, is printed with its traceback."""
        self.count += 1
        self.last = f"{kind.__name__}: {error}"
        if self.now_s - self._printed_s >= QUIET_S:
            self._printed_s = self.now_s
            self._before(kind, error, trace)
