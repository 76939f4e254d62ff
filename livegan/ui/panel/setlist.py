"""Setlist of the panel: the scenes in the order in which they play, the one that plays lit, the next one and when."""

from collections.abc import Callable

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QMouseEvent, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.look import INKS, RAISED, Brush, Painted

ROW = 30.0  # [units]


class SetlistRows(Painted):
    """One row for each entry; a click plays it."""

    def __init__(
        self, play: Callable[[int], object], reveal: Callable[[QRect], object], parent: QWidget | None = None
    ) -> None:
        """`play` gets a scene's number, `reveal` the rectangle of the entry that plays."""
        super().__init__(parent)
        self._play, self._reveal = play, reveal
        self._rows: tuple[tuple[int, str], ...] = ()  # numbers and titles
        self._playing, self._coming, self._when = -1, -1, ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Setlist")

    def show_facts(self, facts: PanelFacts) -> None:
        """The entries, and where the show is."""
        board = facts.board
        order = board.order if board is not None else ()
        rows = tuple((number, facts.title_of(number)) for number in order)
        playing = board.playing if board is not None else -1
        coming = (board.chosen if board.chosen >= 0 else board.next) if board is not None else -1
        self._when = facts.coming[1]
        if rows != self._rows:
            self._rows = rows
            self.setMinimumHeight(round(len(rows) * ROW * self.unit))
        moved, self._playing, self._coming = playing != self._playing, playing, coming
        if self.show_value((rows, playing, coming, self._when)) and moved:
            places = [place for place, (number, _) in enumerate(rows) if number == playing]
            if places:
                self._reveal(self._area(places[0]))

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        super().rescale(unit)
        self.setMinimumHeight(round(len(self._rows) * ROW * unit))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its rows."""
        return self.wants(180, ROW * max(len(self._rows), 1))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Play the entry under the mouse."""
        at = int(event.pos().y() // (ROW * self.unit)) if event is not None else -1
        if 0 <= at < len(self._rows):
            self._play(self._rows[at][0])

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Those rows that must be painted anew."""
        brush, unit = Brush(self, self.unit), self.unit
        dirty = event.rect() if event is not None else self.rect()
        for place, (number, title) in enumerate(self._rows):
            area = self._area(place)
            if not area.intersects(dirty):
                continue
            row = QRectF(area).adjusted(0, 1, 0, -1)
            plays, comes = number == self._playing, number == self._coming
            if plays:
                brush.box(row, RAISED, 5)
                brush.box(QRectF(row.x(), row.y(), 4 * unit, row.height()), INKS["good"], 2)
            inner = row.adjusted(12 * unit, 0, -8 * unit, 0)
            brush.text(inner, str(place + 1), 13, INKS["quiet"])
            when = self._when if comes else ""
            right = brush.text(inner, when, 13, INKS["warn"], align=Qt.AlignmentFlag.AlignRight) if when else 0.0
            ink = INKS["text"] if plays or comes else INKS["dim"]
            brush.text(inner.adjusted(28 * unit, 0, -right - 6 * unit, 0), title, 14.5, ink, bold=plays)
        brush.end()

    def _area(self, place: int) -> QRect:
        height = ROW * self.unit
        return QRect(0, round(place * height), self.width(), round((place + 1) * height) - round(place * height))
