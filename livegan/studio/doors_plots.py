"""SVG plots for the page of `livegan doors`: one value over all scenes, one after the other, in print colours."""

from collections.abc import Sequence
from html import escape
from math import ceil, log10

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000, 170
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 26
INNER = WIDTH - LEFT - RIGHT
INK, DIM, GRID, BAND = "#1a1a1a", "#666", "#d8d8d8", "#f4f4f4"
LINE, LIMIT = "#0b5fa5", "#b3261e"
LABEL_PX = 34  # least room of a scene's number


def scenes_plot(
    title: str,
    unit: str,
    rows: Sequence[Sequence[float]],
    limit: float | None = None,
    *,
    high: float | None = None,
    peaks: bool = False,
) -> str:
    """An SVG of one value, `rows` of which belong to one scene each, numbered from 1; every scene gets the same width.

    `limit`: a level that is drawn across. `high`: the top of the scale, above which values are cut; by default that of
    the greatest. `peaks`: of values that fall on one place the greatest is drawn, not the mean.
    """
    top = high if high is not None else nice(max([value for row in rows for value in row] + [1e-9]))
    each = INNER / max(len(rows), 1)
    parts = [_frame(title, unit, top, len(rows), each)]
    for number, row in enumerate(rows):
        if len(row):
            parts.append(_line(_binned(np.array(row, float), int(each), peaks), LEFT + number * each, each, top))
    if limit is not None and limit <= top:
        y = _y(limit, top)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + INNER}" y2="{y:.1f}" stroke="{LIMIT}"/>')
    label = escape(f"{title}, {unit}")
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def nice(value: float) -> float:
    """The next round number at or above: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** ceil(log10(max(value, 1e-9)) - 1)
    return next((step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999), 10 * power)


def _frame(title: str, unit: str, top: float, count: int, each: float) -> str:
    parts = []
    every = max(ceil(LABEL_PX / each), 1)
    for number in range(count):
        x = LEFT + number * each
        if number % 2:
            parts.append(f'<rect x="{x:.1f}" y="{TOP}" width="{each:.1f}" height="{_bottom() - TOP}" fill="{BAND}"/>')
        if number % every == 0:
            parts.append(_text(x + each / 2, HEIGHT - 10, str(number + 1), DIM, "middle"))
    for share in (0.0, 0.5, 1.0):
        y = _y(share * top, top)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + INNER}" y2="{y:.1f}" stroke="{GRID}"/>')
        text = f"{share * top:.4g}" + (f" {unit}" if share == 1.0 else "")
        parts.append(_text(LEFT - 5, y + 4, text, DIM, "end"))
    return "".join(parts)


def _bottom() -> float:
    return HEIGHT - BOTTOM


def _y(value: float, top: float) -> float:
    return _bottom() - min(max(value / top, 0.0), 1.0) * (_bottom() - TOP)


def _binned(values: NDArray[np.float64], places: int, peaks: bool) -> NDArray[np.float64]:
    """At most so many values: means, or the greatest, of neighbours."""
    if len(values) <= max(places, 2):
        return values
    groups = np.array_split(values, max(places, 2))
    return np.array([group.max() if peaks else group.mean() for group in groups])


def _line(values: NDArray[np.float64], x: float, width: float, top: float) -> str:
    step = width / max(len(values), 1)
    points = " ".join(f"{x + (at + 0.5) * step:.1f},{_y(float(value), top):.1f}" for at, value in enumerate(values))
    return f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1.2"/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'
