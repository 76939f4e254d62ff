"""Painted list of the panel: one column of rows below headings, chosen by mouse and arrow keys."""

from abc import abstractmethod
from collections.abc import Sequence

from PyQt5.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.look import Brush
from livegan.ui.panel.painted_rows import PaintedRows, RowPlace

HEADING = 32.0  # [units]
WAYS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
}


class PaintedList(PaintedRows[RowPlace]):
    """Base of lists with one column, whose rows have numbers; main thread only."""

    chosen = pyqtSignal(int)  # a row was selected by a hand
    entered = pyqtSignal(int)  # Enter was pressed on it, or it was clicked twice

    ROW = 28.0  # height of a row [units]

    def __init__(self, about: str, empty: str = "", parent: QWidget | None = None) -> None:
        """`about` is for people who hear the panel; `empty` is shown where there is no row."""
        self.selected = -1
        self._groups: Sequence[str] = ()  # of each row
        self._at: dict[int, RowPlace] = {}  # the place of each row that is in no closed group
        super().__init__(about, empty, parent)

    @abstractmethod
    def state(self, index: int) -> object:
        """What a row shows now: it is painted again where this is another than before."""

    @abstractmethod
    def draw_row(self, brush: Brush, index: int, rect: QRectF) -> None:
        """What of a row does not change while the show plays."""

    @abstractmethod
    def draw_live(self, brush: Brush, index: int, rect: QRectF) -> None:
        """What does."""

    def tip(self, index: int) -> str:
        """The tool tip of a row."""
        return ""

    def row_state(self, place: RowPlace) -> object:
        return self.state(_index(place))

    def paint_row(self, brush: Brush, place: RowPlace, rect: QRectF) -> None:
        self.draw_row(brush, _index(place), rect)

    def paint_live(self, brush: Brush, place: RowPlace, rect: QRectF) -> None:
        self.draw_live(brush, _index(place), rect)

    def row_tip(self, place: RowPlace) -> str:
        return self.tip(_index(place))

    def show_groups(self, groups: Sequence[str]) -> None:
        """Show so many rows, each below the heading of its group; of "" there is none."""
        self._groups = groups
        if self.selected >= len(groups):
            self.selected = -1
        self._lay_out()

    def select(self, index: int) -> None:
        """Select a row, and bring it into view; -1 selects none."""
        self.selected = index
        place = self._at.get(index)
        if place is not None:
            self._reveal(place, HEADING * self.unit)
        self.restyle()

    def middle(self, index: int) -> float:
        """The height of a row's middle in the view [px], kept within it; in a closed group, that of its heading."""
        place = self._at.get(index)
        if place is None and 0 <= index < len(self._groups):
            group = self._groups[index]
            place = next((each for each in self._places if each.key is None and each.group == group), None)
        y = self._on_screen(place.rect).center().y() if place is not None else 0.0
        return min(max(y, 0.0), float(self.view.height()))

    def index_at(self, point: QPoint) -> int:
        """The row at a point of the view; -1: none."""
        place = self._place_at(QPointF(point))
        return _index(place) if place is not None else -1

    def _lay_out(self) -> None:
        unit, width = self.unit, float(self.view.width())
        places: list[RowPlace] = []
        y, before = 0.0, ""
        for index, group in enumerate(self._groups):
            if group != before:
                before = group
                count = sum(other == group for other in self._groups)
                places.append(RowPlace(QRectF(0, y, width, HEADING * unit), None, group, count))
                y += HEADING * unit
            if group not in self.collapsed:
                places.append(RowPlace(QRectF(0, y, width, self.ROW * unit), index, group))
                y += self.ROW * unit
        self._at = {_index(place): place for place in places if place.key is not None}
        self._laid_out(places, y, self.ROW * unit)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Select a row, or open and close a group."""
        place = self._place_at(QPointF(event.pos())) if event is not None else None
        if place is None:
            return
        if place.key is None:
            self._open_or_close(place.group)
        else:
            self.select(_index(place))
            self.chosen.emit(self.selected)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """As Enter."""
        index = self.index_at(event.pos()) if event is not None else -1
        if index >= 0:
            self.entered.emit(index)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows select, Enter enters; every other key is the show's."""
        if event is None:
            return
        key = event.key()
        if key in WAYS:
            self._go(WAYS[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selected >= 0:
            self.entered.emit(self.selected)
        else:
            event.ignore()

    def _go(self, rows: int) -> None:
        shown = list(self._at)
        if shown:
            at = shown.index(self.selected) + rows if self.selected in shown else 0
            self.select(shown[min(max(at, 0), len(shown) - 1)])
            self.chosen.emit(self.selected)

    def _select_first(self) -> None:
        if self.selected < 0:
            self._go(0)


def _index(place: RowPlace) -> int:
    """The number of a row; -1 of a heading."""
    return place.key if isinstance(place.key, int) else -1
