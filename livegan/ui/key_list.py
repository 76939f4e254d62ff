"""List of keys over the picture: every key of the show in groups, as caps with what they do."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from livegan.control.keys import KeyGroup, KeyRow
from livegan.ui.hud import INK
from livegan.ui.overlay_image import PAPER, begin_overlay, end_overlay, lines_within

COLUMNS = 3
LEAST_SCALE = 0.25  # below it nobody can read the list
TOO_SMALL = "The window is too small for the list of keys: make it larger, or type in a terminal: livegan keys"
EDGE, GAP = 28.0, 34.0  # around the list, between its columns [points]
LINE, CAP, SPACE = 33.0, 25.0, 20.0  # a row, a cap in it, above a group [points]
TEXT, SMALL = 17.0, 14.0
BETWEEN = 12.0  # from the caps to what they do
SHARE = 0.94  # of the window that it fills at most
SHADE = QColor(PAPER.red(), PAPER.green(), PAPER.blue(), 238)

FontOf = Callable[..., QFont]  # size [points], bold


def paint_keys(groups: Sequence[KeyGroup], window: tuple[int, int], font: FontOf) -> NDArray[np.uint8]:
    """The list (h, w, 4) RGBA, colours multiplied by alpha, as large as fits a window of (width, height) pixels.

    In a window too small for letters that can be read it is a sentence.
    """
    fitted = [_fitted(_columns(groups, most), window, font) for most in range(1, COLUMNS + 1)]
    scale, size, columns = max(fitted, key=lambda each: each[0])
    if scale < LEAST_SCALE:
        return _paint_sentence(window, font)
    image, pen = begin_overlay(*size, scale, 16, SHADE)
    left = EDGE
    for column in columns:
        caps = _caps_width(column, font)
        _draw_column(pen, column, left, caps, font)
        left += caps + BETWEEN + _text_width(column, font) + GAP
    return end_overlay(image, pen)


def _fitted(
    columns: list[list[KeyGroup]], window: tuple[int, int], font: FontOf
) -> tuple[float, tuple[float, float], list[list[KeyGroup]]]:
    """The scale at which the columns fit the window, their size (width, height) [points], and they themselves."""
    widths = [_caps_width(column, font) + BETWEEN + _text_width(column, font) for column in columns]
    width = 2 * EDGE + sum(widths) + GAP * (len(columns) - 1)
    height = 2 * EDGE + max(map(_height, columns))
    return min(window[0] * SHARE / width, window[1] * SHARE / height), (width, height), columns


def _paint_sentence(window: tuple[int, int], font: FontOf) -> NDArray[np.uint8]:
    """What to do in a window that is too small for the list."""
    face = font(SMALL, bold=False)
    lines = lines_within(TOO_SMALL, face, window[0] * SHARE - 2 * EDGE)
    width = max(map(QFontMetricsF(face).horizontalAdvance, lines)) + 2 * EDGE
    height = EDGE + LINE * len(lines)
    image, pen = begin_overlay(width, height, min(1.0, window[1] * SHARE / height), 16, SHADE)
    pen.setFont(face)
    pen.setPen(INK["text"])
    pen.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, "\n".join(lines))
    return end_overlay(image, pen)


def _columns(groups: Sequence[KeyGroup], most: int = COLUMNS) -> list[list[KeyGroup]]:
    """The groups in columns, in order, so that the longest is as short as can be."""
    best: list[list[KeyGroup]] = [list(groups)]
    for first in range(1, len(groups)):
        for second in range(first, len(groups)):
            parts = [list(part) for part in (groups[:first], groups[first:second], groups[second:]) if part]
            if max(map(_height, parts)) < max(map(_height, best)) and len(parts) <= most:
                best = parts
    return best


def _height(column: Sequence[KeyGroup]) -> float:
    return sum(LINE * (len(group.rows) + 1) for group in column) + SPACE * (len(column) - 1)


def _cap_width(cap: str, font: FontOf) -> float:
    return max(QFontMetricsF(font(SMALL, bold=True)).horizontalAdvance(cap) + 16, CAP)


def _row_width(row: KeyRow, font: FontOf) -> float:
    joint = QFontMetricsF(font(SMALL, bold=False)).horizontalAdvance(_joint(row))
    return sum(_cap_width(cap, font) for cap in row.caps) + joint * (len(row.caps) - 1)


def _joint(row: KeyRow) -> str:
    """What is written between two caps."""
    return {" - ": " – ", " or ": "  "}.get(row.joined, " ")


def _caps_width(column: Sequence[KeyGroup], font: FontOf) -> float:
    return max(_row_width(row, font) for group in column for row in group.rows)


def _text_width(column: Sequence[KeyGroup], font: FontOf) -> float:
    metrics = QFontMetricsF(font(TEXT, bold=False))
    return max(metrics.horizontalAdvance(row.about) for group in column for row in group.rows) + 1


def _draw_column(pen: QPainter, column: Sequence[KeyGroup], left: float, caps: float, font: FontOf) -> None:
    top = EDGE
    for group in column:
        pen.setFont(font(SMALL, bold=True))
        pen.setPen(INK["good"])
        pen.drawText(QRectF(left, top, 400, LINE), Qt.AlignmentFlag.AlignVCenter, group.title.upper())
        top += LINE
        for row in group.rows:
            _draw_row(pen, row, left, top, font)
            pen.setFont(font(TEXT, bold=False))
            pen.setPen(INK["text"])
            pen.drawText(QPointF(left + caps + BETWEEN, top + LINE / 2 + TEXT * 0.36), row.about)
            top += LINE
        top += SPACE


def _draw_row(pen: QPainter, row: KeyRow, left: float, top: float, font: FontOf) -> None:
    """The caps of a row, and what stands between them."""
    small = font(SMALL, bold=False)
    for number, cap in enumerate(row.caps):
        if number:
            width = QFontMetricsF(small).horizontalAdvance(_joint(row))
            pen.setFont(small)
            pen.setPen(INK["quiet"])
            pen.drawText(QRectF(left, top, width, LINE), Qt.AlignmentFlag.AlignCenter, _joint(row))
            left += width
        width = _cap_width(cap, font)
        box = QRectF(left, top + (LINE - CAP) / 2, width, CAP)
        pen.setPen(QPen(QColor(255, 255, 255, 56), 1.0))
        pen.setBrush(QColor(255, 255, 255, 22))
        pen.drawRoundedRect(box, 5, 5)
        pen.setFont(font(SMALL, bold=True))
        pen.setPen(INK["text"])
        pen.drawText(box, Qt.AlignmentFlag.AlignCenter, cap)
        left += width
