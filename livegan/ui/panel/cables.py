"""Cables of the patch bay: from rows of one list to rows of the next, as bright as what runs through them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QPointF, QSize, Qt
from PyQt5.QtGui import QColor, QPainterPath, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.look import INKS, Brush, Painted


@dataclass(frozen=True, slots=True)
class Cable:
    """One cable: heights of its ends [px], how much runs through it (0..1), and how it is drawn."""

    left: float
    right: float
    flow: float
    muted: bool = False
    chosen: bool = False


class Cables(Painted):
    """Strip between two lists."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cables: Sequence[Cable] = ()

    def show_cables(self, cables: Sequence[Cable]) -> None:
        """Show these; those that are chosen lie over the others."""
        if self.show_value(tuple(cables)):
            self._cables = sorted(cables, key=lambda cable: cable.chosen)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Narrow."""
        return self.wants(42, 100)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As wide as it wants to be."""
        return self.wants(40, 40)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Curves, with a plug at each end."""
        brush = Brush(self, self.unit)
        width = float(self.width())
        brush.pen.setBrush(Qt.BrushStyle.NoBrush)
        for cable in self._cables:
            path = QPainterPath(QPointF(0, cable.left))
            path.cubicTo(width * 0.5, cable.left, width * 0.5, cable.right, width, cable.right)
            ink = QColor(INKS["quiet"] if cable.muted else INKS["cold"] if cable.chosen else INKS["good"])
            ink.setAlphaF(0.45 if cable.muted else 0.28 + 0.72 * cable.flow)
            pen = QPen(ink, (2.6 if cable.chosen else 1.6) * self.unit)
            pen.setStyle(Qt.PenStyle.DashLine if cable.muted else Qt.PenStyle.SolidLine)
            brush.pen.setPen(pen)
            brush.pen.drawPath(path)
        brush.end()
