"""Mapping by hand: handles are caught and moved, nothing folds over, everything can be undone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.config.picture_view import SQUARE, PictureView, is_convex
from livegan.ui.warp_editor import HANDLES, MappedPicture, WarpEditor

SIZE = (1000, 500)


def editor(count: int = 1, **view: object) -> WarpEditor:
    return WarpEditor([MappedPicture(PictureView.model_validate(view), SIZE, (640, 320)) for _ in range(count)])


def drag(edit: WarpEditor, start: tuple[float, float], *points: tuple[float, float], fine: bool = False) -> None:
    assert edit.press(edit.at, start)
    for point in points:
        edit.drag(point, fine=fine)
    edit.release()


def test_a_corner_follows_the_pointer_from_where_it_was_caught() -> None:
    edit = editor()
    drag(edit, (0.99, 0.02), (0.9, 0.1), (0.79, 0.22))
    assert edit.handle == 1
    assert edit.pictures[0].view.map.corners[1] == pytest.approx((0.8, 0.2))
    drag(edit, (0.8, 0.2), (0.7, 0.3), fine=True)
    assert edit.pictures[0].view.map.corners[1] == pytest.approx((0.79, 0.21)), "with Shift a tenth of the way"


def test_nothing_is_caught_far_from_every_handle() -> None:
    edit = editor()
    assert not edit.press(0, (0.5, 0.5))
    assert not edit.drag((0.1, 0.1))
    assert edit.pictures[0].view.plain


def test_a_corner_that_would_fold_the_picture_waits_until_the_hand_comes_back() -> None:
    edit = editor()
    drag(edit, (0.0, 0.0), (0.3, 0.3), (0.9, 0.9), (0.2, 0.1))
    assert edit.pictures[0].view.map.corners[0] == pytest.approx((0.2, 0.1))
    drag(edit, (0.2, 0.1), (0.95, 0.95))
    assert edit.pictures[0].view.map.corners[0] == pytest.approx((0.2, 0.1))


def test_a_soft_edge_is_pulled_in_from_the_middle_of_a_side() -> None:
    edit = editor()
    drag(edit, (0.0, 0.5), (0.25, 0.5))
    drag(edit, (1.0, 0.5), (0.5, 0.4))
    soft = edit.pictures[0].view.map.soft_edges
    assert (soft.left, soft.right) == pytest.approx((0.25, 0.5))
    drag(edit, (0.5, 0.5), (0.0, 0.5))
    assert edit.pictures[0].view.map.soft_edges.right == pytest.approx(0.75), "up to the other one"
    drag(edit, (0.25, 0.5), (0.001, 0.5))
    assert edit.pictures[0].view.map.soft_edges.left == 0.0, "a hair's breadth is none"


def test_soft_edges_are_those_of_the_picture_where_it_has_bars_and_is_tilted() -> None:
    edit = WarpEditor([MappedPicture(PictureView(), SIZE, (320, 320))])  # from 0.25 to 0.75 across
    edit.press(0, (0.25, 0.5))
    edit.drag((0.375, 0.5))
    edit.release()
    assert edit.pictures[0].view.map.soft_edges.left == pytest.approx(0.25)
    drag(edit, (0.0, 0.0), (0.1, 0.2))
    place = edit.place_of(0, 4)
    drag(edit, place, place)
    assert edit.handle == 4
    assert edit.pictures[0].view.map.soft_edges.left == pytest.approx(0.25)


def test_arrows_move_by_pixels_and_tab_goes_round_all_windows() -> None:
    edit = editor(2)
    edit.step()
    assert edit.nudge(-3.0, 1.0)
    assert edit.pictures[0].view.map.corners[1] == pytest.approx((1 - 3 / 1000, 1 / 500))
    for _ in range(HANDLES):
        edit.step()
    assert (edit.at, edit.handle) == (1, 1)
    for _ in range(HANDLES):
        edit.step()
    assert (edit.at, edit.handle) == (0, 1)
    edit.step(-2)
    assert (edit.at, edit.handle) == (1, HANDLES - 1)


def test_undo_and_redo() -> None:
    edit = editor()
    drag(edit, (0.0, 0.0), (0.05, 0.05), (0.1, 0.1))
    dragged = edit.pictures[0].view.map
    for _ in range(5):
        edit.nudge(1.0, 0.0)
    edit.step(2)
    edit.nudge(0.0, -4.0)
    assert edit.reset()
    assert not edit.reset(), "it is home already"
    for _ in range(3):
        assert edit.undo()
    assert edit.pictures[0].view.map == dragged, "all nudges of one handle at once"
    assert edit.undo()
    assert edit.pictures[0].view.map.corners == SQUARE
    assert not edit.undo()
    assert edit.redo()
    assert edit.pictures[0].view.map == dragged
    edit.nudge(2.0, 0.0)
    assert not edit.redo(), "another change forgets what was undone"
    assert edit.undo()
    assert edit.pictures[0].view.map == dragged


shares = st.floats(-0.5, 1.5)


@given(st.lists(st.tuples(st.integers(0, 7), shares, shares, st.booleans()), max_size=12))
def test_whatever_the_hand_does_the_picture_can_be_shown_and_saved(
    moves: list[tuple[int, float, float, bool]],
) -> None:
    edit = editor()
    for handle, x, y, fine in moves:
        edit.press(0, edit.place_of(0, handle))
        edit.drag((x, y), fine=fine)
        edit.release()
        view = edit.pictures[0].view
        assert is_convex(view.map.corners)
        assert PictureView.model_validate(view.model_dump()) == view
