"""QR code of the phone page over the picture, pixel for pixel, so that a camera reads it from a few metres."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QFont, QFontMetricsF

from livegan.ui.hud import INK
from livegan.ui.overlay_image import begin_overlay, end_overlay
from livegan.ui.qr import remote_qr

MODULE = 6.0  # side of one module of the code [points]
LINE = 26.0  # height of the line below it
WITHOUT = "no phone page: start with --remote"

FontOf = Callable[..., QFont]  # size [points], bold


def paint_code(address: str, scale: float, font: FontOf) -> NDArray[np.uint8]:
    """The code (h, w, 4) RGBA, colours multiplied by alpha; the sentence `WITHOUT` where there is no address."""
    text = font(14, bold=True)
    module = max(2, round(MODULE * scale))
    code = remote_qr(address) if address else np.zeros((0, 0), bool)
    words = "phone page" if address else WITHOUT
    width = max(len(code) * module / scale, QFontMetricsF(text).horizontalAdvance(words) + 28)
    height = len(code) * module / scale + LINE + 6
    image, pen = begin_overlay(width, height, scale, 10)
    pen.setFont(text)
    pen.setPen(INK["text"])
    pen.drawText(QRectF(0, height - LINE - 3, width, LINE), Qt.AlignmentFlag.AlignCenter, words)
    pixels = end_overlay(image, pen)
    if address:
        big = np.kron(np.where(code, 0, 255).astype(np.uint8), np.ones((module, module), np.uint8))
        left = (pixels.shape[1] - len(big)) // 2
        pixels = pixels.copy()
        pixels[: len(big), left : left + len(big)] = [0, 0, 0, 255]
        pixels[: len(big), left : left + len(big), :3] = big[..., None]
    return pixels
