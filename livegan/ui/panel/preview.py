"""Preview of the output: the newest frame made small, a few times a second, dimmed as the projector shows it."""

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.core.letterbox import fit
from livegan.core.types import Frame, Pixels
from livegan.ui.panel.look import CARD, DARK_TEXT, EDGE_LINE, INKS, Brush, Painted

UNSEEN = 0.22  # of the picture's light in a preview of a blackout: what would come back


def shrink(pixels: Pixels, width: int, height: int) -> Pixels:
    """Every n-th pixel of (h, w, 3), so that no less than `width` and `height` are left where there were so many."""
    step = max(1, min(pixels.shape[1] // max(width, 1), pixels.shape[0] // max(height, 1)))
    return np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step])


def as_image(pixels: Pixels) -> QImage:
    """A copy of (h, w, 3) as an image that Qt paints fast."""
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


class Preview(Painted):
    """Preview of the output; main thread only."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image: QImage | None = None
        self._index = -1
        self._light, self._marks = 1.0, ()  # type: float, tuple[tuple[str, str], ...]
        self.setAccessibleName("Preview of the output")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_frame(
        self, frame: Frame | None, *, frozen: bool, light: float, marks: tuple[tuple[str, str], ...]
    ) -> None:
        """The newest frame, unless the output is frozen; `light`: of the output, 0..1; `marks`: words and inks."""
        fresh = frame is not None and frame.plan.index != self._index and (not frozen or self.image is None)
        if fresh and frame is not None:
            self._index = frame.plan.index
            ratio = self.devicePixelRatioF()
            small = shrink(np.asarray(frame.pixels), round(self.width() * ratio), round(self.height() * ratio))
            self.image = as_image(small)
        if fresh or light != self._light or marks != self._marks:
            self._light, self._marks = light, marks
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Sixteen to nine."""
        return self.wants(304, 171)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Any size will do."""
        return self.wants(160, 90)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """It keeps its shape."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Sixteen to nine."""
        return width * 9 // 16

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """The picture as the projector shows it, and marks over its upper edge."""
        brush = Brush(self, self.unit)
        width, height = self.width(), self.height()
        brush.pen.fillRect(self.rect(), QColor(0, 0, 0))
        if self.image is None:
            brush.pen.fillRect(self.rect(), CARD)
            centre = Qt.AlignmentFlag.AlignHCenter
            brush.text(QRectF(self.rect()), "waiting for the first frame", 14, INKS["quiet"], align=centre)
        else:
            x, y, wide, high = fit((width, height), (self.image.width(), self.image.height()), fill=False)
            brush.pen.setOpacity(UNSEEN if self._light <= 0.0 else self._light)
            brush.pen.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            brush.pen.drawImage(QRectF(x, y, wide, high), self.image)
            brush.pen.setOpacity(1.0)
        brush.pen.setPen(EDGE_LINE)
        brush.pen.setBrush(Qt.BrushStyle.NoBrush)
        brush.pen.drawRect(self.rect().adjusted(0, 0, -1, -1))
        brush.pen.setPen(Qt.PenStyle.NoPen)
        left = 8.0 * self.unit
        for words, ink in self._marks:
            wide_px = (len(words) * 9.5 + 16) * self.unit
            pill = QRectF(left, 8 * self.unit, wide_px, 24 * self.unit)
            brush.box(pill, INKS[ink], 12)
            brush.text(pill, words, 13, DARK_TEXT, bold=True, align=Qt.AlignmentFlag.AlignHCenter)
            left += wide_px + 6 * self.unit
        brush.end()
