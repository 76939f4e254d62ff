"""The geometry of mapped windows: homographies, slices, mirrors, rotations, and what a venue may say of them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from livegan.config.picture_view import SQUARE, MapTable, PictureView, is_convex
from livegan.core.letterbox import fit
from livegan.ui.warp import content_rect, homography, move, placing, shown_size, texture_matrix

near = st.floats(-0.4, 0.4)
quads = st.tuples(*(st.tuples(near, near) for _ in range(4))).map(
    lambda moves: tuple((x + dx, y + dy) for (x, y), (dx, dy) in zip(SQUARE, moves, strict=True))
)


@given(quads)
def test_a_homography_takes_every_corner_home_and_nothing_inside_to_the_horizon(corners: object) -> None:
    assume(is_convex(corners))  # type: ignore[arg-type]
    matrix = homography(corners)  # type: ignore[arg-type]
    for place, corner in zip(SQUARE, corners, strict=True):  # type: ignore[call-overload]
        assert move(matrix, place) == pytest.approx(corner, abs=1e-6)
    assert all((matrix @ (*place, 1.0))[2] > 0 for place in SQUARE)


def test_straight_lines_stay_straight() -> None:
    matrix = homography(((0.1, 0.2), (0.9, 0.0), (1.0, 0.9), (0.2, 0.7)))
    for start, end in (((0.0, 0.3), (1.0, 0.8)), ((0.4, 0.0), (0.6, 1.0))):
        along = [tuple(a + (b - a) * t for a, b in zip(start, end, strict=True)) for t in (0.0, 0.37, 1.0)]
        a, b, c = (np.array(move(matrix, point)) for point in along)  # type: ignore[arg-type]
        assert (b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0] == pytest.approx(0.0, abs=1e-9)


def test_a_picture_as_it_is_lies_where_it_always_did() -> None:
    assert np.array_equal(homography(SQUARE), np.eye(3))
    assert np.array_equal(texture_matrix(PictureView()), np.eye(3))
    for window, picture in (((640, 360), (256, 256)), ((360, 640), (448, 256)), ((1920, 1080), (448, 256))):
        for fill in (False, True):
            assert content_rect(PictureView(fill=fill), window, picture) == fit(window, picture, fill=fill)
        assert content_rect(PictureView(fill="stretch"), window, picture) == (0, 0, *window)


@pytest.mark.parametrize(
    ("view", "top_left", "bottom_right"),
    [
        ({"rotate": 90}, (0, 1), (1, 0)),
        ({"rotate": 180}, (1, 1), (0, 0)),
        ({"rotate": 270}, (1, 0), (0, 1)),
        ({"mirror": "both"}, (1, 1), (0, 0)),
        ({"mirror": "horizontal", "rotate": 90}, (1, 1), (0, 0)),
        ({"slice": (0.5, 0.25, 0.25, 0.5)}, (0.5, 0.25), (0.75, 0.75)),
        ({"slice": (0.5, 0.25, 0.25, 0.5), "mirror": "vertical"}, (0.5, 0.75), (0.75, 0.25)),
    ],
)
def test_what_of_the_picture_stands_in_the_corners(
    view: dict[str, object], top_left: object, bottom_right: object
) -> None:
    matrix = texture_matrix(PictureView.model_validate(view))
    assert move(matrix, (0.0, 0.0)) == pytest.approx(top_left)
    assert move(matrix, (1.0, 1.0)) == pytest.approx(bottom_right)


def test_the_aspect_is_that_of_what_is_shown() -> None:
    assert shown_size(PictureView(slice=(0, 0, 0.5, 1)), (640, 360)) == (320, 360)
    assert shown_size(PictureView(slice=(0, 0, 0.5, 1), rotate=90), (640, 360)) == (360, 320)


def test_the_quad_is_a_little_larger_than_the_picture_so_that_its_border_is_smooth() -> None:
    placed = placing(PictureView(), (640, 360), (640, 360))
    assert placed.margin == pytest.approx((4 / 640, 4 / 360)), "two pixels on each side"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"map": {"corners": [[0, 0], [1, 1], [1, 0], [0, 1]]}}, "make no dent"),
        ({"map": {"corners": [[0, 0], [1, 0], [0.4, 0.4], [0, 1]]}}, "make no dent"),
        ({"map": {"corners": [[1, 0], [0, 0], [0, 1], [1, 1]]}}, "clockwise|top left"),
        ({"slice": [0.5, 0, 0.6, 1]}, "lies inside"),
        ({"slice": [0, 0, 0, 1]}, "lies inside"),
        ({"map": {"soft_edges": {"left": 0.6, "right": 0.6}}}, "face each other"),
        ({"rotate": 45}, "90"),
    ],
)
def test_a_view_that_cannot_be_shown_is_a_mistake(table: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PictureView.model_validate(table)


def test_a_map_that_changes_nothing_is_off() -> None:
    assert MapTable().off
    assert MapTable(gamma=1.8).off
    assert not MapTable.model_validate({"soft_edges": {"top": 0.1}}).off
    assert PictureView(fill=True).plain
    assert not PictureView(mirror="both").plain
