"""Words line of the panel: what is typed here the picture follows; nobody in the hall sees it being typed."""

from collections.abc import Callable

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QLineEdit, QWidget

from livegan.ui.panel.look import dress, font
from livegan.ui.text_line import MOST


class TextField(QLineEdit):
    """Line of text: Enter hands it over, Esc gives the keyboard back to the show."""

    def __init__(self, hint: str, about: str, enter: Callable[[str], None], parent: QWidget | None = None) -> None:
        """`enter` gets the text on Enter."""
        super().__init__(parent)
        dress(self)
        self._enter = enter
        self.setMaxLength(MOST)
        self.setPlaceholderText(hint)
        self.setToolTip(about)
        self.setAccessibleName(about)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.returnPressed.connect(lambda: self._enter(self.text().strip()))

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self.setFont(font(15 * unit))
        self.setFixedHeight(round(36 * unit))
        self.setTextMargins(round(8 * unit), 0, round(8 * unit), 0)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Every key but Esc is a letter here."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.clearFocus()
            event.ignore()  # the window takes it: it leaves learn, and is no first Esc of two
        else:
            super().keyPressEvent(event)
            if event is not None:
                event.accept()  # no letter is a key of the show
