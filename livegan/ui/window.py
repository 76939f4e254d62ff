"""Show window: Qt's main window with the view in it, its keyboard, and its place on a screen."""

import math
from collections.abc import Callable, Mapping

from PyQt5.QtCore import QSize, Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QFocusEvent, QGuiApplication, QKeyEvent, QScreen
from PyQt5.QtWidgets import QMainWindow, QWidget

from livegan.config.venue import WindowTable
from livegan.control.keys import REPEATED, ends_at_once
from livegan.core.binding import Binding
from livegan.core.channels import Signal
from livegan.core.double_press import DoublePress
from livegan.core.events import find_control, stands_somewhere, switched
from livegan.core.letterbox import size_within
from livegan.core.types import ControlEvent, PromptEvent
from livegan.ui.canvas import ShowCanvas
from livegan.ui.display import screen_now, watch_screens
from livegan.ui.feed import ShowFeed
from livegan.ui.keyboard import cap
from livegan.ui.learn_overlay import LearnOverlay
from livegan.ui.text_line import TextLine
from livegan.ui.view import ShowView

PULSE_MS = 20
REPORT_MS = 1000
REPORTED_S = 0.002  # what is less is no news


class ShowWindow(QMainWindow):
    """Main window of the show; main thread only."""

    def __init__(
        self,
        view: ShowView,
        feed: ShowFeed,
        table: WindowTable,
        title: str,
        screen: QScreen,
        keys: Mapping[str, Binding],
    ) -> None:
        """`keys`: what each is bound to, by cap. They go into the feed's router; its `window_events` are handled here.

        Not shown yet.
        """
        super().__init__()
        self._view, self._controls, self._clock = view, feed.controls, feed.clock
        self._quit, self._closes = DoublePress(), DoublePress()  # by keys, and by the window manager
        self._line = TextLine()
        self._learning = LearnOverlay(feed, view.show_learning, view.hint_off)
        self._keys = keys
        self._held: dict[int, str] = {}  # Qt's key -> its cap
        self._screen_name = screen.name()
        self._full = self._sheltered = False  # as it was asked for; whether it is here as its screen was pulled
        self._before = QSize(*table.size)  # when it did not fill a screen
        self._closed = False
        self.panel_asked: Signal[[]] = Signal()  # a key or a controller opens or closes the panel
        self.map_asked: Signal[[]] = Signal()  # the same of the map mode
        self.closing: Signal[[]] = Signal()
        self.setWindowTitle(title)
        self.setStyleSheet("background: black")
        self.setMinimumSize(64, 64)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        native = view.canvas.native
        native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCentralWidget(native)
        self.resize(*table.size)
        self._place(screen, table.fullscreen)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        watch_screens(application, self._settle)
        self._pulse = QTimer(self)
        self._pulse.setTimerType(Qt.TimerType.PreciseTimer)
        self._pulse.timeout.connect(lambda: view.pulse(self._clock.now()))
        self._pulse.start(PULSE_MS)
        self._reported_s = 0.0  # the delay that the engine knows of
        self._report = QTimer(self)
        self._report.timeout.connect(self._report_delay)
        self._report.start(REPORT_MS)

    def _report_delay(self) -> None:
        """Tell the engine how late pictures are seen, where that has changed: for routes that read the beat early."""
        delay_s = round(self._view.delay_s, 4)
        if abs(delay_s - self._reported_s) >= REPORTED_S:
            self._reported_s = delay_s
            self._controls.put(ControlEvent(self._clock.now(), "screen.delay", delay_s))

    @property
    def number(self) -> int:
        """The first one of the show."""
        return 0

    @property
    def canvas(self) -> ShowCanvas:
        """Where the picture is drawn."""
        return self._view.canvas

    @property
    def widget(self) -> QWidget:
        """Qt's window."""
        return self

    def handle_events(self) -> None:
        """Do what the router has sent here, and record the state that leaves."""
        for event in self._controls.window_events.drain():
            if event.name == "quit":
                if stands_somewhere(event.source):
                    self._ask_to_quit(f"{event.source}:", self._view.hint)
                else:  # asked for by its name
                    self.close()
            elif event.name == "fullscreen":
                self._fill(switched(event, self.isFullScreen()))
                self._controls.record(ControlEvent(self._clock.now(), event.name, float(self.isFullScreen())))
            elif event.name in ("panel", "map"):
                is_open = self._controls.states.get(event.name, 0.0) > 0
                if switched(event, is_open) != is_open:
                    (self.panel_asked if event.name == "panel" else self.map_asked).emit()
            elif event.name == "prompt.type":
                self._begin_line()
            elif event.name == "learn":
                self._begin_learning()
            else:
                for state in self._view.handle(event):
                    self._controls.record(state)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Put a key's control event into the router; Esc quits when pressed twice, with Ctrl a key does at once.

        While words are typed, all other keys write them and do nothing else.
        """
        if event is not None:
            self.take_key(event, self._view.hint)

    def forget_quit(self) -> None:
        """A key that would end the show at its second press has done something else, here or in the panel."""
        self._quit.forget()

    def take_key(self, event: QKeyEvent, tell: Callable[[str, float], object]) -> None:
        """As `keyPressEvent`; `tell` shows words for some seconds in the window where the key was pressed."""
        key = cap(event)
        binding = self._keys.get(key)
        name = binding.to if binding is not None else ""
        if ends_at_once(key, name):
            self.close()
            return
        if self._line.open:
            self._quit.forget()
            self._type(key, event.text())
            return
        if self._learning.takes_keys:
            self._quit.forget()
            clipboard = QGuiApplication.clipboard()
            self._learning.press(key, clipboard.text() if key == "Ctrl+V" and clipboard is not None else event.text())
            return
        if binding is None:
            event.ignore()
        elif event.isAutoRepeat() and name not in REPEATED:
            pass
        elif name == "prompt.type":
            self._begin_line()  # at once: the next key is a letter
        elif name == "learn":
            self._begin_learning()
        elif name == "undo" and self._learning.undo():
            pass
        elif name == "quit":
            self._ask_to_quit(key, tell)
        else:
            if binding.mode == "momentary":
                self._held[event.key()] = key
            self._send(key, 1.0)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Let go what a key holds."""
        if event is not None and not event.isAutoRepeat() and event.key() in self._held:
            self._send(self._held.pop(event.key()), 0.0)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Let every key go: its release goes to another window."""
        self.let_keys_go()
        super().focusOutEvent(event)

    def let_keys_go(self) -> None:
        """Let go what keys hold, those that the panel took too."""
        while self._held:
            self._send(self._held.popitem()[1], 0.0)

    def _send(self, key: str, value: float) -> None:
        """Put a key's event into the router; that of a parameter is called after the key."""
        binding = self._keys[key]
        name = binding.to if find_control(binding.to) is not None else f"key.{key}"
        own = binding if binding.mode or name != binding.to else None
        self._controls.put(ControlEvent(self._clock.now(), name, value, source="keys", binding=own))

    def _ask_to_quit(self, key: str, tell: Callable[[str, float], object]) -> None:
        """Close the list of keys, or the show at the second press."""
        if self._view.master.keys_on:
            self._controls.put(ControlEvent(self._clock.now(), "keys", source="keys"))
            self._quit.forget()
        elif self._quit.press(self._clock.now()):
            self.close()
        else:
            tell(f"{key} again to quit", self._quit.within_s)

    def _begin_line(self) -> None:
        self._line.begin()
        self._controls.record(ControlEvent(self._clock.now(), "prompt.type"))
        self._view.hint(self._line.shown, math.inf)

    def _begin_learning(self) -> None:
        self._controls.record(ControlEvent(self._clock.now(), "learn"))
        self._learning.begin()

    def learning_changed(self) -> None:
        """The learner has done something."""
        self._learning.changed()

    def _type(self, key: str, typed: str) -> None:
        """Give the text line a key; words that are sent go to be understood, none end those before."""
        clipboard = QGuiApplication.clipboard()
        pasted = clipboard.text() if key == "Ctrl+V" and clipboard is not None else typed
        words = self._line.press(key, pasted)
        if words is not None:
            self._controls.prompt_events.put(PromptEvent(self._clock.now(), words))
        if self._line.open:
            self._view.hint(self._line.shown, math.inf)
        else:
            self._view.hint_off()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Ask the window manager for a second time, as keys are; record, once, that the window was closed."""
        asked = event is not None and event.spontaneous() and not self._closed
        if event is not None and asked and not self._closes.press(self._clock.now()):
            self._view.hint("close again to quit", self._closes.within_s)
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self._pulse.stop()
            self._controls.record(ControlEvent(self._clock.now(), "quit"))
            self.closing.emit()
        super().closeEvent(event)

    def fills(self, screen: QScreen) -> bool:
        """Whether it covers all of that screen."""
        return self.isFullScreen() and self.geometry() == screen.geometry()

    def _fill(self, full: bool) -> None:
        """Fill the screen that the window is on by now, or no longer."""
        screen = screen_now(self._screen_name) if self._sheltered else self.screen()
        if screen is not None:
            if not self._sheltered:
                self._screen_name = screen.name()
            self._place(screen, full)

    def _place(self, screen: QScreen, full: bool) -> None:
        """Put the window on `screen`, over all of it or in its middle; the mouse is hidden on a full screen."""
        room = screen.availableGeometry()
        shown = self.isVisible()
        self._full = full
        if full:
            if not self.isFullScreen():
                self._before = self.size()
            elif shown and self.geometry() != screen.geometry():
                self.setWindowState(Qt.WindowState.WindowNoState)  # window managers move no full screen
            self.winId()  # there must be a window to move
            handle = self.windowHandle()
            if handle is not None:
                handle.setScreen(screen)
            self.setGeometry(screen.geometry())
            self.setWindowState(Qt.WindowState.WindowFullScreen)
            self.setCursor(Qt.CursorShape.BlankCursor)
        else:
            if self.isFullScreen():
                self.setWindowState(Qt.WindowState.WindowNoState)
                self.resize(self._before)
            asked = self.width(), self.height()
            width, height = size_within((room.width(), room.height()), asked)
            self.resize(width, height)
            self.move(room.x() + (room.width() - width) // 2, room.y() + (room.height() - height) // 2)
            self.unsetCursor()
        if shown:
            self.show()
        self._view.canvas.refresh()

    def _settle(self) -> None:
        """Go where the window belongs: its screen while that is there, else the main one."""
        screen = screen_now(self._screen_name)
        if self._closed or screen is None:  # all are unplugged
            return
        away = screen.name() != self._screen_name
        unseen = not any(other.geometry().intersects(self.geometry()) for other in QGuiApplication.screens())
        if (self._full and not self.fills(screen)) or unseen or (self._sheltered and not away):
            self._place(screen, self._full)
        self._sheltered = away
