"""Painting of the learn line: what was moved, what is typed, and what may be meant, in one dark panel."""

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QPainter

from livegan.ui.hud import INK, Hud
from livegan.ui.learn_line import LearnView
from livegan.ui.overlay_image import begin_overlay, end_overlay

WIDTH, MOST, EDGE = 640.0, 1080.0, 24.0  # width of the panel, and of one with a long title [points], before scaling
TITLE, TYPED, ROW, FOOT = 40.0, 44.0, 34.0, 38.0  # heights
CHOSEN = QColor(94, 224, 200, 40)
CURSOR = "\u258f"


def paint_learn(hud: Hud, view: LearnView, scale: float = 1.0) -> NDArray[np.uint8]:
    """The panel (h, w, 4) RGBA, colours multiplied by alpha."""
    rows = len(view.suggestions) if view.typed is not None else 0
    height = EDGE + TITLE + (TYPED + ROW * rows + 8 if view.typed is not None else 0) + FOOT
    title = QFontMetricsF(hud.font(20, bold=True)).horizontalAdvance(view.title)
    width = min(max(WIDTH, title + 2 * EDGE + 4), MOST)
    image, pen = begin_overlay(width, height, scale, 16)
    top, right = EDGE, width - EDGE
    _text(hud, pen, (EDGE, top, right), view.title, 20, "good" if view.strong else "text", bold=True)
    top += TITLE
    if view.typed is not None:
        pen.setBrush(INK["track"])
        pen.drawRoundedRect(QRectF(EDGE - 8, top, width - 2 * EDGE + 16, TYPED - 8), 8, 8)
        _text(hud, pen, (EDGE + 4, top + 6, right), f"{view.typed}{CURSOR}", 20, "text")
        top += TYPED
        for number, target in enumerate(view.suggestions):
            chosen = number == view.at
            if chosen:
                pen.setBrush(CHOSEN)
                pen.drawRoundedRect(QRectF(EDGE - 8, top, width - 2 * EDGE + 16, ROW), 8, 8)
            ink = "text" if chosen else "dim"
            left = EDGE + 22 + _text(hud, pen, (EDGE + 4, top + 6, right), target.name, 18, ink, bold=chosen)
            if target.about != target.name:
                at = (max(left, EDGE + 220), top + 9, right)
                _text(hud, pen, at, target.about, 14, "dim" if chosen else "quiet")
            top += ROW
        top += 8
    _text(hud, pen, (EDGE, top, right), view.foot, 14, "quiet")
    return end_overlay(image, pen)


def _text(
    hud: Hud, pen: QPainter, place: tuple[float, float, float], words: str, size: float, ink: str, *, bold: bool = False
) -> float:
    """One line at `place` (left, top, right), cut with an ellipsis at its end; its width."""
    left, top, right = place
    font = hud.font(size, bold=bold)
    metrics = QFontMetricsF(font)
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, right - left)
    pen.setFont(font)
    pen.setPen(INK[ink])
    pen.drawText(QPointF(left, top + size), words)
    pen.setPen(Qt.PenStyle.NoPen)
    return metrics.horizontalAdvance(words)
