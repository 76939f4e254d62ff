"""Faders of the panel: the master fader and the crossfader, by mouse, wheel or arrow keys."""

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.look import EDGE_LINE, INKS, Brush, Painted

STEP, LEAP = 0.02, 0.1  # of one press of an arrow, and of page up or down
HANDLE = 22.0  # its length along the way [units]


class Fader(Painted):
    """Fader of 0..1. `moved` comes with each new position that a hand gives it, and never for `show_value`."""

    opaque = True

    moved = pyqtSignal(float)

    def __init__(self, about: str, parent: QWidget | None = None, *, upright: bool, home: float, ink: str) -> None:
        """`home`: where a double click puts it. `ink`: of the part below its handle."""
        super().__init__(parent)
        self._upright, self._home, self._ink = upright, home, ink
        self._value: float = home
        self._held = False
        self.setToolTip(about)
        self.setAccessibleName(about)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def value(self) -> float:
        """Where it stands."""
        return self._value

    def show_value(self, value: object) -> bool:
        """Show where the thing it moves stands, unless a hand holds it."""
        return not self._held and super().show_value(round(float(value), 3) if isinstance(value, int | float) else 0.0)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for a thumb."""
        return self.wants(44, 120) if self._upright else self.wants(120, 34)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Half as long."""
        return self.wants(44, 60) if self._upright else self.wants(60, 34)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Goes to where it is touched."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self._touch(event.localPos())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Follows the mouse while it is held."""
        if event is not None and self._held:
            self._touch(event.localPos())

    def mouseReleaseEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802
        """Let go."""
        self._held = False

    def mouseDoubleClickEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802
        """Back home."""
        self._held = False
        self._move(self._home)

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """A step for each notch."""
        if event is not None:
            self._move(self._value + STEP * event.angleDelta().y() / 120.0)
            event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows, page up and down, Home and End; every other key is the show's."""
        if event is None:
            return
        keys = {
            Qt.Key.Key_Up: STEP,
            Qt.Key.Key_Right: STEP,
            Qt.Key.Key_Down: -STEP,
            Qt.Key.Key_Left: -STEP,
            Qt.Key.Key_PageUp: LEAP,
            Qt.Key.Key_PageDown: -LEAP,
        }
        step = keys.get(Qt.Key(event.key()))
        if step is None:
            event.ignore()
        else:
            self._move(self._value + step)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Track, the part below the handle, the handle."""
        brush = Brush(self, self.unit)
        width, height, unit = float(self.width()), float(self.height()), self.unit
        track, handle = 8.0 * unit, HANDLE * unit
        ink = INKS[self._ink]
        if self._upright:
            way = height - handle
            at = (1.0 - self._value) * way
            left = (width - track) / 2
            brush.box(QRectF(left, handle / 2, track, way), QColor(255, 255, 255, 26), 4)
            brush.box(QRectF(left, at + handle / 2, track, way - at), ink, 4)
            grip = QRectF(width / 2 - 19 * unit, at + 1, 38 * unit, handle - 2)
            line = QRectF(grip.x() + 6 * unit, grip.center().y() - unit, grip.width() - 12 * unit, 2 * unit)
        else:
            way = width - handle
            at = self._value * way
            top = (height - track) / 2
            brush.box(QRectF(handle / 2, top, way, track), QColor(255, 255, 255, 26), 4)
            brush.box(QRectF(handle / 2, top, at, track), ink, 4)
            grip = QRectF(at + 1, height / 2 - 15 * unit, handle - 2, 30 * unit)
            line = QRectF(grip.center().x() - unit, grip.y() + 6 * unit, 2 * unit, grip.height() - 12 * unit)
        brush.box(grip, QColor(64, 70, 88) if not self._held else QColor(92, 100, 124), 5, EDGE_LINE)
        brush.box(line, INKS["text"], 1)
        if self.hasFocus():
            brush.ring(QRectF(self.rect()))
        brush.end()

    def _touch(self, place: QPointF) -> None:
        handle = HANDLE * self.unit
        if self._upright:
            self._move(1.0 - (place.y() - handle / 2) / max(self.height() - handle, 1.0))
        else:
            self._move((place.x() - handle / 2) / max(self.width() - handle, 1.0))

    def _move(self, value: float) -> None:
        value = round(min(max(value, 0.0), 1.0), 3)
        if value != self._value:
            self._value = value
            self.update()
            self.moved.emit(value)
