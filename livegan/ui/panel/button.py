"""Buttons of the panel: painted flat, lit while what they switch is on; a click, Enter, or Alt and a letter."""

from PyQt5.QtCore import QEvent, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QKeyEvent, QPaintEvent
from PyQt5.QtWidgets import QAbstractButton, QWidget

from livegan.ui.panel.look import DARK_TEXT, EDGE_LINE, INKS, RAISED, Brush

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PanelButton(QAbstractButton):
    """Button of the panel. Tab gives it the focus, a click does not: the show's keys go on meaning what they mean."""

    def __init__(
        self,
        text: str,
        about: str,
        parent: QWidget | None = None,
        *,
        ink: str = "cold",
        size: float = 14.0,
        height: float = 36.0,
        width: float = 0.0,
        tab: bool = False,
    ) -> None:
        """`text`: with & before the letter that presses it with Alt. `about`: for its tool tip. Sizes are in units.

        A `tab` is a line below its text where it is on.
        """
        super().__init__(parent)
        self.unit = 1.0
        self._ink, self._size, self._height, self._width = ink, size, height, width
        self._lit, self._tab = False, tab
        self._under = ""
        self._shown = text.replace("&", "")
        self._letter = text.partition("&")[2][:1]
        self.setText(text)
        self.setToolTip(about)
        self.setAccessibleName(text.replace("&", ""))
        self.setAccessibleDescription(about)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pressed.connect(self.update)
        self.released.connect(self.update)

    @property
    def lit(self) -> bool:
        """Whether what it switches is on."""
        return self._lit

    @property
    def shown(self) -> str:
        """What is written on it; the letter that presses it with Alt stays that of its first text."""
        return self._shown

    @shown.setter
    def shown(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self.update()

    def light(self, on: bool, under: str = "") -> None:
        """Show it lit or not, and a small line under its text."""
        if (on, under) != (self._lit, self._under):
            self._lit, self._under = on, under
            self.update()

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self.unit = unit
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Its height, and as wide as its text."""
        width = self._width or len(self.text()) * self._size * 0.66 + 24
        return QSize(round(width * self.unit), round(self._height * self.unit))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """No narrower than it wants to be."""
        return self.sizeHint()

    def enterEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Lighter while the mouse is over it."""
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """As before."""
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Enter presses it; every other key is the show's."""
        if event is None:
            return
        if event.key() in ENTER and not event.isAutoRepeat():
            self.click()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Nothing: it acts when pressed."""
        if event is not None:
            event.ignore()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Flat, lit in its ink while it is on."""
        brush = Brush(self, self.unit)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self._tab:
            self._paint_tab(brush, area)
            return
        ink = INKS[self._ink]
        paper = ink if self._lit else RAISED
        if self.isDown():
            paper = paper.darker(125)
        elif self.underMouse() and self.isEnabled():
            paper = paper.lighter(112 if self._lit else 130)
        brush.box(area, paper, 7.0, None if self._lit else EDGE_LINE)
        words = DARK_TEXT if self._lit else QColor(INKS["text"] if self.isEnabled() else INKS["quiet"])
        shown = self._shown
        centre = Qt.AlignmentFlag.AlignHCenter
        if self._under:
            above = area.adjusted(0, area.height() * 0.1, 0, -area.height() * 0.36)
            below = area.adjusted(4, area.height() * 0.56, -4, -area.height() * 0.08)
            brush.text(above, shown, self._size, words, bold=True, align=centre, underline=self._letter)
            brush.text(below, self._under, 11.5, words if self._lit else INKS["dim"], align=centre)
        else:
            brush.text(
                area.adjusted(4, 0, -4, 0), shown, self._size, words, bold=True, align=centre, underline=self._letter
            )
        if self.hasFocus():
            brush.ring(QRectF(self.rect()), 7.0, INKS["text"] if self._lit else INKS["cold"])
        brush.end()

    def _paint_tab(self, brush: Brush, area: QRectF) -> None:
        """Words over a line."""
        ink = INKS["text"] if self._lit or self.underMouse() else INKS["dim"]
        centre = Qt.AlignmentFlag.AlignHCenter
        brush.text(area, self._shown, self._size, ink, bold=self._lit, align=centre, underline=self._letter)
        if self._lit:
            thick = 3 * self.unit
            brush.box(
                QRectF(area.x() + 8 * self.unit, area.bottom() - thick, area.width() - 16 * self.unit, thick),
                INKS["cold"],
                1.5,
            )
        if self.hasFocus():
            brush.ring(QRectF(self.rect()), 7.0)
        brush.end()
