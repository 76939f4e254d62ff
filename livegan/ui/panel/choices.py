"""Lists of the panel: the setlist with what plays, what comes next and when; the words of the scene."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.button import ENTER
from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.look import INKS, RAISED, Brush, Painted

ROW, HEADING = 30.0, 24.0  # [units]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what a click on it means, its words, and how it looks."""

    number: int
    words: str
    right: str = ""  # at its right end: when it comes
    lit: bool = False
    bright: bool = False


class ChoiceList(Painted):
    """List of rows below a heading; a click on one chooses it. Nothing is seen of it while it is empty."""

    opaque = True

    def __init__(
        self,
        heading: str,
        choose: Callable[[int], None],
        reveal: Callable[[QRect], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`choose` gets a row's number, `reveal` the rectangle of a row that is lit from now on."""
        super().__init__(parent)
        self._heading, self._choose, self._reveal = heading, choose, reveal
        self._rows: tuple[Row, ...] = ()
        self._at = 0  # the row that the arrow keys have reached
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(heading)
        self.hide()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """The rows there are."""
        before = self._rows
        self._rows = tuple(rows)
        if not self.show_value(self._rows):
            return
        self._at = min(self._at, max(len(rows) - 1, 0))
        if len(before) != len(rows):
            self.setFixedHeight(self.sizeHint().height())
            self.setVisible(bool(rows))
        lit = [
            place for place, row in enumerate(rows) if row.lit and row.number not in {r.number for r in before if r.lit}
        ]
        if lit and self._reveal is not None:
            self._reveal(self._area(lit[0]).translated(self.pos()))

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        super().rescale(unit)
        self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its rows."""
        return self.wants(180, HEADING + ROW * len(self._rows) + 8)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Choose the row under the mouse."""
        for place, row in enumerate(self._rows):
            if event is not None and self._area(place).contains(event.pos()):
                self._choose(row.number)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Up and Down walk, Enter chooses; every other key is the show's."""
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._rows:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._at = min(max(self._at + step, 0), len(self._rows) - 1)
            if self._reveal is not None:
                self._reveal(self._area(self._at).translated(self.pos()))
            self.update()
        elif event.key() in ENTER and self._rows:
            self._choose(self._rows[self._at].number)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Those rows that must be painted anew."""
        brush, unit = Brush(self, self.unit), self.unit
        brush.text(QRectF(2 * unit, 0, self.width(), HEADING * unit), self._heading, 12, INKS["quiet"], bold=True)
        dirty = event.rect() if event is not None else self.rect()
        for place, row in enumerate(self._rows):
            area = self._area(place)
            if not area.intersects(dirty):
                continue
            box = QRectF(area).adjusted(0, 1, 0, -1)
            if row.lit:
                brush.box(box, RAISED, 5)
                brush.box(QRectF(box.x(), box.y(), 4 * unit, box.height()), INKS["good"], 2)
            inner = box.adjusted(12 * unit, 0, -8 * unit, 0)
            brush.text(inner, str(place + 1), 13.5, INKS["quiet"])
            taken = 0.0
            if row.right:
                taken = brush.text(inner, row.right, 13.5, INKS["warn"], align=Qt.AlignmentFlag.AlignRight)
            ink = INKS["text"] if row.lit or row.bright else INKS["dim"]
            brush.text(inner.adjusted(28 * unit, 0, -taken - 6 * unit, 0), row.words, 14.5, ink, bold=row.lit)
            if self.hasFocus() and place == self._at:
                brush.ring(box, 5)
        brush.end()

    def _area(self, place: int) -> QRect:
        top, height = HEADING * self.unit, ROW * self.unit
        return QRect(0, round(top + place * height), self.width(), round(height))


def setlist_rows(facts: PanelFacts) -> list[Row]:
    """The entries of a setlist in the order in which they play; none where no setlist plays."""
    board = facts.board
    if board is None:
        return []
    coming = board.chosen if board.chosen >= 0 else board.next
    when = facts.coming[1]
    return [
        Row(number, facts.title_of(number), when if number == coming else "", number == board.playing, number == coming)
        for number in board.order
    ]


def prompt_rows(facts: PanelFacts) -> list[Row]:
    """The scene's own words, those that the picture follows lit."""
    board, engine = facts.board, facts.engine
    followed = engine.prompt[0] if engine is not None else ""
    return [Row(place, words, lit=words == followed) for place, words in enumerate(board.prompts if board else ())]
