"""What goes wrong inside Qt's callbacks: counted and told, never the end of the show."""

import sys
from types import TracebackType
from typing import Self

QUIET_S = 5.0  # one line on the terminal in so many seconds


class ExceptionHook:
    """While entered, an exception that leaves a callback of the window is counted here; Qt would end the program.

    Nothing is caught: Python hands over what nobody caught (``sys.excepthook``).
    """

    def __init__(self) -> None:
        """None yet."""
        self.count = 0
        self.last = ""  # "ValueError: a frame is ..."
        self._told_s = -QUIET_S
        self._before = sys.excepthook
        self.now_s = 0.0  # kept by the window, for the quiet between two lines

    def __enter__(self) -> Self:
        """Begin to count."""
        self._before = sys.excepthook
        sys.excepthook = self.note
        return self

    def __exit__(self, *_: object) -> None:
        """Give the hook back."""
        sys.excepthook = self._before

    def note(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Count one; the first, and then one in five seconds, is printed with its trace."""
        self.count += 1
        self.last = f"{kind.__name__}: {error}"
        if self.now_s - self._told_s >= QUIET_S:
            self._told_s = self.now_s
            self._before(kind, error, trace)
