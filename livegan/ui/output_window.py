"""Output window: a further window of the show, with the show in it, a part of it, or a scene of its own."""

from dataclasses import dataclass
from typing import Any

from PyQt5.QtCore import QSize, Qt, QTimer, qInstallMessageHandler
from PyQt5.QtGui import QCloseEvent, QFocusEvent, QGuiApplication, QKeyEvent, QMouseEvent, QScreen, QSurfaceFormat
from PyQt5.QtWidgets import QMainWindow, QWidget

from livegan.config.venue import ExtraWindowTable
from livegan.core.channels import Signal
from livegan.core.clock import Clock
from livegan.core.dimmer import OutputDimmer
from livegan.core.letterbox import size_within
from livegan.ui.canvas import ShowCanvas
from livegan.ui.display import screen_called, screen_now, watch_screens
from livegan.ui.feed import Scaling
from livegan.ui.picture_choice import PictureChoice
from livegan.ui.stats import WindowStats
from livegan.ui.window import ShowWindow

CASCADE_PX = 40  # between windows of one screen
PULSE_MS = 33  # between two drawings of what moves though no frame comes


@dataclass(frozen=True, slots=True)
class OutputPicture:
    """What an output window shows, and how."""

    choice: PictureChoice
    shared: bool  # with the first window
    dimmer: OutputDimmer
    scaling: Scaling


class OutputWindow(QMainWindow):
    """Further window of a show; main thread only. Its keys are those of the first window; closing it ends nothing."""

    def __init__(
        self,
        number: int,
        table: ExtraWindowTable,
        picture: OutputPicture,
        clock: Clock,
        title: str,
        first: ShowWindow,
    ) -> None:
        """`number`: 1 is the first of the venue's ``[[windows]]``. Keys are the `first` window's. Not shown yet."""
        super().__init__()
        self._number, self._table, self._choice, self._clock = number, table, picture.choice, clock
        self._first, self._shared, self._dimmer = first, picture.shared, picture.dimmer
        self._canvas = ShowCanvas(picture.dimmer, vsync=False, scaling=picture.scaling, view=table)
        self.stats = WindowStats()
        self.closing: Signal[[]] = Signal()
        self._closed = False
        events = self._canvas.canvas.events
        events.draw.connect(self._draw)
        events.ignore_callback_errors = False  # they go to ExceptionHook, which counts them
        self.setWindowTitle(title)
        self.setStyleSheet("background: black")
        self.setMinimumSize(64, 64)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._canvas.native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCentralWidget(self._canvas.native)
        self._full = table.fullscreen
        self._size = QSize(*table.size)
        self._screen_name = table.screen
        self._make_native()
        self._settle()
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        watch_screens(application, self._settle)
        self._pulse = QTimer(self)
        self._pulse.timeout.connect(self._move)
        self._pulse.start(PULSE_MS)

    @property
    def number(self) -> int:
        """Which of the venue's windows it is, from 1."""
        return self._number

    @property
    def canvas(self) -> ShowCanvas:
        """Where the picture is drawn."""
        return self._canvas

    @property
    def widget(self) -> QWidget:
        """Qt's window."""
        return self

    @property
    def notice(self) -> str:
        """What is wrong with its place; "" if nothing is."""
        if not self._table.screen or screen_called(self._table.screen) is not None:
            return ""
        return f"window {self._number + 1}: there is no screen '{self._table.screen}'; it is on the main one"

    def refresh(self) -> None:
        """Draw again soon."""
        if not self._closed:
            self._canvas.native.update()

    def follow(self) -> None:
        """Draw with the first window: what both show, and light that changes."""
        if self._shared or self._dimmer.moving:
            self.refresh()

    def end(self) -> None:
        """Close it and its OpenGL context. Idempotent."""
        self.close()
        self._canvas.close()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """The show's keys work here too."""
        if event is not None:
            self._first.keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Let go what a key holds."""
        self._first.keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Let every key go: its release goes to another window."""
        self._first.let_keys_go()
        super().focusOutEvent(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802
        """Full screen, on the screen that it is on by now, and back."""
        self._full = not self._full
        screen = self.screen()
        if screen is not None:
            self._place(screen)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Close it alone; the show goes on."""
        if not self._closed:
            self._closed = True
            self._pulse.stop()
            self.closing.emit()
        super().closeEvent(event)

    def _draw(self, _event: Any) -> None:
        now_s = self._clock.now()
        chosen = self._choice.choose(now_s)
        self._canvas.show_slots(chosen.slots)
        self._canvas.draw(now_s, chosen.layers, chosen.idle)
        self.stats.draws += 1
        self.stats.drawing.add(self._clock.now() - now_s)

    def _move(self) -> None:
        if self._choice.moving:
            self.refresh()

    def _make_native(self) -> None:
        """Make Qt's window without a swap interval: two that wait for their screens would halve the rate of both."""
        usual = QSurfaceFormat.defaultFormat()
        free = QSurfaceFormat(usual)
        free.setSwapInterval(0)
        before = qInstallMessageHandler(lambda *_: None)  # Qt warns whatever the new format changes
        QSurfaceFormat.setDefaultFormat(free)
        self.winId()
        QSurfaceFormat.setDefaultFormat(usual)
        qInstallMessageHandler(before)

    def _settle(self) -> None:
        """Go where the window belongs: its screen while that is there, else the main one."""
        if self._closed:
            return
        named = screen_called(self._table.screen) if self._table.screen else None
        screen = named or screen_now(self._screen_name)
        if screen is None:  # all are unplugged
            return
        moved = screen.name() != self._screen_name
        unseen = not any(each.geometry().intersects(self.geometry()) for each in QGuiApplication.screens())
        if moved or unseen or not self.isVisible() or (self._full and self.geometry() != screen.geometry()):
            self._screen_name = screen.name()
            self._place(screen)

    def _place(self, screen: QScreen) -> None:
        handle = self.windowHandle()
        if handle is not None:
            handle.setScreen(screen)
        if self._full:
            if self.isVisible() and self.geometry() != screen.geometry():
                self.setWindowState(Qt.WindowState.WindowNoState)  # window managers move no full screen
            self.setGeometry(screen.geometry())
            self.setWindowState(Qt.WindowState.WindowFullScreen)
            self.setCursor(Qt.CursorShape.BlankCursor)
        else:
            self.setWindowState(Qt.WindowState.WindowNoState)
            room = screen.availableGeometry()
            width, height = size_within((room.width(), room.height()), (self._size.width(), self._size.height()))
            self.resize(width, height)
            aside = CASCADE_PX * self._number  # or those of one screen would hide each other
            free = room.width() - width, room.height() - height
            left, top = (min(each // 2 + aside, each) for each in free)
            self.move(room.x() + left, room.y() + top)
            self.unsetCursor()
        self.refresh()
