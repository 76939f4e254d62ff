"""Key sheet of the panel: the list of the show's keys over the panel, where the hall does not see it."""

from collections.abc import Sequence

from PyQt5.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.control.keys import KeyGroup
from livegan.ui.key_list import paint_keys
from livegan.ui.panel.look import GROUND, font

SHADE = QColor(GROUND.red(), GROUND.green(), GROUND.blue(), 215)


class KeySheet(QWidget):
    """Sheet over the whole panel; a click closes it."""

    def __init__(self, groups: Sequence[KeyGroup], parent: QWidget) -> None:
        """Not shown yet."""
        super().__init__(parent)
        self._groups = groups
        self.setAccessibleName("Keys of the show")
        self.hide()

    def toggle(self) -> None:
        """Show it over its parent, or hide it."""
        parent = self.parentWidget()
        if self.isVisible() or parent is None:
            self.hide()
            return
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Close it."""
        self.hide()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """The list, as large as fits, in the middle."""
        ratio = self.devicePixelRatioF()
        pixels = paint_keys(self._groups, (round(self.width() * ratio), round(self.height() * ratio)), font)
        high, wide = pixels.shape[:2]
        image = QImage(pixels.tobytes(), wide, high, 4 * wide, QImage.Format.Format_RGBA8888_Premultiplied)
        image.setDevicePixelRatio(ratio)
        pen = QPainter(self)
        pen.fillRect(self.rect(), SHADE)
        pen.drawImage(round((self.width() - wide / ratio) / 2), round((self.height() - high / ratio) / 2), image)
        pen.end()
