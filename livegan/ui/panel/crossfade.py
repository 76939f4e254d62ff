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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = ("", "")
        self.setAccessibleName("Ends of the crossfader")

    def show_titles(self, left: str, right: str) -> None:
        """Of the scene that plays and the cued one; "" for none."""
        self._titles = (left, right)
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
        left, right = self._titles
        half = QRectF(0, 0, self.width() / 2 - 6 * self.unit, self.height())
        brush.text(half, left, 13.5, INKS["good"])
        other = half.translated(self.width() / 2 + 6 * self.unit, 0)
        words, ink = (right, "cold") if right else ("right click cues a scene", "quiet")
        brush.text(other, words, 13.5, INKS[ink], align=Qt.AlignmentFlag.AlignRight)
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
        self.ends.show_titles(facts.title, facts.title_of(board.cued) if board is not None else "")
        self.fader.show_value(board.crossfade if board is not None else 0.0)
