"""Painted rows of the panel: a scroll area that paints only rows that are seen, and again only those that have changed.

Base of `PaintedList` (one column) and `SliderList` (as many as fit). What of the rows never changes while a show plays
is kept as one picture.
"""

from abc import abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PyQt5.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QFocusEvent, QHelpEvent, QPaintEvent, QPixmap, QRegion, QResizeEvent
from PyQt5.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from livegan.ui.panel.list_bar import slim_scroll_bar
from livegan.ui.panel.look import GROUND, INKS, Brush, dress


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row or a heading lies in the list [px]."""

    rect: QRectF
    key: Hashable  # of a row, one of its own; None: a heading
    group: str
    count: int = 0  # rows below a heading


Place = TypeVar("Place", bound=RowPlace)


class PaintedRows(QAbstractScrollArea, Generic[Place]):
    """Base of lists of rows below headings; main thread only."""

    scrolled = pyqtSignal()

    def __init__(self, about: str, empty: str = "", parent: QWidget | None = None) -> None:
        """`about` is for people who hear the panel; `empty` is shown where there is no row."""
        super().__init__(parent)
        self.unit = 1.0
        self.collapsed: set[str] = set()
        self._empty = empty
        self._places: list[Place] = []
        self._visible: list[Place] | None = None  # None: to be found out
        self._painted: dict[Hashable, object] = {}
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
    def row_state(self, place: Place) -> object:
        """What a row shows now: it is painted again where this is another than before."""

    @abstractmethod
    def paint_row(self, brush: Brush, place: Place, rect: QRectF) -> None:
        """What of a row does not change while the show plays."""

    @abstractmethod
    def paint_live(self, brush: Brush, place: Place, rect: QRectF) -> None:
        """What does."""

    @abstractmethod
    def row_tip(self, place: Place) -> str:
        """The tool tip of a row."""

    @abstractmethod
    def _lay_out(self) -> None:
        """Find the places, and end with `_laid_out`."""

    @abstractmethod
    def _select_first(self) -> None:
        """Select a row, where Tab has come to the list and none is selected."""

    def is_closed(self, group: str) -> bool:
        """Whether the rows of a group are hidden below its heading."""
        return group in self.collapsed

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self.unit = unit
        self._lay_out()

    def refresh(self) -> None:
        """Paint the rows again that have changed."""
        region = QRegion()
        for place in self._seen():
            if place.key is not None and self.row_state(place) != self._painted.get(place.key):
                region = region.united(QRegion(self._on_screen(place.rect).toAlignedRect()))
        if not region.isEmpty():
            self.view.update(region)

    def restyle(self) -> None:
        """Paint all of it again."""
        self._static = None
        self.view.update()

    def _laid_out(self, places: list[Place], height: float, row_height: float) -> None:
        """Take the places; `height` of all of them together [px]."""
        self._places = places
        self._bar.setPageStep(self.view.height())
        self._bar.setSingleStep(round(row_height))
        self._bar.setRange(0, max(0, round(height + 8 * self.unit) - self.view.height()))
        self._moved()

    def _reveal(self, place: Place, above: float) -> None:
        """Bring a row into view; `above`: room left above it [px]."""
        height = self.view.height()
        if place.rect.top() < self._bar.value():
            self._bar.setValue(round(place.rect.top() - above))
        elif place.rect.bottom() > self._bar.value() + height:
            self._bar.setValue(round(place.rect.bottom() - height + 5 * self.unit))

    def _open_or_close(self, group: str) -> None:
        self.collapsed ^= {group}
        self._lay_out()

    def _moved(self, *_: object) -> None:
        self._visible = None
        self.restyle()
        self.scrolled.emit()

    def _on_screen(self, rect: QRectF) -> QRectF:
        return rect.translated(0, -self._bar.value())

    def _seen(self) -> list[Place]:
        if self._visible is None:
            top, bottom = self._bar.value(), self._bar.value() + self.view.height()
            self._visible = [each for each in self._places if each.rect.bottom() > top and each.rect.top() < bottom]
        return self._visible

    def _place_at(self, point: QPointF) -> Place | None:
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
            if place.key is not None and event.region().intersects(rect.toAlignedRect()):
                self._painted[place.key] = self.row_state(place)
                self.paint_live(brush, place, rect)
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
            if place.key is not None:
                self.paint_row(brush, place, rect)
            else:
                draw_heading(brush, rect, place.group, place.count, closed=self.is_closed(place.group))
        if not self._places and self._empty:
            middle = Qt.AlignmentFlag.AlignHCenter
            brush.text(QRectF(self.view.rect()), self._empty, 14, INKS["quiet"], align=middle)
        brush.end()
        return pixmap

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """The ring of the selected row appears."""
        super().focusInEvent(event)
        if event is not None and event.reason() == Qt.FocusReason.TabFocusReason:
            self._select_first()
        self.restyle()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """... and goes."""
        super().focusOutEvent(event)
        self.restyle()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """The rows are as wide as fits."""
        super().resizeEvent(event)
        self._lay_out()

    def viewportEvent(self, event: QEvent | None) -> bool:  # noqa: N802
        """Tool tips."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self._place_at(QPointF(event.pos()))
            tip = self.row_tip(place) if place is not None and place.key is not None else ""
            QToolTip.showText(event.globalPos(), tip, self)
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
