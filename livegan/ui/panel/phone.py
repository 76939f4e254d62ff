"""Phone page of the panel: the QR code of the remote, and its address below."""

import numpy as np
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.look import INKS, Brush, Painted
from livegan.ui.qr import remote_qr

PAPER = QColor(238, 240, 245)  # readers need dark on light


class PhonePage(Painted):
    """The code, as large as there is room."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._address = ""

    def show_address(self, address: str) -> None:
        """The remote's address; "" for none yet."""
        if address == self._address:
            return
        self._address, self._image = address, None
        if address:
            shades = np.where(remote_qr(address), 0, 255).astype(np.uint8)
            height, width = shades.shape
            grey = QImage.Format.Format_Grayscale8
            self._image = QImage(shades.tobytes(), width, height, width, grey).convertToFormat(
                QImage.Format.Format_RGB32
            )
        self.setAccessibleName(f"Phone page {address}")
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Modules of whole pixels, on light paper."""
        brush, unit, image = Brush(self, self.unit), self.unit, self._image
        if image is not None:
            room = min(self.width() - 40 * unit, self.height() - 90 * unit)
            module = max(int(room // image.width()), 1)
            side = module * image.width()
            square = QRectF((self.width() - side) // 2, 10 * unit, side, side)
            brush.box(square, PAPER, 6)
            brush.pen.setRenderHint(brush.pen.RenderHint.Antialiasing, on=False)
            brush.pen.setClipRect(square.adjusted(3, 3, -3, -3))
            brush.pen.drawImage(square, image)
            brush.pen.setClipping(False)
            below = QRectF(0, square.bottom() + 10 * unit, self.width(), 26 * unit)
            centre = Qt.AlignmentFlag.AlignHCenter
            brush.text(below, self._address, 17, INKS["text"], align=centre, elide=Qt.TextElideMode.ElideMiddle)
            note = "scan it with a phone in the same network; whoever has it can change the show"
            brush.text(below.translated(0, 28 * unit), note, 14, INKS["dim"], align=centre)
        brush.end()
