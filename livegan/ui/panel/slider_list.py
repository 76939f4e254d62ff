"""Virtual list of sliders: one widget paints those that are seen, and again only those whose values have changed."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.look import CARD, GROUND, INKS, RAISED, Brush
from livegan.ui.panel.painted_rows import PaintedRows, RowPlace
from livegan.ui.panel.parameter_rows import ParameterRow, snapped, step_of, value_text

ROW, HEADING, GAP = 50.0, 38.0, 10.0  # heights, and the space between columns [units]
COLUMN = 290.0  # least width of a column [units]
TRACK = 34.0  # from a row's upper edge to the middle of its track
ICON = 30.0  # width of the learn button at the end of a track
METER, MOST_SOURCES = 26.0, 2  # width of a source's meter, and how many are shown of one parameter
GRAB = 12.0  # so near to its handle a press does not move it
COARSE, STEP, FINE = 0.1, 0.01, 0.001  # steps, as shares of the range: with Ctrl, plain, with Shift


@dataclass(frozen=True, slots=True)
class RowState:
    """What changes of a row while the show plays; shares of its range."""

    set: float
    live: float
    moved: bool
    text: str
    live_text: str = ""  # "" where it is the set value
    turn: str = ""  # which way its knob must be turned to reach it
    levels: tuple[float, ...] = ()  # of its routes' sources, 0..1


@dataclass(frozen=True, slots=True)
class SliderPlace(RowPlace):
    """Where a row or a heading lies; the key is group and name, as a parameter may stand below two headings."""

    row: ParameterRow | None = None  # None: a heading


class SliderList(PaintedRows[SliderPlace]):
    """Painted list of sliders in as many columns as fit; main thread only."""

    pressed = pyqtSignal(str)  # a track was pressed; `slid` follows, where that moves it
    slid = pyqtSignal(str, float)  # a parameter is to stand at this share of its range
    released = pyqtSignal(str)  # ... to get the scene's value back
    learn = pyqtSignal(str)  # ... to be learnt
    typed = pyqtSignal(str)  # a value is to be typed

    def __init__(self, state: Callable[[str], RowState], parent: QWidget | None = None) -> None:
        """`state` says what a parameter's row shows now."""
        self.rows: Sequence[ParameterRow] = ()
        self._key = ("", "")  # group and name of the selected row
        self.armed = ""  # the parameter that waits for a control
        self.dragged = ""  # the one that a hand holds now
        self._state = state
        self._meters: dict[Hashable, list[QRectF]] = {}  # where the levels of a row's sources are painted
        self._grab = (0.0, 0.0)  # share and x where a drag began
        self.searching = False
        self.learning: Callable[[], bool] = lambda: False  # a press anywhere in a row names what a knob shall move
        super().__init__("sliders of the scene's parameters", "nothing like that", parent)

    @property
    def selected(self) -> str:
        """The parameter that keys move, or ""."""
        return self._key[1]

    def show_rows(self, rows: Sequence[ParameterRow]) -> None:
        """Show these; the selection stays where it can."""
        self.rows = rows
        if self._key not in {(row.group, row.parameter.name) for row in rows}:
            self._key = next(
                ((row.group, self.selected) for row in rows if row.parameter.name == self.selected), ("", "")
            )
        self._lay_out()

    def is_closed(self, group: str) -> bool:
        """Whether a group is closed; none is while something is searched."""
        return group in self.collapsed and not self.searching

    def select(self, name: str) -> None:
        """Select a parameter and bring it into view."""
        place = next((each for each in self._places if each.row and each.row.parameter.name == name), None)
        if place is not None:
            self._select(place)

    def _select(self, place: SliderPlace) -> None:
        self._key = _key(place)
        self._reveal(place, HEADING * self.unit)
        self.restyle()

    def value_rect(self, name: str) -> QRect:
        """Where the value of a parameter is written, in the view."""
        places = [each for each in self._places if each.row and each.row.parameter.name == name]
        place = next((each for each in places if each.key == self._key), places[0] if places else None)
        if place is None:
            return QRect()
        rect = self._on_screen(place.rect)
        width = 118 * self.unit
        return QRectF(rect.right() - width, rect.top() + 3 * self.unit, width, 26 * self.unit).toRect()

    def _lay_out(self) -> None:
        unit, width = self.unit, float(self.view.width())
        columns = max(1, int((width + GAP * unit) // ((COLUMN + GAP) * unit)))
        wide = (width - GAP * unit * (columns - 1)) / columns
        places: list[SliderPlace] = []
        y, group, column = 0.0, None, 0
        for row in self.rows:
            if row.group != group:
                y += ROW * unit if column else 0.0
                group, column = row.group, 0
                count = sum(other.group == group for other in self.rows)
                places.append(SliderPlace(QRectF(0, y, width, HEADING * unit), None, group, count))
                y += HEADING * unit
            if self.is_closed(row.group):
                continue
            rect = QRectF(column * (wide + GAP * unit), y, wide, ROW * unit)
            places.append(SliderPlace(rect, (row.group, row.parameter.name), row.group, row=row))
            column = (column + 1) % columns
            y += 0.0 if column else ROW * unit
        y += ROW * unit if column else 0.0
        self._laid_out(places, y, ROW * unit)

    def _track(self, rect: QRectF) -> QRectF:
        """The track in a row's rectangle; the ends are where the middle of the handle may be."""
        unit = self.unit
        return QRectF(
            rect.left() + 10 * unit, rect.top() + (TRACK - 3) * unit, rect.width() - (22 + ICON) * unit, 6 * unit
        )

    # painting

    def row_state(self, place: SliderPlace) -> RowState:
        return self._state(_key(place)[1])

    def row_tip(self, place: SliderPlace) -> str:
        """The parameter's own name, what it does, and its range."""
        assert place.row is not None
        parameter = place.row.parameter
        span = f"{value_text(parameter, parameter.low)} to {value_text(parameter, parameter.high, long=True)}"
        return f"{parameter.name}: {parameter.about} ({span})"

    def paint_row(self, brush: Brush, place: SliderPlace, rect: QRectF) -> None:
        """Box, label, controls and empty track."""
        assert place.row is not None
        unit, row, key = self.unit, place.row, place.key
        box = rect.adjusted(1, 2 * unit, -1, -2 * unit)
        chosen = key == self._key
        brush.box(box, RAISED if chosen else CARD, 7)
        if chosen and self.hasFocus():
            brush.ring(box, 7)
        line = QRectF(rect.left() + 10 * unit, rect.top() + 5 * unit, rect.width() - 128 * unit, 22 * unit)
        taken = brush.text(line, row.label, 14, INKS["text"])
        line.setLeft(line.left() + taken + 10 * unit)
        if row.bound and line.width() > 20 * unit:
            line.setLeft(line.left() + brush.text(line, row.bound, 11.5, INKS["cold"]) + 10 * unit)
        self._meters[key] = []
        for source in row.sources[:MOST_SOURCES]:
            if line.width() < (METER + 46) * unit:
                break
            words = line.adjusted(0, 0, -(METER + 6) * unit, 0)
            x = line.left() + brush.text(words, source, 11.5, INKS["quiet"]) + 5 * unit
            self._meters[key].append(QRectF(x, line.center().y() - 2 * unit, METER * unit, 4 * unit))
            line.setLeft(x + (METER + 10) * unit)
        brush.bar(self._track(rect), 0.0, INKS["dim"])
        self._draw_icon(brush, row, rect)

    def _draw_icon(self, brush: Brush, row: ParameterRow, rect: QRectF) -> None:
        """A knob: press it, and then move one."""
        unit, name = self.unit, row.parameter.name
        armed = name == self.armed
        ink = INKS["warn"] if armed else INKS["cold"] if row.bound else INKS["quiet"]
        middle = QPointF(rect.right() - (ICON / 2 + 1) * unit, rect.top() + TRACK * unit)
        radius = (9 if armed else 7) * unit
        brush.pen.setBrush(INKS["warn"] if armed else QColor(0, 0, 0, 0))
        brush.pen.setPen(QPen(ink, max(1.6 * unit, 1.0)))
        brush.pen.drawEllipse(middle, radius, radius)
        brush.pen.setPen(QPen(GROUND if armed else ink, max(1.6 * unit, 1.0)))
        brush.pen.drawLine(middle, QPointF(middle.x() + radius * 0.7, middle.y() - radius * 0.7))
        brush.pen.setPen(Qt.PenStyle.NoPen)

    def paint_live(self, brush: Brush, place: SliderPlace, rect: QRectF) -> None:
        """The values."""
        assert place.row is not None
        unit, parameter = self.unit, place.row.parameter
        state = self._state(parameter.name)
        track = self._track(rect)
        rest = 0.0 if parameter.low >= 0 or parameter.high <= 0 else -parameter.low / (parameter.high - parameter.low)
        ink = INKS["cold"] if state.moved else INKS["dim"]
        _span(brush.pen, track, rest, state.set, ink)
        if state.live_text:
            glow = QColor(INKS["good"])
            glow.setAlpha(130)
            _span(brush.pen, track, state.set, state.live, glow)
        if rest:
            brush.pen.setBrush(INKS["quiet"])
            brush.pen.drawRect(
                QRectF(track.left() + rest * track.width() - 1, track.top() - 3 * unit, 2, track.height() + 6 * unit)
            )
        if state.live_text:
            x = track.left() + state.live * track.width()
            brush.pen.setBrush(INKS["good"])
            brush.pen.drawRoundedRect(
                QRectF(x - 2 * unit, track.top() - 4 * unit, 4 * unit, track.height() + 8 * unit), 2, 2
            )
        for meter, level in zip(self._meters.get(place.key, ()), state.levels, strict=False):
            brush.bar(meter, level, INKS["good"])
        held = parameter.name == self.dragged
        brush.light(track.left() + state.set * track.width(), track.center().y(), 18 if held else 14, INKS["text"])
        words = QRectF(rect.right() - 118 * unit, rect.top() + 5 * unit, 108 * unit, 22 * unit)
        right = Qt.AlignmentFlag.AlignRight
        if second := state.turn or state.live_text:
            taken = brush.text(words, second, 13, INKS["warn" if state.turn else "good"], align=right)
            words.setRight(words.right() - taken - 8 * unit)
        brush.text(words, state.text, 13, INKS["cold" if state.moved else "dim"], align=right)

    # hands

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Grab a handle, move it here, open a group, or learn."""
        place = self._place_at(QPointF(event.pos())) if event is not None else None
        if event is None or place is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if place.row is None:
            self._open_or_close(place.group)
            return
        name = place.row.parameter.name
        rect = self._on_screen(place.rect)
        self._key = _key(place)
        self.restyle()
        if event.x() > rect.right() - ICON * self.unit and event.y() > rect.top() + 20 * self.unit:
            self.learn.emit(name)
        elif self.learning():
            self.pressed.emit(name)
        elif event.y() > rect.top() + 22 * self.unit:
            self.pressed.emit(name)
            track, here = self._track(rect), self._state(name).set
            if abs(track.left() + here * track.width() - event.x()) > GRAB * self.unit:
                here = (event.x() - track.left()) / track.width()
                self.slid.emit(name, snapped(place.row.parameter, here))
            self.dragged, self._grab = name, (min(max(here, 0.0), 1.0), float(event.x()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drag; with Shift ten times as finely."""
        if event is None:
            return
        if self.dragged:
            place = next(each for each in self._places if each.row and each.row.parameter.name == self.dragged)
            assert place.row is not None
            start, x = self._grab
            fine = FINE / STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            share = start + fine * (event.x() - x) / self._track(place.rect).width()
            self._grab = min(max(share, -0.05), 1.05), float(event.x())
            self.slid.emit(self.dragged, snapped(place.row.parameter, share))
            self.refresh()
        else:
            place_under = self._place_at(QPointF(event.pos()))
            over = place_under.row is not None if place_under else False
            self.view.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Let go."""
        if self.dragged:
            self.dragged = ""
            self._painted.clear()
            self.refresh()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """On a track: the scene's value; on a value: type one."""
        place = self._place_at(QPointF(event.pos())) if event is not None else None
        if event is None or place is None or place.row is None:
            self.mousePressEvent(event)
            return
        self.dragged = ""
        name = place.row.parameter.name
        if self.learning():
            return
        if self.value_rect(name).contains(event.pos()):
            self.typed.emit(name)
        else:
            self.released.emit(name)

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """With Ctrl over a slider: fine steps; else the list moves."""
        place = self._place_at(event.position()) if event is not None else None
        ctrl = Qt.KeyboardModifier.ControlModifier
        if event is None or place is None or place.row is None or not event.modifiers() & ctrl:
            super().wheelEvent(event)
            return
        self._select(place)
        self._nudge(event.angleDelta().y() / 120, STEP, event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows, Backspace, Enter and L; every other key is the show's."""
        if event is None:
            return
        key = event.key()
        steps = {Qt.Key.Key_Left: -1.0, Qt.Key.Key_Right: 1.0, Qt.Key.Key_Minus: -1.0, Qt.Key.Key_Plus: 1.0}
        ways = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}
        if key in ways:
            self._go(ways[Qt.Key(key)])
        elif not self.selected:
            event.ignore()
        elif key in steps:
            self._nudge(steps[Qt.Key(key)], STEP, event.modifiers())
        elif key == Qt.Key.Key_Backspace:
            self.released.emit(self.selected)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.typed.emit(self.selected)
        elif key == Qt.Key.Key_L:
            self.learn.emit(self.selected)
        else:
            event.ignore()

    def _nudge(self, steps: float, size: float, held: Qt.KeyboardModifier | Qt.KeyboardModifiers) -> None:
        row = next((row for row in self.rows if row.parameter.name == self.selected), None)
        if row is None:
            return
        if held & Qt.KeyboardModifier.ShiftModifier:
            size = FINE
        elif held & Qt.KeyboardModifier.ControlModifier:
            size = COARSE
        share = self._state(self.selected).set + steps * step_of(row.parameter, size)
        self.slid.emit(self.selected, snapped(row.parameter, share))
        self.refresh()

    def _go(self, rows: int) -> None:
        """Select the slider so many rows above or below, in the same column."""
        places = [place for place in self._places if place.row is not None]
        if not places:
            return
        here = next((place for place in places if place.key == self._key), None)
        if here is None:
            seen = [place for place in self._seen() if place.row is not None] or places
            goal = seen[0]
        else:
            goal = here
            for _ in range(abs(rows)):
                further = [place for place in places if (place.rect.top() - goal.rect.top()) * rows > 0]
                if not further:
                    break
                nearest = min(abs(place.rect.top() - goal.rect.top()) for place in further)
                line = [place for place in further if abs(abs(place.rect.top() - goal.rect.top()) - nearest) < 1]
                goal = min(line, key=lambda place: abs(place.rect.left() - here.rect.left()))
        self._select(goal)

    def _select_first(self) -> None:
        if not self.selected:
            self._go(1)


def _key(place: SliderPlace) -> tuple[str, str]:
    """Group and name of a row; no name of a heading."""
    return place.group, place.row.parameter.name if place.row is not None else ""


def _span(pen: QPainter, track: QRectF, start: float, end: float, ink: QColor) -> None:
    """The part of a track between two shares."""
    left, right = sorted((start, end))
    if right - left > 1e-4:
        round_ = track.height() / 2
        pen.setBrush(ink)
        pen.drawRoundedRect(
            QRectF(track.left() + left * track.width(), track.top(), (right - left) * track.width(), track.height()),
            round_,
            round_,
        )
