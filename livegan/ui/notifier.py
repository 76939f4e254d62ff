"""Main thread notifier: any thread wakes Qt's event loop; many notifications before it answers become one call."""

from collections.abc import Callable

from PyQt5.QtCore import QCoreApplication, QEvent, QObject


class MainThreadNotifier(QObject):
    """Notifier: `notify` on any thread runs `callback` on the main one, e.g. ``frames.subscribe(notifier.notify)``."""

    def __init__(self, callback: Callable[[], object]) -> None:
        """Made on the main thread."""
        super().__init__()
        self._callback: Callable[[], object] | None = callback
        self._posted = False

    def notify(self) -> None:
        """Wake the main thread. Any thread; returns at once; at most one event waits."""
        if not self._posted and self._callback is not None:
            self._posted = True
            QCoreApplication.postEvent(self, QEvent(QEvent.Type(QEvent.Type.User)))

    def event(self, event: QEvent | None) -> bool:
        """Qt's handler, on the main thread."""
        if event is None or event.type() != QEvent.Type.User:
            return super().event(event)
        self._posted = False  # before the call: what comes from now on notifies again
        callback = self._callback
        if callback is not None:
            callback()
        return True

    def disconnect(self) -> None:
        """Call the callback no more; `notify` stays harmless."""
        self._callback = None
