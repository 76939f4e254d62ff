"""Window session: one window, the subscriptions that wake it, and Qt's event loop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import Protocol

from PyQt5.QtCore import QRect, QTimer
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QApplication

from livegan.config.venue import WindowTable
from livegan.core.channels import Signal
from livegan.core.signals import Interrupt, handle_ending_signals
from livegan.core.types import ControlEvent
from livegan.errors import DisplayError
from livegan.ui.display import find_screen
from livegan.ui.exception_hook import ExceptionHook
from livegan.ui.feed import ExtraWindow, ShowFeed, WindowExtras
from livegan.ui.map_mode import MapMode
from livegan.ui.notifier import MainThreadNotifier
from livegan.ui.output_window import OutputPicture, OutputWindow
from livegan.ui.panel.host import PanelHost
from livegan.ui.panel.placing import arrange, beside
from livegan.ui.picture_choice import PictureChoice
from livegan.ui.stats import WindowStats
from livegan.ui.view import ShowView
from livegan.ui.window import ShowWindow

ALIVE_MS = 500
NOTICE_S = 10.0  # how long it is said that a screen is not there
Place = tuple[int, int, int, int]  # of the window: x, y, width, height [px]


class WindowSession:
    """A window from its opening to its end; main thread only.

    Signals: `ready` (the first picture stands, idle or not), `shown` (each new frame, and when its buffers were
    swapped), `closed`.
    """

    def __init__(
        self,
        feed: ShowFeed,
        table: WindowTable,
        extras: WindowExtras,
        hook: ExceptionHook,
        began_s: float,
    ) -> None:
        """Durations until the first picture count from `began_s`. Nothing is shown before `run`."""
        self._feed, self._extras, self._hook, self._began_s = feed, extras, hook, began_s
        self.stats = WindowStats()
        self._view = ShowView(feed, table, extras, self.stats, hook, began_s)
        screens, main, output = QGuiApplication.screens(), QGuiApplication.primaryScreen(), find_screen(table.screen)
        arranged = arrange(
            len(screens), screens.index(main) if main else 0, table, screens.index(output) if table.screen else None
        )
        table = table.model_copy(update={"fullscreen": arranged.fullscreen})
        self._window = ShowWindow(self._view, feed, table, extras.title, screens[arranged.output], extras.keys)
        self.ready, self.shown = self._view.ready, self._view.shown
        room = screens[arranged.panel].availableGeometry()
        areas = beside((room.x(), room.y(), room.width(), room.height()), table.size)
        if arranged.side_by_side:
            self._window.setGeometry(QRect(*areas[1]))
        shared = arranged.output == arranged.panel
        place = screens[arranged.panel], areas[0] if shared else None
        self.panel = PanelHost(feed, extras, self._view.hud_data, self._window, *place)
        self._opens_panel = arranged.opens
        self._window.panel_asked.subscribe(self.panel.toggle)
        self._window.closing.subscribe(self.panel.close)
        self.shown.subscribe(self.panel.after_frame)
        self._mapping = MapMode(extras.save_maps, self._view.hint, self._map_mode_changed)
        self._mapping.add(self._window)
        self._window.map_asked.subscribe(self._mapping.toggle)
        self._window.closing.subscribe(self._mapping.end)
        self.outputs = [self._output(number, each, extras) for number, each in enumerate(extras.windows, 1)]
        self.closed: Signal[[]] = Signal()

    def run(self, duration_s: float | None = None, alive: Callable[[Place], None] = lambda place: None) -> None:
        """Show every new frame until the window is closed, Esc Esc, Ctrl-C, or `duration_s` is over.

        `alive` is called twice a second with the window's place, while this thread is not held up.
        """
        with ExitStack() as stack:
            stack.callback(self.closed.emit)
            stack.enter_context(_ctrl_c(self._window.close))
            self._window.show()
            for output in self.outputs:
                output.show()
                if output.notice:
                    self._view.hint(output.notice, NOTICE_S)
            self._window.activateWindow()
            if self._opens_panel:
                self.panel.open()
            for output, extra in zip(self.outputs, self._extras.windows, strict=True):
                if extra.frames is not None:
                    stack.enter_context(_wakes(extra.frames, output.refresh))
            for channel, update in (
                (self._feed.frames, self._view.frame_came),
                (self._feed.controls.window_events, self._window.handle_events),
                (self._feed.controls.learning, self._window.learning_changed),
            ):
                stack.enter_context(_wakes(channel, update))
            pulse = QTimer(self._window)
            pulse.timeout.connect(lambda: alive(self._place()))
            pulse.start(ALIVE_MS)
            if duration_s is not None:
                left_s = self._began_s + duration_s - self._feed.clock.now()
                timer = QTimer(self._window)
                timer.setSingleShot(True)
                timer.timeout.connect(self._end)
                timer.start(max(0, round(left_s * 1e3)))
            QApplication.exec_()

    def _output(self, number: int, extra: ExtraWindow, extras: WindowExtras) -> OutputWindow:
        """A further window, drawn whenever the first one is."""
        feed, view = self._feed, self._view
        choice = view.choice if extra.frames is None else PictureChoice(extra.frames, view.dimmer, feed.heard)
        shown = OutputPicture(choice, extra.frames is None, view.dimmer, extras.scaling)
        output = OutputWindow(number, extra.table, shown, feed.clock, f"{extras.title} {number + 1}", self._window)
        view.canvas.refreshed.subscribe(output.follow)
        self._mapping.add(output)
        self._window.closing.subscribe(output.close)
        output.closing.subscribe(partial(self._mapping.remove, output))
        return output

    def _map_mode_changed(self, on: bool) -> None:
        self._window.forget_quit()
        self._feed.controls.record(ControlEvent(self._feed.clock.now(), "map", float(on)))

    def _place(self) -> Place:
        now = self._window.geometry()
        return now.x(), now.y(), now.width(), now.height()

    def _end(self) -> None:
        self._window.close()

    def close(self) -> None:
        """Close the panel, the window and its OpenGL context, and complete the statistics. Idempotent."""
        self.panel.close()
        self._window.close()
        for output in self.outputs:
            output.end()
        self._view.close()
        self._window.deleteLater()
        self.stats.faults, self.stats.last_fault = self._hook.count, self._hook.last


class _Channel(Protocol):
    def subscribe(self, callback: Callable[[], object], /) -> Callable[[], None]: ...


@contextmanager
def _wakes(channel: _Channel, update: Callable[[], object]) -> Iterator[None]:
    """What a channel gets from any thread leads to `update` on this one; once at the start, for what came before."""
    notifier = MainThreadNotifier(update)
    unsubscribe = channel.subscribe(notifier.notify)
    notifier.notify()
    try:
        yield
    finally:
        unsubscribe()
        notifier.disconnect()


@contextmanager
def _ctrl_c(close: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C closes the window; pressed again it ends the program as before."""
    if threading.current_thread() is not threading.main_thread():
        raise DisplayError("the window must be opened from the main thread")
    interrupt = Interrupt()

    def pressed(number: int, frame: FrameType | None) -> None:
        first = not interrupt.happened
        try:
            interrupt(number, frame)
        except KeyboardInterrupt:
            if not first:
                raise
            close()

    with handle_ending_signals(pressed):
        yield
