"""Painting of the learn line: what was moved, what is typed, and what may be meant, in one dark panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QImage, QPainter

from livegan.engine.learn_targets import LearnTarget
from livegan.ui.hud import INK, PAPER, Hud, pixels_of

WIDTH, EDGE = 620.0, 24.0  # [points], before scaling
TITLE, TYPED, ROW, FOOT = 40.0, 44.0, 34.0, 38.0  # heights
CHOSEN = QColor(94, 224, 200, 40)
CURSOR = "\u258f"


@dataclass(frozen=True, slots=True)
class LearnView:
    """What the panel shows."""

    title: str  # what to do, or what was moved
    typed: str | None  # None: nothing is typed, a control is waited for
    suggestions: Sequence[LearnTarget] = ()
    at: int = 0  # the chosen one
    foot: str = ""
    strong: bool = False  # a control was moved: the title is news


def paint_learn(hud: Hud, view: LearnView, scale: float = 1.0) -> NDArray[np.uint8]:
    """The panel (h, w, 4) RGBA, colours multiplied by alpha."""
    rows = len(view.suggestions) if view.typed is not None else 0
    height = EDGE + TITLE + (TYPED + ROW * rows + 8 if view.typed is not None else 0) + FOOT
    image = QImage(round(WIDTH * scale), round(height * scale), QImage.Format.Format_RGBA8888_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    pen = QPainter(image)
    pen.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen.scale(scale, scale)
    pen.setPen(Qt.PenStyle.NoPen)
    pen.setBrush(PAPER)
    pen.drawRoundedRect(QRectF(0, 0, WIDTH, height), 16, 16)
    top = EDGE
    _text(hud, pen, EDGE, top, view.title, 20, "good" if view.strong else "text", bold=True)
    top += TITLE
    if view.typed is not None:
        pen.setBrush(INK["track"])
        pen.drawRoundedRect(QRectF(EDGE - 8, top, WIDTH - 2 * EDGE + 16, TYPED - 8), 8, 8)
        _text(hud, pen, EDGE + 4, top + 6, f"{view.typed}{CURSOR}", 20, "text")
        top += TYPED
        for number, target in enumerate(view.suggestions):
            chosen = number == view.at
            if chosen:
                pen.setBrush(CHOSEN)
                pen.drawRoundedRect(QRectF(EDGE - 8, top, WIDTH - 2 * EDGE + 16, ROW), 8, 8)
            left = (
                EDGE + 4 + _text(hud, pen, EDGE + 4, top + 6, target.name, 18, "text" if chosen else "dim", bold=chosen)
            )
            _text(hud, pen, max(left + 18, EDGE + 220), top + 9, target.about, 14, "dim" if chosen else "quiet")
            top += ROW
        top += 8
    _text(hud, pen, EDGE, top, view.foot, 14, "quiet")
    pen.end()
    return pixels_of(image)


def _text(
    hud: Hud, pen: QPainter, left: float, top: float, words: str, size: float, ink: str, *, bold: bool = False
) -> float:
    """One line, cut with an ellipsis at the panel's edge; its width."""
    font = hud.font(size, bold=bold)
    metrics = QFontMetricsF(font)
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, WIDTH - EDGE - left)
    pen.setFont(font)
    pen.setPen(INK[ink])
    pen.drawText(QPointF(left, top + size), words)
    pen.setPen(Qt.PenStyle.NoPen)
    return metrics.horizontalAdvance(words)
