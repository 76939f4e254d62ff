"""Crossfade section: the scene that plays at one end, the cued one at the other, and the fader between them."""

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.card import Card
from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.fader import Fader
from livegan.ui.panel.look import INKS, Brush, Painted
from livegan.ui.panel.master import Send


class Ends(Painted):
    """Titles of the two scenes at the ends of the crossfader."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = ("", "", False)
        self.setAccessibleName("Ends of the crossfader")

    def show_titles(self, left: str, right: str, *, at_right: bool = False) -> None:
        """Of the scenes at its two ends, "" for none; `at_right`: the one that plays is at the right."""
        self._titles = (left, right, at_right)
        self.show_value(self._titles)

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return self.wants(200, 20)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Any width."""
        return self.wants(80, 20)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """One at each end."""
        brush = Brush(self, self.unit)
        half = QRectF(0, 0, self.width() / 2 - 6 * self.unit, self.height())
        other = half.translated(self.width() / 2 + 6 * self.unit, 0)
        *titles, at_right = self._titles
        for place, title, side in zip((half, other), titles, (False, True), strict=True):
            ink = "good" if side == at_right else "cold" if title else "quiet"
            align = Qt.AlignmentFlag.AlignRight if side else Qt.AlignmentFlag.AlignLeft
            brush.text(place, title or "right click: cue", 13.5, INKS[ink], align=align)
        brush.end()


class CrossfadeSection(Card):
    """The crossfader and its ends."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.ends = Ends()
        self.fader = Fader(
            "Crossfader between the scene that plays and the cued one", upright=False, home=0.0, ink="cold"
        )
        self.rows.addWidget(self.ends)
        self.rows.addWidget(self.fader)
        self.fader.moved.connect(lambda value: send("crossfade", value))

    def show_facts(self, facts: PanelFacts) -> None:
        """Titles, and where the crossfader stands."""
        board = facts.board
        if board is not None:
            left, right = board.decks
            self.ends.show_titles(facts.title_of(left), facts.title_of(right), at_right=board.playing == right)
        self.fader.show_value(board.crossfade if board is not None else 0.0)
