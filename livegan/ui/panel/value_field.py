"""Value field of the panel: a line over a painted value, in which a number is typed."""

from collections.abc import Callable

from PyQt5.QtCore import QRect, Qt
from PyQt5.QtGui import QFocusEvent, QKeyEvent
from PyQt5.QtWidgets import QLineEdit, QWidget

from livegan.ui.panel.look import dress, font

MOST = 24  # characters


class ValueField(QLineEdit):
    """Field that is open while a value is typed: Enter hands it over, Esc and leaving it do not."""

    def __init__(self, parent: QWidget, owner: QWidget, enter: Callable[[str, str], bool]) -> None:
        """It lies in `parent`, and gives the keyboard back to `owner`. `enter`: name and text; False if it is wrong."""
        super().__init__(parent)
        dress(self)
        self._owner, self._enter, self._name = owner, enter, ""
        self.setMaxLength(MOST)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.returnPressed.connect(self._entered)
        self.hide()

    def open(self, name: str, place: QRect, text: str) -> None:
        """Type the value called `name`, over `place`."""
        self._name = name
        self.setAccessibleName(f"value of {name}")
        self.setFont(font(place.height() * 0.55))
        self.setGeometry(place)
        self.setText(text)
        self.selectAll()
        self.show()
        self.setFocus()

    def _entered(self) -> None:
        if self._enter(self._name, self.text()):
            self._close()
        else:
            self.selectAll()

    def _close(self) -> None:
        self._owner.setFocus()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Esc changes nothing. No key goes on to the list below."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)
        if event is not None:
            event.accept()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Who goes elsewhere has changed their mind."""
        super().focusOutEvent(event)
        self.hide()
