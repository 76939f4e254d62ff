"""Camera window: a preview of a capture, with its measures, and the keys that steer it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PyQt5.QtCore import QTimer
from PyQt5.QtGui import QCloseEvent, QKeyEvent
from PyQt5.QtWidgets import QApplication, QMainWindow

from livegan.core.channels import Inbox, Latest
from livegan.core.clock import WallClock
from livegan.core.dimmer import OutputDimmer
from livegan.core.letterbox import size_within
from livegan.core.signals import handle_ending_signals
from livegan.errors import DisplayError
from livegan.studio.capture import CaptureState
from livegan.ui.canvas import Panel, ShowCanvas
from livegan.ui.display import application, check_opengl, find_screen
from livegan.ui.exception_hook import ExceptionHook
from livegan.ui.hud import Hud, scale_for
from livegan.ui.keyboard import cap
from livegan.ui.notifier import MainThreadNotifier

KEYS = {"Space": "Space", "Enter": "Space", "Y": "Yes", "N": "No", "Esc": "Esc", "Ctrl+Q": "Esc"}
SIZE = 900, 940  # width, height [px]
PULSE_MS = 100  # lets Python see signals


class CameraWindow(QMainWindow):
    """Window of a preview; main thread only."""

    def __init__(self, states: Latest[CaptureState], keys: Inbox[str], title: str) -> None:
        super().__init__()
        self._states, self._keys, self._clock = states, keys, WallClock()
        self._hud = Hud()
        self._painted: dict[Panel, str] = {}
        self._drawn: CaptureState | None = None
        self.canvas = ShowCanvas(OutputDimmer())
        self.canvas.panels[1].place = "bottom"
        self.canvas.canvas.events.draw.connect(self._draw)
        self.setWindowTitle(title)
        self.setStyleSheet("background: black")
        self.setCentralWidget(self.canvas.native)
        room = find_screen("").availableGeometry()
        self.resize(*size_within((room.width(), room.height()), SIZE))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Hand a key to the capture."""
        key = KEYS.get(cap(event)) if event is not None else None
        if key is not None and event is not None and not event.isAutoRepeat():
            self._keys.put(key)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """End the capture with its window."""
        self._keys.put("Esc")
        super().closeEvent(event)

    def _draw(self, _event: Any) -> None:
        state = self._states.peek()
        if state is not None:
            if state.pixels is not None and state is not self._drawn:
                self.canvas.show_pixels(state.pixels)
            self._drawn = state
            for panel, text in zip(self.canvas.panels[:2], (state.measures, state.hint), strict=True):
                if text and text != self._painted.get(panel):
                    self._painted[panel] = text
                    window = self.canvas.size_px
                    panel.set_image(self._hud.paint_hint(text, scale_for(window), window[0]))
                panel.visible = bool(text)
        self.canvas.draw(self._clock.now())


def capture_in_window(
    run: Callable[[], None], states: Latest[CaptureState], keys: Inbox[str], title: str = "livegan capture"
) -> None:
    """Call `run` on the thread livegan-capture, with a window that shows its `states`, until it returns.

    Its exception is raised here. Main thread only; DisplayError, before anything runs, where no window can open.
    """
    if threading.current_thread() is not threading.main_thread():
        raise DisplayError("the window must be opened from the main thread")
    running = application()
    check_opengl()
    with ExceptionHook(), ThreadPoolExecutor(1, "livegan-capture") as pool:
        window = CameraWindow(states, keys, title)
        notifier = MainThreadNotifier(window.canvas.refresh)
        unsubscribe = states.subscribe(notifier.notify)
        ended = MainThreadNotifier(running.quit)
        pulse = QTimer(window)
        pulse.timeout.connect(lambda: None)
        pulse.start(PULSE_MS)
        window.show()
        window.activateWindow()
        try:
            with handle_ending_signals(lambda *_: keys.put("Esc")):
                future = pool.submit(run)
                future.add_done_callback(lambda _: ended.notify())
                QApplication.exec_()  # also ends when the window is closed
                keys.put("Esc")
                future.result()
        finally:
            keys.put("Esc")
            unsubscribe()
            notifier.disconnect()
            ended.disconnect()
            window.close()
            window.canvas.close()
            window.deleteLater()
            running.processEvents()
