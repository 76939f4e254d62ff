"""Overlay image: a dark, rounded panel to paint on, and its pixels for the canvas."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

PAPER = QColor(9, 10, 15, 222)
MARGIN_PX = 12  # of a window that overlays leave free


def lines_within(words: str, font: QFont, width: float, between: str = " ") -> list[str]:
    """The words in lines of at most `width` points, broken where `between` stands, a piece that is too long anywhere.

    One line at least; in each there is one letter at least.
    """
    wide = QFontMetricsF(font).horizontalAdvance
    if wide(words) <= width:
        return [words]
    lines: list[str] = []
    for piece in words.split(between):
        if lines and wide(joined := f"{lines[-1]}{between}{piece}") <= width:
            lines[-1] = joined
        elif len(between) > 1:
            lines += lines_within(piece, font, width)
        elif piece or not lines:
            lines += _letters_within(piece, wide, width)
    return lines


def _letters_within(word: str, wide: Callable[[str], float], width: float) -> list[str]:
    lines = [""]
    for letter in word:
        if lines[-1] and wide(lines[-1] + letter) > width:
            lines.append("")
        lines[-1] += letter
    return lines


def begin_overlay(
    width: float, height: float, scale: float, radius: float, paper: QColor = PAPER
) -> tuple[QImage, QPainter]:
    """An image of width x height points, and a pen on it in points; end it with `end_overlay`."""
    image = QImage(round(width * scale), round(height * scale), QImage.Format.Format_RGBA8888_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    pen = QPainter(image)
    pen.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen.scale(scale, scale)
    pen.setPen(Qt.PenStyle.NoPen)
    pen.setBrush(paper)
    pen.drawRoundedRect(QRectF(0, 0, width, height), radius, radius)
    return image, pen


def end_overlay(image: QImage, pen: QPainter) -> NDArray[np.uint8]:
    """The painted image as an array (h, w, 4) RGBA, colours multiplied by alpha, copied."""
    pen.end()
    bits = image.constBits()
    assert bits is not None
    data = bits.asstring(image.sizeInBytes())  # rows of RGBA are never padded
    return np.frombuffer(data, np.uint8).reshape(image.height(), image.width(), 4)
