"""Painted list of the panel: rows below headings, painted by one widget; a row again only where it has changed."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPaintEvent, QPixmap, QRegion, QResizeEvent
from PyQt5.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from livegan.ui.panel.list_bar import slim_scroll_bar
from livegan.ui.panel.look import GROUND, INKS, Brush, dress

HEADING = 32.0  # [units]
WAYS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
}


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a row, or a heading (`index` -1), lies in the list [px]."""

    rect: QRectF
    index: int
    group: str
    count: int = 0


class PaintedList(QAbstractScrollArea):
    """Base of lists with one column; main thread only."""

    chosen = pyqtSignal(int)  # a row was selected by a hand
    entered = pyqtSignal(int)  # Enter was pressed on it, or it was clicked twice
    scrolled = pyqtSignal()

    ROW = 28.0  # height of a row [units]

    def __init__(self, about: str, empty: str = "", parent: QWidget | None = None) -> None:
        """`about` is for people who hear the panel; `empty` is shown where there is no row."""
        super().__init__(parent)
        self.unit = 1.0
        self.collapsed: set[str] = set()
        self.selected = -1
        self._empty = empty
        self._groups: Sequence[str] = ()  # of each row
        self._places: list[ListPlace] = []
        self._at: dict[int, ListPlace] = {}  # the place of each row that is in no closed group
        self._visible: list[ListPlace] | None = None  # None: to be found out
        self._painted: dict[int, object] = {}
        self._static: QPixmap | None = None
        dress(self)
        slim_scroll_bar(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(about)
        self.view.setMouseTracking(True)
        self.view.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        bar = self.verticalScrollBar()
        assert bar is not None
        self._bar = bar
        bar.valueChanged.connect(self._moved)

    @property
    def view(self) -> QWidget:
        """The part that is seen."""
        port = self.viewport()
        assert port is not None
        return port

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

    def show_groups(self, groups: Sequence[str]) -> None:
        """Show so many rows, each below the heading of its group; of "" there is none."""
        self._groups = groups
        if self.selected >= len(groups):
            self.selected = -1
        self._lay_out()

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self.unit = unit
        self._lay_out()

    def refresh(self) -> None:
        """Paint the rows again that have changed."""
        region = QRegion()
        for place in self._seen():
            if place.index >= 0 and self.state(place.index) != self._painted.get(place.index):
                region = region.united(QRegion(self._on_screen(place.rect).toAlignedRect()))
        if not region.isEmpty():
            self.view.update(region)

    def restyle(self) -> None:
        """Paint all of it again."""
        self._static = None
        self.view.update()

    def select(self, index: int) -> None:
        """Select a row, and bring it into view; -1 selects none."""
        self.selected = index
        place = self._at.get(index)
        if place is not None:
            height = self.view.height()
            if place.rect.top() < self._bar.value():
                self._bar.setValue(round(place.rect.top() - HEADING * self.unit))
            elif place.rect.bottom() > self._bar.value() + height:
                self._bar.setValue(round(place.rect.bottom() - height + 4 * self.unit))
        self.restyle()

    def middle(self, index: int) -> float:
        """The height of a row's middle in the view [px], kept within it; in a closed group, that of its heading."""
        place = self._at.get(index)
        if place is None and 0 <= index < len(self._groups):
            group = self._groups[index]
            place = next((each for each in self._places if each.index < 0 and each.group == group), None)
        y = self._on_screen(place.rect).center().y() if place is not None else 0.0
        return min(max(y, 0.0), float(self.view.height()))

    def index_at(self, point: QPoint) -> int:
        """The row at a point of the view; -1: none."""
        place = self._place_at(QPointF(point))
        return place.index if place is not None else -1

    def _lay_out(self) -> None:
        unit, width = self.unit, float(self.view.width())
        places: list[ListPlace] = []
        y, before = 0.0, ""
        for index, group in enumerate(self._groups):
            if group != before:
                before = group
                count = sum(other == group for other in self._groups)
                places.append(ListPlace(QRectF(0, y, width, HEADING * unit), -1, group, count))
                y += HEADING * unit
            if group not in self.collapsed:
                places.append(ListPlace(QRectF(0, y, width, self.ROW * unit), index, group))
                y += self.ROW * unit
        self._places, self._at = places, {place.index: place for place in places if place.index >= 0}
        self._bar.setPageStep(self.view.height())
        self._bar.setSingleStep(round(self.ROW * unit))
        self._bar.setRange(0, max(0, round(y + 8 * unit) - self.view.height()))
        self._moved()

    def _moved(self, *_: object) -> None:
        self._visible = None
        self.restyle()
        self.scrolled.emit()

    def _on_screen(self, rect: QRectF) -> QRectF:
        return rect.translated(0, -self._bar.value())

    def _seen(self) -> list[ListPlace]:
        if self._visible is None:
            top, bottom = self._bar.value(), self._bar.value() + self.view.height()
            self._visible = [each for each in self._places if each.rect.bottom() > top and each.rect.top() < bottom]
        return self._visible

    def _place_at(self, point: QPointF) -> ListPlace | None:
        inside = QPointF(point.x(), point.y() + self._bar.value())
        return next((place for place in self._places if place.rect.contains(inside)), None)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """What does not change is kept as a picture; over it what does."""
        if event is None:
            return
        if self._static is None:
            self._static = self._draw_static()
        brush = Brush(self.view, self.unit)
        brush.pen.drawPixmap(0, 0, self._static)
        for place in self._seen():
            rect = self._on_screen(place.rect)
            if place.index >= 0 and event.region().intersects(rect.toAlignedRect()):
                self._painted[place.index] = self.state(place.index)
                self.draw_live(brush, place.index, rect)
        brush.end()

    def _draw_static(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.view.width() * ratio), round(self.view.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(GROUND)
        self._painted.clear()
        brush = Brush(pixmap, self.unit)
        for place in self._seen():
            rect = self._on_screen(place.rect)
            if place.index >= 0:
                self.draw_row(brush, place.index, rect)
            else:
                draw_heading(brush, rect, place.group, place.count, closed=place.group in self.collapsed)
        if not self._places and self._empty:
            middle = Qt.AlignmentFlag.AlignHCenter
            brush.text(QRectF(self.view.rect()), self._empty, 14, INKS["quiet"], align=middle)
        brush.end()
        return pixmap

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Select a row, or open and close a group."""
        place = self._place_at(QPointF(event.pos())) if event is not None else None
        if place is None:
            return
        if place.index < 0:
            self.collapsed ^= {place.group}
            self._lay_out()
        else:
            self.select(place.index)
            self.chosen.emit(place.index)

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
        shown = [place.index for place in self._places if place.index >= 0]
        if shown:
            at = shown.index(self.selected) + rows if self.selected in shown else 0
            self.select(shown[min(max(at, 0), len(shown) - 1)])
            self.chosen.emit(self.selected)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """The ring of the selected row appears."""
        super().focusInEvent(event)
        if self.selected < 0 and event is not None and event.reason() == Qt.FocusReason.TabFocusReason:
            self._go(0)
        self.restyle()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """... and goes."""
        super().focusOutEvent(event)
        self.restyle()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """The rows are as wide as the list."""
        super().resizeEvent(event)
        self._lay_out()

    def viewportEvent(self, event: QEvent | None) -> bool:  # noqa: N802
        """Tool tips."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(event.pos())
            QToolTip.showText(event.globalPos(), self.tip(index) if index >= 0 else "", self)
            return True
        return super().viewportEvent(event)


def draw_heading(brush: Brush, rect: QRectF, title: str, count: int, *, closed: bool) -> None:
    """A group's heading with its arrow, and how many rows it has."""
    unit = brush.unit
    x, y = rect.left() + 6 * unit, rect.center().y() + 3 * unit
    arrow = [(0, -4), (6, 0), (0, 4)] if closed else [(-1, -3), (7, -3), (3, 3)]
    brush.pen.setBrush(INKS["quiet"])
    brush.pen.drawPolygon(*(QPointF(x + dx * unit, y + dy * unit) for dx, dy in arrow))
    words = rect.adjusted(20 * unit, 6 * unit, 0, 0)
    taken = brush.text(words, title, 14, INKS["dim"], bold=True)
    words.setLeft(words.left() + taken + 8 * unit)
    brush.text(words, str(count), 12, INKS["quiet"])
