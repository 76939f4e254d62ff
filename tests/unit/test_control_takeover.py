"""Soft takeover: no value jumps, every control gets its value in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.control.takeover import CAUGHT, MODES, ROUNDING, STEEPEST, Takeover

unit = st.floats(0, 1)
path = st.lists(unit, min_size=1, max_size=30)


def turned(takeover: Takeover, positions: list[float], current: float) -> list[float]:
    """Where the value stands after each message."""
    values = []
    for position in positions:
        new = takeover.step(position, current)
        current = current if new is None else new
        values.append(current)
    return values


@given(st.sampled_from(MODES), path, unit)
def test_a_value_stays_in_its_range(mode: str, positions: list[float], start: float) -> None:
    assert all(0 <= value <= 1 for value in turned(Takeover(mode), positions, start))


@given(path, unit)
def test_scaled_a_value_never_moves_more_than_the_hand_allows(positions: list[float], start: float) -> None:
    values = [start, *turned(Takeover("scale"), positions, start)]
    assert abs(values[1] - start) <= CAUGHT, "the first message only tells where the control stands"
    for k in range(1, len(positions)):
        moved = positions[k] - positions[k - 1]
        step = values[k + 1] - values[k]
        assert abs(step) <= STEEPEST * abs(moved) + 2 * ROUNDING
        assert step * moved >= -ROUNDING, "and in its direction"


@given(unit, unit, unit)
def test_scaled_every_move_is_answered(first: float, second: float, start: float) -> None:
    takeover = Takeover("scale")
    (before, after) = turned(takeover, [first, second], start)
    if abs(second - first) > 1e-3 and 1e-3 < before < 1 - 1e-3:
        assert after != before


@given(unit, unit)
def test_scaled_a_turn_from_end_to_end_takes_the_value_along_and_has_it_then(start: float, middle: float) -> None:
    for positions in ([0.0, middle, 1.0], [1.0, middle, 0.0]):
        takeover = Takeover("scale")
        assert turned(takeover, positions, start)[-1] == pytest.approx(positions[-1], abs=1e-9)
        assert takeover.step(0.5, positions[-1]) == pytest.approx(0.5), "control and value are one now"


@given(unit)
def test_a_control_that_stands_at_the_value_moves_it_as_it_moves(start: float) -> None:
    for mode in MODES:
        assert turned(Takeover(mode), [start, 0.3, 0.9, 0.0], start) == pytest.approx([start, 0.3, 0.9, 0.0])


@given(path, unit)
def test_picked_up_a_value_moves_only_once_the_control_has_come_to_it(positions: list[float], start: float) -> None:
    values = turned(Takeover("pickup"), positions, start)
    caught = False
    for k, position in enumerate(positions):
        before = positions[k - 1] if k else position
        caught |= min(before, position) <= start <= max(before, position) or abs(position - start) <= CAUGHT
        assert values[k] == (position if caught else start)


@given(st.sampled_from(["scale", "pickup"]), unit, unit, unit)
def test_what_something_else_moved_is_not_pulled_back(mode: str, start: float, elsewhere: float, onward: float) -> None:
    takeover = Takeover(mode)
    takeover.step(start, start)
    new = takeover.step(onward, elsewhere)
    if abs(elsewhere - start) > 1e-3 and new is not None:
        assert abs(new - elsewhere) <= max(STEEPEST * abs(onward - start), CAUGHT) + 1e-9
    stays = elsewhere if new is None else new
    assert takeover.step(onward, stays) in (None, pytest.approx(stays, abs=2 * ROUNDING)), (
        "a control that stands still moves nothing"
    )


@given(path, unit)
def test_a_jump_is_where_the_control_is(positions: list[float], start: float) -> None:
    assert turned(Takeover("jump"), positions, start) == positions


def test_it_says_which_way_to_turn() -> None:
    takeover = Takeover("pickup")
    assert takeover.turn(0.5) == 0, "nobody knows yet"
    takeover.step(0.2, 0.5)
    assert takeover.turn(0.5) == 1
    assert takeover.step(0.9, 0.5) == 0.9, "it went over the value"
    assert takeover.turn(0.9) == 0
    assert takeover.turn(0.4) == -1, "something moved it"


def test_no_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="pickup"):
        Takeover("slowly")
