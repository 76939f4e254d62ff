"""Lists of the patch bay: features on the left, parameters on the right, and between them the routes."""

from collections.abc import Sequence
from dataclasses import replace

from PyQt5.QtCore import QPoint, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QWheelEvent
from PyQt5.QtWidgets import QApplication, QWidget

from livegan.config.scene import RouteTable
from livegan.core.parameters import plain_name
from livegan.engine.board import Board
from livegan.engine.patch_bay import RouteMeter
from livegan.ui.panel.feature_rows import ListRow, level_of
from livegan.ui.panel.look import CARD, INKS, RAISED, Brush, font
from livegan.ui.panel.painted_list import PaintedList
from livegan.ui.panel.parameter_rows import number_text, share_of

RIGHT, MIDDLE = Qt.AlignmentFlag.AlignRight, Qt.TextElideMode.ElideMiddle


class NameList(PaintedList):
    """Names with a level each. One can be dragged onto another list; the one that is picked keeps a mark."""

    dragged = pyqtSignal(str, QPoint)  # a name, and where on the screen
    dropped = pyqtSignal(str, QPoint)

    def __init__(self, about: str, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(about, empty, parent)
        self.rows: Sequence[ListRow] = ()
        self.over = -1  # the row that something is held above
        self._pressed: tuple[str, QPoint] | None = None
        self._dragging = False

    @property
    def picked(self) -> str:
        """The name of the selected row, or ""."""
        return self.rows[self.selected].name if 0 <= self.selected < len(self.rows) else ""

    def show_rows(self, rows: Sequence[ListRow]) -> None:
        """Show these; the selection stays with its name."""
        picked = self.picked
        self.rows = rows
        self.selected = next((i for i, row in enumerate(rows) if row.name == picked), -1) if picked else -1
        self.show_groups([row.group for row in rows])

    def pick(self, name: str) -> None:
        """Select a name where it stands first."""
        self.select(next((i for i, row in enumerate(self.rows) if row.name == name), -1))

    def index_of(self, name: str) -> int:
        """The first row of a name; -1: none."""
        return next((i for i, row in enumerate(self.rows) if row.name == name), -1)

    def hold_over(self, index: int) -> None:
        """Show that something is held above a row."""
        if index != self.over:
            self.over = index
            self.restyle()

    def draw_row(self, brush: Brush, index: int, rect: QRectF) -> None:
        """Box and name."""
        unit = self.unit
        box = rect.adjusted(1, unit, -1, -unit)
        if index in (self.selected, self.over):
            brush.box(box, INKS["cold"].darker(220) if index == self.over else RAISED, 5)
            if self.hasFocus() or index == self.over:
                brush.ring(box, 5)
        words = rect.adjusted(12 * unit, 0, -46 * unit, 0)
        brush.text(words, self.rows[index].label, 13, INKS["text"], elide=MIDDLE)

    def _meter(self, rect: QRectF) -> QRectF:
        unit = self.unit
        return QRectF(rect.right() - 42 * unit, rect.center().y() - 2.5 * unit, 34 * unit, 5 * unit)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Select; from here it may be dragged."""
        super().mousePressEvent(event)
        if event is not None and self.index_at(event.pos()) >= 0:
            self._pressed, self._dragging = (self.rows[self.index_at(event.pos())].name, event.globalPos()), False

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drag."""
        if event is None or self._pressed is None:
            return
        name, start = self._pressed
        far = (event.globalPos() - start).manhattanLength() >= QApplication.startDragDistance()
        if self._dragging or far:
            self._dragging = True
            self.dragged.emit(name, event.globalPos())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drop."""
        pressed, self._pressed = self._pressed, None
        if event is not None and pressed is not None and self._dragging:
            self.dropped.emit(pressed[0], event.globalPos())
        self._dragging = False


class FeatureList(NameList):
    """What is heard, with live levels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("features of the sound", "no feature like that", parent)
        self._board: Board | None = None

    def take(self, board: Board) -> None:
        """The newest levels."""
        self._board = board
        self.refresh()

    def state(self, index: int) -> object:
        """The level, as fine as it can be seen."""
        return 0.0 if self._board is None else round(level_of(self._board.features, self.rows[index].name), 2)

    def draw_live(self, brush: Brush, index: int, rect: QRectF) -> None:
        """The level."""
        level = 0.0 if self._board is None else level_of(self._board.features, self.rows[index].name)
        brush.bar(self._meter(rect), level, INKS["good"])

    def tip(self, index: int) -> str:
        """Name and value."""
        name = self.rows[index].name
        at = self._board.features.layout.index.get(name) if self._board is not None else None
        value = f" = {self._board.features.values[at]:.3g}" if self._board is not None and at is not None else ""
        return f"{name}{value}; drag it onto a parameter"


class TargetList(NameList):
    """What can be pushed, with live values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("parameters of the scene", "no parameter like that", parent)
        self._board: Board | None = None

    def take(self, board: Board) -> None:
        """The newest values."""
        self._board = board
        self.refresh()

    def _shares(self, index: int) -> tuple[float, float]:
        board, name = self._board, self.rows[index].name
        if board is None or name not in board.parameters:
            return 0.0, 0.0
        parameter = board.parameters[name]
        return (
            share_of(parameter, board.set_values[name]),
            share_of(parameter, board.values.get(name, board.set_values[name])),
        )

    def state(self, index: int) -> object:
        """Where it is set to, and where it is."""
        return tuple(round(share, 2) for share in self._shares(index))

    def draw_live(self, brush: Brush, index: int, rect: QRectF) -> None:
        """The value as set, and what is pushed."""
        was, now = self._shares(index)
        bar = self._meter(rect)
        brush.bar(bar, was, INKS["dim"])
        low, high = sorted((was, now))
        if high - low > 0.005:
            brush.pen.setBrush(INKS["good"])
            brush.pen.drawRoundedRect(
                QRectF(bar.left() + low * bar.width(), bar.top(), max((high - low) * bar.width(), 2), bar.height()),
                2,
                2,
            )

    def tip(self, index: int) -> str:
        """Name and meaning."""
        name = self.rows[index].name
        about = self._board.parameters[name].about if self._board and name in self._board.parameters else ""
        return f"{name}: {about}"


class RouteList(PaintedList):
    """The routes, each with what its source does, how far it pushes, its amount and its mute."""

    ROW = 58.0
    amount_dragged = pyqtSignal(int, float)  # a route, and a share of its target's range to add
    mute = pyqtSignal(int)
    delete = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("routes of the scene", "no routes yet: drag a feature onto a parameter", parent)
        self.meters: Sequence[RouteMeter] = ()
        self._board: Board | None = None
        self._turning: tuple[int, int] | None = None  # a route whose amount is dragged, and where the mouse was

    def take(self, board: Board, meters: Sequence[RouteMeter]) -> None:
        """The newest meters; all is painted again where the routes themselves are others."""
        before = [_still(meter.table) for meter in self.meters]
        self._board, self.meters = board, meters
        if len(before) != len(meters):
            self.show_groups([""] * len(meters))
        elif before != [_still(meter.table) for meter in meters]:
            self.restyle()
        else:
            self.refresh()

    def push_share(self, meter: RouteMeter) -> float:
        """The push as a share of the target's range, -1..1."""
        parameter = self._board.parameters.get(meter.table.target) if self._board is not None else None
        room = parameter.high - parameter.low if parameter is not None else 0.0
        return min(max(meter.push / room, -1.0), 1.0) if room else 0.0

    def state(self, index: int) -> object:
        """What its meters show."""
        meter = self.meters[index]
        return round(meter.source, 2), round(self.push_share(meter), 2), meter.table.amount

    def _amount_rect(self, rect: QRectF) -> QRectF:
        unit = self.unit
        return QRectF(rect.right() - 122 * unit, rect.top() + 28 * unit, 78 * unit, 24 * unit)

    def _mute_rect(self, rect: QRectF) -> QRectF:
        unit = self.unit
        return QRectF(rect.right() - 38 * unit, rect.top() + 12 * unit, 30 * unit, 34 * unit)

    def draw_row(self, brush: Brush, index: int, rect: QRectF) -> None:
        """Box, names and the mute button."""
        unit, meter = self.unit, self.meters[index]
        chosen = index == self.selected
        box = rect.adjusted(1, 2 * unit, -1, -2 * unit)
        brush.box(box, RAISED if chosen else CARD, 7)
        if chosen:
            brush.ring(box, 7, INKS["cold"] if self.hasFocus() else INKS["quiet"])
        ink = INKS["quiet"] if meter.muted else INKS["text"]
        words = QRectF(rect.left() + 12 * unit, rect.top() + 5 * unit, rect.width() - 56 * unit, 22 * unit)
        target = plain_name(meter.table.target)
        wide = min(QFontMetricsF(font(14 * unit)).horizontalAdvance(target) + 4 * unit, words.width() / 2)
        left = QRectF(words.left(), words.top(), words.width() - wide - 30 * unit, words.height())
        taken = brush.text(left, meter.table.source, 14, ink, bold=True, elide=MIDDLE)
        arrow = QRectF(words.left() + taken + 6 * unit, words.top(), 18 * unit, words.height())
        brush.text(arrow, "→", 14, INKS["quiet"])
        right = QRectF(arrow.right(), words.top(), words.right() - arrow.right(), words.height())
        brush.text(right, target, 14, ink, elide=MIDDLE)
        button = self._mute_rect(rect)
        brush.box(button, INKS["warn"] if meter.muted else CARD.lighter(150), 5)
        brush.text(
            button, "M", 13, CARD if meter.muted else INKS["dim"], bold=True, align=Qt.AlignmentFlag.AlignHCenter
        )
        brush.box(self._amount_rect(rect), CARD.darker(130), 4)

    def draw_live(self, brush: Brush, index: int, rect: QRectF) -> None:
        """Source, push and amount."""
        unit, meter = self.unit, self.meters[index]
        amount = self._amount_rect(rect)
        room = amount.left() - rect.left() - 32 * unit
        y = amount.center().y() - 4 * unit
        source = QRectF(rect.left() + 12 * unit, y, room * 0.42, 8 * unit)
        push = QRectF(source.right() + 14 * unit, y, room - source.width() - 8 * unit, 8 * unit)
        brush.bar(source, meter.source, INKS["quiet"] if meter.muted else INKS["good"])
        if meter.table.threshold:
            x = source.left() + meter.table.threshold * source.width()
            brush.pen.setBrush(INKS["text"])
            brush.pen.drawRect(QRectF(x - unit / 2, y - 2 * unit, unit, 12 * unit))
        brush.bar(push, 0.0, INKS["cold"])
        share = self.push_share(meter)
        middle = push.center().x()
        reach = share * push.width() / 2
        ink = QColor(INKS["quiet"] if meter.muted else INKS["cold"])
        if abs(reach) >= 1:
            brush.pen.setBrush(ink)
            brush.pen.drawRoundedRect(QRectF(min(middle, middle + reach), y, abs(reach), 8 * unit), 4 * unit, 4 * unit)
        brush.pen.setBrush(INKS["quiet"])
        brush.pen.drawRect(QRectF(middle - unit / 2, y - 2 * unit, unit, 12 * unit))
        text = self._amount_text(meter.table)
        brush.text(
            amount.adjusted(4 * unit, 0, -6 * unit, 0), text, 13, INKS["dim" if meter.muted else "text"], align=RIGHT
        )

    def _amount_text(self, table: RouteTable) -> str:
        parameter = self._board.parameters.get(table.target) if self._board is not None else None
        number = number_text(replace(parameter, whole=False), table.amount) if parameter else f"{table.amount:g}"
        sign = "±" if table.polarity == "both" else "+" if table.amount > 0 else ""
        return sign + number.removeprefix("-") if table.polarity == "both" else sign + number

    def tip(self, index: int) -> str:
        """What can be done with it."""
        table = self.meters[index].table
        return f"{table.source} → {table.target}: drag the amount; M mutes, Del deletes, Enter edits"

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Select, mute, or take the amount."""
        super().mousePressEvent(event)
        index = self.index_at(event.pos()) if event is not None else -1
        if event is None or index < 0:
            return
        place = self._at[index]
        rect = self._on_screen(place.rect)
        if self._mute_rect(rect).contains(event.pos()):
            self.mute.emit(index)
        elif self._amount_rect(rect).contains(event.pos()):
            self._turning = index, event.x()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drag an amount; with Shift ten times as finely."""
        if event is None:
            return
        if self._turning is None:
            index = self.index_at(event.pos())
            place = self._at.get(index)
            over = place is not None and self._amount_rect(self._on_screen(place.rect)).contains(event.pos())
            self.view.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)
            return
        index, x = self._turning
        self._turning = index, event.x()
        fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        self.amount_dragged.emit(index, fine * (event.x() - x) / (250 * self.unit))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Let go of it."""
        self._turning = None

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """With Ctrl over an amount: fine steps; else the list moves."""
        index = self.index_at(event.position().toPoint()) if event is not None else -1
        if event is not None and index >= 0 and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            place = self._at[index]
            if self._amount_rect(self._on_screen(place.rect)).contains(event.position()):
                self.amount_dragged.emit(index, 0.01 * event.angleDelta().y() / 120)
                event.accept()
                return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """M mutes, Del deletes, left and right change the amount."""
        if event is None:
            return
        key, index = event.key(), self.selected
        if index < 0:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_M:
            self.mute.emit(index)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete.emit(index)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            size = 0.001 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.01
            self.amount_dragged.emit(index, size if key == Qt.Key.Key_Right else -size)
        else:
            super().keyPressEvent(event)


def _still(table: RouteTable) -> RouteTable:
    """A route without what is painted anew in any case."""
    return table.model_copy(update={"amount": 0.0})
