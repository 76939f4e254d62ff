"""Gradient stops: dark, middle and light parts get colours in this order, whatever a target names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.oklab import oklab_to_srgb
from livegan.core.target import Target
from livegan.mapping.gradient_stops import gradient_stops

BLUE = (0.1, 0.2, 0.8)
colour = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))


@given(st.lists(colour, min_size=1, max_size=6), st.none() | st.floats(0, 1))
def test_dark_is_darker_than_light_and_all_are_colours(colours: list, brightness: float | None) -> None:
    named = tuple((1 / len(colours), each) for each in colours)
    values, share = gradient_stops(Target(colours=named, brightness=brightness))
    assert values[0] <= values[6] + 1e-9
    assert share == 1
    assert 0.05 <= values[9] <= 0.95
    assert np.isfinite(values).all()


def test_a_dark_picture_has_more_of_the_dark_colour() -> None:
    dark, bright = (gradient_stops(Target(colours=((1.0, BLUE),), brightness=value))[0][9] for value in (0.1, 0.9))
    assert dark > bright + 0.1


def test_warmth_counts_where_no_colour_is_named() -> None:
    assert gradient_stops(Target())[1] == 0
    assert gradient_stops(Target(warmth=0.5))[1] == 0
    warm, cold = (oklab_to_srgb(gradient_stops(Target(warmth=warmth))[0][3:6]) for warmth in (1.0, 0.0))
    assert warm[0] > warm[2]
    assert cold[2] > cold[0]
    assert gradient_stops(Target(warmth=1.0, colours=((1.0, BLUE),)))[1] == 1
    assert gradient_stops(Target(warmth=1.0))[1] == pytest.approx(0.6)
