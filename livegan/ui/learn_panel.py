"""Painting of the learn line: what was moved, what is typed, and what may be meant, in one dark panel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QPainter

from livegan.ui.hud import INK, Hud
from livegan.ui.learn_line import LearnView
from livegan.ui.overlay_image import MARGIN_PX, begin_overlay, end_overlay, lines_within

WIDTH, MOST, EDGE = 640.0, 1080.0, 24.0  # width of the panel, and of one with a long title [points], before scaling
TITLE, TYPED, ROW, FOOT = 40.0, 44.0, 34.0, 38.0  # heights
TITLE_LINE, FOOT_LINE = 26.0, 19.0  # heights of what does not fit one line
ABOUT, LEAST_ABOUT = 220.0, 60.0  # from where on it is told what a target is, and the least room for that
LEAST_SCALE, STEP = 0.6, 0.9  # letters become smaller, down to this, before suggestions are left out
BETWEEN = "  \u00b7  "  # the keys in the foot
CHOSEN = QColor(94, 224, 200, 40)
CURSOR = "\u258f"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the panel fits its window."""

    scale: float
    width: float  # [points]
    title: list[str]
    foot: list[str]
    seen: range  # numbers of the suggestions

    def height(self, view: LearnView) -> float:
        """Height of the panel [points]."""
        typed = TYPED + ROW * len(self.seen) + 8 if view.typed is not None else 0
        return EDGE + TITLE + TITLE_LINE * (len(self.title) - 1) + typed + FOOT + FOOT_LINE * (len(self.foot) - 1)


def paint_learn(hud: Hud, view: LearnView, scale: float, window: tuple[int, int]) -> NDArray[np.uint8]:
    """The panel (h, w, 4) RGBA, colours multiplied by alpha, as fits a window of (width, height) pixels."""
    layout = _fitted(hud, view, scale, window)
    image, pen = begin_overlay(layout.width, layout.height(view), layout.scale, 16)
    top, right = EDGE, layout.width - EDGE
    for number, line in enumerate(layout.title):
        place = EDGE, top + TITLE_LINE * number, right
        _text(hud, pen, place, line, 20, "good" if view.strong else "text", bold=True)
    top += TITLE + TITLE_LINE * (len(layout.title) - 1)
    if view.typed is not None:
        pen.setBrush(INK["track"])
        pen.drawRoundedRect(QRectF(EDGE - 8, top, right - EDGE + 16, TYPED - 8), 8, 8)
        _text(hud, pen, (EDGE + 4, top + 6, right), f"{view.typed}{CURSOR}", 20, "text")
        top += TYPED
        for number in layout.seen:
            _paint_row(hud, pen, view, number, top, right)
            top += ROW
        top += 8
    for number, line in enumerate(layout.foot):
        _text(hud, pen, (EDGE, top + FOOT_LINE * number, right), line, 14, "quiet")
    return end_overlay(image, pen)


def _fitted(hud: Hud, view: LearnView, scale: float, window: tuple[int, int]) -> _Layout:
    """As large as `scale`, or smaller, with fewer suggestions if that is not enough: those around the chosen one."""
    room = window[0] - 2 * MARGIN_PX, window[1] - 4 * MARGIN_PX
    rows = len(view.suggestions) if view.typed is not None else 0
    while True:
        layout = _layout(hud, view, scale, room[0], rows)
        high = layout.height(view) * scale > room[1]
        if high and scale > LEAST_SCALE:
            scale = max(scale * STEP, LEAST_SCALE)
        elif high and rows > 1:
            rows -= 1
        elif high and scale > LEAST_SCALE / 2:
            scale *= STEP
        else:
            return layout


def _layout(hud: Hud, view: LearnView, scale: float, room_px: int, rows: int) -> _Layout:
    title = QFontMetricsF(hud.font(20, bold=True)).horizontalAdvance(view.title)
    width = min(max(WIDTH, title + 2 * EDGE + 4), MOST, max(room_px / scale, 4 * EDGE))
    within = width - 2 * EDGE
    first = min(max(view.at - rows + 1, 0), max(len(view.suggestions) - rows, 0))
    return _Layout(
        scale,
        width,
        lines_within(view.title, hud.font(20, bold=True), within),
        lines_within(view.foot, hud.font(14, bold=False), within, BETWEEN),
        range(first, first + rows),
    )


def _paint_row(hud: Hud, pen: QPainter, view: LearnView, number: int, top: float, right: float) -> None:
    """One suggestion: its name, and what it is where there is room."""
    target, chosen = view.suggestions[number], number == view.at
    if chosen:
        pen.setBrush(CHOSEN)
        pen.drawRoundedRect(QRectF(EDGE - 8, top, right - EDGE + 16, ROW), 8, 8)
    ink = "text" if chosen else "dim"
    left = EDGE + 22 + _text(hud, pen, (EDGE + 4, top + 6, right), target.name, 18, ink, bold=chosen)
    left = max(left, EDGE + ABOUT)
    if target.about != target.name and right - left > LEAST_ABOUT:
        _text(hud, pen, (left, top + 9, right), target.about, 14, "dim" if chosen else "quiet")


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
