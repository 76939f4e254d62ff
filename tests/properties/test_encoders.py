"""Detection of relative encoders: every encoding is found, and no knob with a position is ever taken for one."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.control.encoders import EncoderWatch, detect, steps
from livegan.core.controller import Encoding


def sent(step: int, encoding: Encoding) -> int:
    """The value that says one step, as encoders send it."""
    return {
        "twos-complement": step & 127,
        "binary-offset": 64 + step,
        "sign-magnitude": step if step > 0 else 64 - step,
    }[encoding]


@pytest.mark.parametrize("encoding", get_args(Encoding))
@given(step=st.integers(-63, 63))
def test_steps_are_what_was_sent(encoding: Encoding, step: int) -> None:
    assert steps(sent(step, encoding), encoding) == step


def found(values: list[int]) -> Encoding | None:
    """As a decoder looks at a stream."""
    watch = EncoderWatch()
    for value in values:
        if not watch.see(value):
            break
    return watch.encoding


@pytest.mark.parametrize("encoding", get_args(Encoding))
@given(step=st.integers(1, 3), runs=st.lists(st.integers(5, 40), min_size=4, max_size=8))
def test_an_encoder_turned_to_and_fro_is_found(encoding: Encoding, step: int, runs: list[int]) -> None:
    values = [sent(step if number % 2 else -step, encoding) for number, run in enumerate(runs) for _ in range(run)]
    assert found(values) == encoding


@given(
    st.lists(st.floats(-1.0, 1.0), min_size=30, max_size=300),
    st.floats(0.0, 1.0),
    st.floats(0.001, 0.3),
    st.booleans(),
)
def test_a_knob_with_a_position_is_never_taken_for_an_encoder(
    moves: list[float], start: float, speed: float, repeats: bool
) -> None:
    """A hand moves it at any speed; it sends when its value changes, or (`repeats`) all the time at a hand's speed."""
    position, values = start, []
    for move in moves:
        position = min(max(position + move * (speed if not repeats else min(speed, 1 / 127)), 0.0), 1.0)
        value = round(position * 127)
        if repeats or not values or values[-1] != value:
            values.append(value)
    assert detect(values) is None
    assert found(values) is None


@given(st.lists(st.booleans(), min_size=10, max_size=100), st.sampled_from([0, 1, 63, 64]), st.sampled_from([65, 127]))
def test_a_button_is_never_taken_for_an_encoder(presses: list[bool], off: int, on: int) -> None:
    values = [value for _ in presses for value in (on, off)]
    assert detect(values) is None
    assert found(values) is None
