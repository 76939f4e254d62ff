"""Number of the panel: its name over its value, changed by dragging, the wheel, arrows, or typing."""

from collections.abc import Callable

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.look import CARD, INKS, Brush, Painted
from livegan.ui.panel.value_field import ValueField


class NumberDrag(Painted):
    """Number in a range; main thread only."""

    changed = pyqtSignal(float)

    def __init__(
        self, title: str, about: str, text: Callable[[float], str], power: float = 1.0, parent: QWidget | None = None
    ) -> None:
        """`power`: how much finer it is at its lower end; 1 is even, 3 suits times."""
        super().__init__(parent)
        self._title, self._text, self._power = title, text, power
        self._low, self._high, self.value = 0.0, 1.0, 0.0
        self._x: int | None = None
        self._field = ValueField(self, self, lambda _name, typed: self._typed(typed))
        self.setToolTip(about)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    @property
    def held(self) -> bool:
        """Whether a hand is on it."""
        return self._x is not None

    def show_number(self, value: float, low: float, high: float) -> None:
        """Show a value, and what it may be."""
        self._low, self._high = low, high
        if not self.held:
            self.value = value
            self.show_value((value, low, high, self.isEnabled()))

    def sizeHint(self) -> QSize:  # noqa: N802
        """A narrow box."""
        return self.wants(74, 44)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A narrower one."""
        return self.wants(52, 44)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Name, value, and where that is in the range."""
        brush, unit = Brush(self, self.unit), self.unit
        whole = QRectF(self.rect())
        brush.box(whole, CARD, 5)
        if self.hasFocus():
            brush.ring(whole, 5)
        brush.text(QRectF(8 * unit, 2 * unit, whole.width() - 12 * unit, 18 * unit), self._title, 11.5, INKS["quiet"])
        words = QRectF(8 * unit, 18 * unit, whole.width() - 12 * unit, 20 * unit)
        brush.text(words, self._text(self.value), 14, INKS["text" if self.isEnabled() else "quiet"])
        brush.bar(
            QRectF(8 * unit, whole.height() - 6 * unit, whole.width() - 16 * unit, 3 * unit), self._share, INKS["dim"]
        )
        brush.end()

    @property
    def _share(self) -> float:
        room = self._high - self._low
        return float(max((self.value - self._low) / room, 0.0) ** (1 / self._power)) if room else 0.0

    def _move(self, share: float) -> None:
        """Add a share of the range."""
        place = min(max(self._share + share, 0.0), 1.0)
        self._set(self._low + (self._high - self._low) * place**self._power)

    def _set(self, value: float) -> None:
        value = min(max(value, self._low), self._high)
        if value != self.value:
            self.value = value
            self.show_value((value, self._low, self._high, self.isEnabled()))
            self.changed.emit(value)

    def _typed(self, text: str) -> bool:
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            return False
        if value != value:
            return False
        self._set(value)
        return True

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Take it."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._x = event.x()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drag; with Shift ten times as finely."""
        if event is not None and self._x is not None:
            fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            step, self._x = (event.x() - self._x) / (180 * self.unit), event.x()
            self._move(fine * step)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Let go."""
        self._x = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Type a value."""
        self.open_field(f"{self.value:.4g}")

    def open_field(self, text: str) -> None:
        """Type a value, beginning with `text`."""
        self._x = None
        self._field.open(self._title, self.rect().adjusted(2, round(16 * self.unit), -2, -2), text)

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """Fine steps."""
        if event is not None:
            self._move(0.01 * event.angleDelta().y() / 120)
            event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows step, a digit or Enter types; every other key is the show's."""
        if event is None:
            return
        size = 0.001 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.01
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            self._move(-size)
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            self._move(size)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_field(f"{self.value:.4g}")
        else:
            event.ignore()
