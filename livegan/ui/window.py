"""The window: it holds the stage, hears the keys, and finds its screen."""

from collections.abc import Callable

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PyQt5.QtWidgets import QMainWindow

from livegan.control.keys import KEYS
from livegan.core.channels import Inbox
from livegan.core.clock import Clock
from livegan.core.types import ControlEvent
from livegan.ui.double_press import DoublePress
from livegan.ui.keyboard import cap
from livegan.ui.settings import WindowSettings
from livegan.ui.stage import Stage

PULSE_MS = 20


class StageWindow(QMainWindow):
    """Qt's side of the show; main thread only."""

    def __init__(
        self,
        stage: Stage,
        hands: Inbox[ControlEvent],
        window_events: Inbox[ControlEvent] | None,
        clock: Clock,
        settings: WindowSettings,
        screen: QScreen,
    ) -> None:
        """Events of the keyboard go into `hands`; those waiting in `window_events` are done here. Not shown yet."""
        super().__init__()
        self._stage, self._hands, self._desk, self._clock = stage, hands, window_events, clock
        self._quit = DoublePress()
        self._wanted = screen.name()
        self._closed = False
        self.on_tick: Callable[[float], None] | None = None
        self.setWindowTitle(settings.title)
        self.setStyleSheet("background: black")
        self.setMinimumSize(64, 64)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        native = stage.canvas.native
        native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCentralWidget(native)
        self.resize(*settings.size)
        self._place(screen, settings.fullscreen)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenRemoved.connect(self._screens_changed)
        application.screenAdded.connect(self._screens_changed)
        self._pulse = QTimer(self)
        self._pulse.setTimerType(Qt.TimerType.PreciseTimer)
        self._pulse.timeout.connect(self._tick)
        self._pulse.start(PULSE_MS)

    @property
    def closed(self) -> bool:
        """Has it been closed?"""
        return self._closed

    def do(self, name: str, value: float | None = None) -> None:
        """Do what an event asks; the engine hears of it as it stands then."""
        now_s = self._clock.now()
        if name == "fullscreen":
            self._place(self._home(), not self.isFullScreen())
            self._hands.put(ControlEvent(now_s, name, float(self.isFullScreen())))
        elif name == "quit":
            self.close()
        else:
            done = self._stage.act(name, value)
            self._hands.put(done or ControlEvent(now_s, name, 1.0 if value is None else value))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A key: Esc asks once before it quits, Ctrl+Q does not."""
        if event is None:
            return
        name = cap(event)
        if name == "Ctrl+Q":
            self.close()
            return
        wish = KEYS.get(name)
        if wish is None:
            event.ignore()
        elif event.isAutoRepeat() and not wish.startswith("master"):
            pass
        elif wish == "quit":
            if self._quit.press(self._clock.now()):
                self.close()
            else:
                self._stage.hint(f"{name} again to quit", self._quit.within_s)
        else:
            self.do(wish)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Closing is quitting; the engine is told once."""
        if not self._closed:
            self._closed = True
            self._pulse.stop()
            self._hands.put(ControlEvent(self._clock.now(), "quit"))
        super().closeEvent(event)

    def _tick(self) -> None:
        now_s = self._clock.now()
        for event in self._desk.drain() if self._desk is not None else ():
            self.do(event.name, event.value)
        self._stage.pulse(now_s)
        if self.on_tick is not None:
            self.on_tick(now_s)

    def _home(self) -> QScreen:
        """The screen it was told to be on, or the main one while that is unplugged."""
        screens = QGuiApplication.screens()
        named = [screen for screen in screens if screen.name() == self._wanted]
        main = QGuiApplication.primaryScreen()
        assert main is not None
        return named[0] if named else main

    def _place(self, screen: QScreen, full: bool) -> None:
        """Put the window on `screen`, over all of it or in its middle; the mouse is hidden on a full screen."""
        room = screen.availableGeometry()
        shown = self.isVisible()
        if full:
            if not self.isFullScreen():
                self._before = self.size()
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
            size = self.size().boundedTo(room.size())
            self.resize(size)
            self.move(
                room.x() + (room.width() - size.width()) // 2,
                room.y() + (room.height() - size.height()) // 2,
            )
            self.unsetCursor()
        if shown:
            self.show()
        self._stage.canvas.refresh()

    def _screens_changed(self, _screen: QScreen) -> None:
        """A screen went or came: be where the light is."""
        QTimer.singleShot(0, self._settle)

    def _settle(self) -> None:
        if self._closed:
            return
        home = self._home()
        lost = not any(screen.geometry().intersects(self.geometry()) for screen in QGuiApplication.screens())
        if lost or (self.isFullScreen() and self.geometry() != home.geometry()):
            self._place(home, self.isFullScreen())
