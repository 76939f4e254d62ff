"""Overlay image: a dark, rounded panel to paint on, and its pixels for the canvas."""

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter

PAPER = QColor(9, 10, 15, 222)


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
