"""Cards: the dark boxes into which the panel is divided, each with a quiet heading."""

from PyQt5.QtCore import QRectF
from PyQt5.QtGui import QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from livegan.ui.panel.look import CARD, INKS, Brush

HEADING = 22.0  # its height [units]
INNER, BETWEEN = 10.0, 8.0  # margins and gaps [units]


class Card(QWidget):
    """Card with a heading; what it holds is added to its `rows`."""

    paper = CARD

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unit = 1.0
        self._heading = heading
        self.rows = QVBoxLayout(self)
        if heading:
            self.setAccessibleName(heading)

    def row(self, *widgets: QWidget, stretch: int = -1) -> QHBoxLayout:
        """Add widgets side by side; the one at place `stretch` takes what is left."""
        line = QHBoxLayout()
        for place, widget in enumerate(widgets):
            line.addWidget(widget, int(place == stretch))
        self.rows.addLayout(line)
        return line

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self.unit = unit
        inner = round(INNER * unit)
        top = round((HEADING + 6) * unit) if self._heading else inner
        set_spaces(self.rows, (inner, top, inner, inner), BETWEEN * unit)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """The box and its heading."""
        brush = Brush(self, self.unit)
        brush.box(QRectF(self.rect()), CARD, 9)
        if self._heading:
            unit = self.unit
            area = QRectF(INNER * unit, 5 * unit, self.width() - 2 * INNER * unit, HEADING * unit)
            brush.text(area, self._heading, 12, INKS["quiet"], bold=True)
        brush.end()


def set_spaces(layout: QLayout, margins: tuple[int, int, int, int], gap: float) -> None:
    """Margins and gaps of a layout and of those in it [px]."""
    layout.setContentsMargins(*margins)
    layout.setSpacing(round(gap))
    for place in range(layout.count()):
        item = layout.itemAt(place)
        inner = item.layout() if item is not None else None
        if inner is not None:
            set_spaces(inner, (0, 0, 0, 0), gap)
