"""Held picture: the last picture of a show that has died, in the place of its window, until the next one has drawn."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt5.QtCore import QRect, Qt
from PyQt5.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPixmap
from PyQt5.QtWidgets import QApplication, QWidget

from livegan.core.dimmer import OutputDimmer
from livegan.core.letterbox import Rect, fit


class HeldPicture(QWidget):
    """Window without a frame that shows one picture; black where there is none. Main thread only."""

    def __init__(self, picture: Path, light: float) -> None:
        """`light`: the gain of the picture, 0..1."""
        super().__init__(None, Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle("livegan")
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._picture, self._light = QPixmap(str(picture)), light

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Draw the picture as the show's window does: whole, in the middle."""
        paint = QPainter(self)
        paint.fillRect(self.rect(), QColor("black"))
        if not self._picture.isNull() and self._light > 0:
            x, y, width, height = fit((self.width(), self.height()), (self._picture.width(), self._picture.height()))
            paint.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            paint.setOpacity(self._light)
            paint.drawPixmap(QRect(x, y, width, height), self._picture)
        paint.end()


def hold_picture(picture: Path, states: Mapping[str, float], place: Rect) -> Callable[[], None]:
    """Show it at `place` (x, y, width, height, from above); the function that takes it away again, idempotent.

    Needs Qt's application. `states`: of the window; a blackout stays black.
    """
    dimmer = OutputDimmer()
    dimmer.begin(states)
    held = HeldPicture(picture, dimmer.goal)
    room = QRect(*place)
    screens = QGuiApplication.screens()
    if not any(screen.geometry().intersects(room) for screen in screens) and screens:
        room.moveTopLeft(screens[0].geometry().topLeft())  # that screen is gone
    held.setGeometry(room)
    if any(screen.geometry() == room for screen in screens):
        held.showFullScreen()
    else:
        held.show()
    for _ in range(3):  # mapped, exposed, painted
        QApplication.processEvents()
    return lambda: held.hide()  # which keeps it alive until then
