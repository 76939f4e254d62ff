"""A bell any thread may ring to wake the window; rung many times before it is heard, it is heard once."""

from collections.abc import Callable

from PyQt5.QtCore import QCoreApplication, QEvent, QObject


class MainThreadNotifier(QObject):
    """Set ``frames.bell = bell.ring``; `answer` is called on the main thread."""

    def __init__(self, answer: Callable[[], None]) -> None:
        """Made on the main thread."""
        super().__init__()
        self._answer: Callable[[], None] | None = answer
        self._rung = False

    def ring(self) -> None:
        """Wake the main thread. Any thread; returns at once; at most one ring waits."""
        if not self._rung and self._answer is not None:
            self._rung = True
            QCoreApplication.postEvent(self, QEvent(QEvent.Type(QEvent.Type.User)))

    def event(self, event: QEvent | None) -> bool:
        """Qt hands the ring over here."""
        if event is None or event.type() != QEvent.Type.User:
            return super().event(event)
        self._rung = False  # before answering: what comes from now on rings again
        if self._answer is not None:
            self._answer()
        return True

    def silence(self) -> None:
        """Answer no more; ringing stays harmless."""
        self._answer = None
