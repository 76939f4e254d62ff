"""Homography of a window's four corners, and the slice, mirror and rotation of its picture, as 3 x 3 matrices.

Points are (x, y, 1) with y counted down. "Shown": a point of what is shown of the picture, 0..1. "Content": a point of
the window before its corners are moved, 0..1. A matrix is applied from the left: ``matrix @ point``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.config.picture_view import Corners, PictureView
from livegan.core.letterbox import Rect, fit

Matrix = NDArray[np.float64]  # (3, 3)

CLIP: Matrix = np.array([(2.0, 0.0, -1.0), (0.0, -2.0, 1.0), (0.0, 0.0, 1.0)])  # window, 0..1 down -> OpenGL's -1..1 up


@dataclass(frozen=True, slots=True)
class Placing:
    """Placing of a picture in a window: the numbers of the vertex shader `MAPPED_QUAD` and of `masked`."""

    place: Matrix  # shown -> OpenGL's clip coordinates
    texture: Matrix  # shown -> texture
    content: tuple[float, float, float, float]  # where the picture lies in the content: left, top, width, height
    margin: tuple[float, float]  # by how much the quad is larger, so that its edges can be smooth: shares of it


def homography(corners: Corners) -> Matrix:
    """The projective map that takes the unit square's corners, clockwise from (0, 0), to `corners` (Heckbert 1989).

    Its third row is positive inside a convex quad; ``homography(SQUARE)`` is the identity.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = ax * by - bx * ay
    g, h = (sx * by - bx * sy) / area, (ax * sy - sx * ay) / area
    return np.array(
        [
            (x1 - x0 + g * x1, x3 - x0 + h * x3, x0),
            (y1 - y0 + g * y1, y3 - y0 + h * y3, y0),
            (g, h, 1.0),
        ]
    )


def move(matrix: Matrix, point: tuple[float, float]) -> tuple[float, float]:
    """Where a projective map takes a point."""
    x, y, w = matrix @ (*point, 1.0)
    return float(x / w), float(y / w)


def texture_matrix(view: PictureView) -> Matrix:
    """From what is shown to the texture: the slice, mirrored, then turned clockwise."""
    turn = {
        0: np.eye(3),
        90: np.array([(0.0, 1.0, 0.0), (-1.0, 0.0, 1.0), (0.0, 0.0, 1.0)]),
        180: np.array([(-1.0, 0.0, 1.0), (0.0, -1.0, 1.0), (0.0, 0.0, 1.0)]),
        270: np.array([(0.0, -1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]),
    }[view.rotate]
    across, down = view.mirror in ("horizontal", "both"), view.mirror in ("vertical", "both")
    flip = np.array([(1.0 - 2 * across, 0.0, across), (0.0, 1.0 - 2 * down, down), (0.0, 0.0, 1.0)])
    left, top, width, height = view.slice
    cut = np.array([(width, 0.0, left), (0.0, height, top), (0.0, 0.0, 1.0)])
    return np.asarray(cut @ flip @ turn)


def shown_size(view: PictureView, picture: tuple[int, int]) -> tuple[int, int]:
    """Width and height of what is shown of a picture (width, height) [px]."""
    width, height = (max(round(size * share), 1) for size, share in zip(picture, view.slice[2:], strict=True))
    return (height, width) if view.rotate in (90, 270) else (width, height)


def content_rect(view: PictureView, window: tuple[int, int], picture: tuple[int, int] | None) -> Rect:
    """Where it lies in a window of (width, height) whose corners are not moved; None: a picture of the window's size.

    Pixels, y counted from below, as `core.letterbox` does.
    """
    if picture is None or view.fill == "stretch":
        return 0, 0, *window
    return fit(window, shown_size(view, picture), fill=bool(view.fill))


def lies(view: PictureView, window: tuple[int, int], picture: tuple[int, int] | None) -> Matrix:
    """From what is shown to the content: the rectangle that the picture has in the window."""
    left, below, width, height = content_rect(view, window, picture)
    top = window[1] - below - height
    across, down = window
    return np.array([(width / across, 0.0, left / across), (0.0, height / down, top / down), (0.0, 0.0, 1.0)])


def placing(view: PictureView, window: tuple[int, int], picture: tuple[int, int] | None) -> Placing:
    """The placing of a picture (width, height) in a window of (width, height) [px].

    None: of what is drawn for the window and has no size of its own, which is not cut, mirrored or turned.
    """
    inside = lies(view, window, picture)
    left, top, width, height = (float(inside[row, column]) for row, column in ((0, 2), (1, 2), (0, 0), (1, 1)))
    place = CLIP @ homography(view.map.corners) @ inside
    texture = np.eye(3) if picture is None else texture_matrix(view)
    margin = 4.0 / (width * window[0]), 4.0 / (height * window[1])
    return Placing(place, texture, (left, top, width, height), margin)
