"""Painting of the mapping over a window: test grid, circle, handles of corners and soft edges, and what keys do."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from livegan.ui.hud import INK, Hud, scale_for
from livegan.ui.overlay_image import PAPER, begin_overlay, end_overlay
from livegan.ui.warp import Matrix, homography, move
from livegan.ui.warp_editor import CORNERS, Point, WarpEditor

ACROSS = 12  # squares of the grid
CIRCLE = 72  # points of the circle
PILL = 0.74  # how far down the line of keys stands
FEW = 700.0  # points of width from which on the whole line of keys fits
GRID = QColor(255, 255, 255, 110)
BORDER = QColor(255, 255, 255, 230)
VEIL = QColor(6, 7, 12, 90)
LINE = "Drag corners, and soft edges from the middle of a side   Shift: fine   Arrows: 1 px   Tab: next   R: reset   "
PointOf = Callable[[float, float], QPointF]  # of the content, 0..1, to the window [px]
KEYS = "Z, Y: undo, redo   Esc: done"


def paint_warp(hud: Hud, editor: WarpEditor, at: int) -> NDArray[np.uint8]:
    """All over window number `at` of the editor: (h, w, 4) RGBA, colours multiplied by alpha."""
    picture = editor.pictures[at]
    width, height = picture.window
    image, pen = begin_overlay(width, height, 1.0, 0, VEIL)
    scale = scale_for(picture.window)
    corners = homography(picture.view.map.corners)

    def point(x: float, y: float) -> QPointF:
        across, down = move(corners, (x, y))
        return QPointF(across * width, down * height)

    _paint_grid(pen, point, (width, height), scale)
    _paint_soft_edges(pen, editor, at, scale)
    _paint_line(hud, pen, (width, height), scale)
    places = [editor.place_of(at, handle) for handle in range(CORNERS, 2 * CORNERS)]
    for handle, (x, y) in enumerate([*picture.view.map.corners, *places]):
        chosen = (editor.at, editor.handle) == (at, handle)
        _paint_handle(pen, QPointF(x * width, y * height), chosen=chosen, corner=handle < CORNERS, scale=scale)
    return end_overlay(image, pen)


def _paint_grid(pen: QPainter, point: PointOf, size: tuple[int, int], scale: float) -> None:
    down = max(round(ACROSS * size[1] / size[0]), 1)
    pen.setPen(QPen(GRID, scale))
    for k in range(1, ACROSS):
        pen.drawLine(point(k / ACROSS, 0.0), point(k / ACROSS, 1.0))
    for k in range(1, down):
        pen.drawLine(point(0.0, k / down), point(1.0, k / down))
    pen.drawLine(point(0.0, 0.0), point(1.0, 1.0))
    pen.drawLine(point(1.0, 0.0), point(0.0, 1.0))
    high = min(0.42, 0.42 * size[0] / size[1])
    angles = np.linspace(0.0, 2 * np.pi, CIRCLE, endpoint=False)
    pen.setBrush(Qt.BrushStyle.NoBrush)
    pen.setPen(QPen(BORDER, 1.5 * scale))
    wide = high * size[1] / size[0]
    pen.drawPolygon(QPolygonF([point(0.5 + wide * np.cos(a), 0.5 + high * np.sin(a)) for a in angles]))
    pen.setPen(QPen(BORDER, 2 * scale))
    pen.drawPolygon(QPolygonF([point(0.0, 0.0), point(1.0, 0.0), point(1.0, 1.0), point(0.0, 1.0)]))


def _paint_soft_edges(pen: QPainter, editor: WarpEditor, at: int, scale: float) -> None:
    """A line where each soft edge ends."""
    picture = editor.pictures[at]
    to_window: Matrix = editor.to_window(at)
    left, top, right, bottom = picture.view.map.soft_edges.widths
    ends: Sequence[tuple[float, Point, Point]] = (
        (left, (left, 0.0), (left, 1.0)),
        (top, (0.0, top), (1.0, top)),
        (right, (1 - right, 0.0), (1 - right, 1.0)),
        (bottom, (0.0, 1 - bottom), (1.0, 1 - bottom)),
    )
    pen.setPen(QPen(INK["warn"], 2 * scale, Qt.PenStyle.DashLine))
    for wide, start, end in ends:
        if wide > 0:
            points = [move(to_window, place) for place in (start, end)]
            one, other = (QPointF(x * picture.window[0], y * picture.window[1]) for x, y in points)
            pen.drawLine(one, other)


def _paint_handle(pen: QPainter, at: QPointF, *, chosen: bool, corner: bool, scale: float) -> None:
    ink = INK["good"] if corner else INK["warn"]
    size = (11.0 if corner else 8.0) * scale
    pen.setPen(QPen(QColor(0, 0, 0, 200), 5 * scale))
    pen.setBrush(Qt.BrushStyle.NoBrush)
    pen.drawEllipse(at, size, size)
    pen.setPen(QPen(ink, 2.5 * scale))
    pen.setBrush(ink if chosen else QColor(0, 0, 0, 120))
    pen.drawEllipse(at, size, size)


def _paint_line(hud: Hud, pen: QPainter, size: tuple[int, int], scale: float) -> None:
    """What mouse and keys do, in a dark pill where no handle is at first."""
    font = hud.font(15 * scale, bold=False)
    words = LINE + KEYS if size[0] / scale >= FEW else KEYS
    metrics = QFontMetricsF(font)
    lines = [words] if metrics.horizontalAdvance(words) < size[0] * 0.9 else [LINE.strip(), KEYS]
    wide = max(metrics.horizontalAdvance(line) for line in lines) + 44 * scale
    high = (16 + 24 * len(lines)) * scale
    pen.setPen(Qt.PenStyle.NoPen)
    pen.setBrush(PAPER)
    pill = QRectF((size[0] - wide) / 2, size[1] * PILL - high / 2, wide, high)
    pen.drawRoundedRect(pill, 20 * scale, 20 * scale)
    pen.setPen(INK["text"])
    pen.setFont(font)
    pen.drawText(pill, Qt.AlignmentFlag.AlignCenter, "\n".join(lines))
