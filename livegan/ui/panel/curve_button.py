"""Curve button of the panel: a response curve, drawn; lit where it is the one that is used."""

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QKeyEvent, QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QAbstractButton, QWidget

from livegan.mapping.curves import CURVES
from livegan.ui.panel.look import CARD, INKS, RAISED, Brush

POINTS = 25
WITH_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CurveButton(QAbstractButton):
    """Button of one response curve."""

    def __init__(self, curve: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unit, self.curve, self.lit = 1.0, curve, False
        function = CURVES[curve]
        self._points = [(i / (POINTS - 1), function(i / (POINTS - 1))) for i in range(POINTS)]
        self.setToolTip(f"{curve}: {(function.__doc__ or '').strip()}")
        self.setAccessibleName(f"curve {curve}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def light(self, on: bool) -> None:
        """Whether it is the one that is used."""
        if on != self.lit:
            self.lit = on
            self.update()

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self.unit = unit
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A small square."""
        return QSize(round(38 * self.unit), round(32 * self.unit))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As large as it wants to be."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """The curve."""
        brush, unit = Brush(self, self.unit), self.unit
        whole = QRectF(self.rect())
        brush.box(whole, INKS["cold"] if self.lit else RAISED, 5)
        if self.hasFocus():
            brush.ring(whole, 5, INKS["text"])
        area = whole.adjusted(9 * unit, 8 * unit, -9 * unit, -8 * unit)
        line = QPolygonF(
            [QPointF(area.left() + x * area.width(), area.bottom() - y * area.height()) for x, y in self._points]
        )
        brush.pen.setPen(QPen(CARD if self.lit else INKS["dim"], 2 * unit))
        brush.pen.drawPolyline(line)
        brush.end()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Enter presses it; every other key is the show's."""
        if event is not None and event.key() in WITH_ENTER:
            self.click()
        elif event is not None:
            event.ignore()
