"""Gradient stops: dark, middle and light parts get colours in this order, whatever a target names."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.oklab import oklab_to_srgb
from livegan.core.target import Target
from livegan.mapping.gradient_stops import gradient_stops

BLACK, WHITE, RED, BLUE, VIOLET, CYAN = (0, 0, 0), (1, 1, 1), (0.9, 0.1, 0.1), (0.1, 0.2, 0.8), (0.5, 0, 1), (0, 0.9, 1)
colour = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))


def stops(*colours: tuple[float, float, float]) -> tuple[np.ndarray, float]:
    values, share = gradient_stops(Target(colours=tuple((1 / len(colours), colour) for colour in colours)))
    assert share == 1
    return oklab_to_srgb(values[:9].reshape(3, 3)), float(values[9])


@given(st.lists(colour, min_size=1, max_size=6))
def test_dark_is_darker_than_light_and_all_are_colours(colours: list) -> None:
    values, share = gradient_stops(Target(colours=tuple((1 / len(colours), each) for each in colours)))
    dark, _, light = values[[0, 3, 6]]
    assert dark <= light
    assert share == 1
    assert 0.05 <= values[9] <= 0.95
    assert np.isfinite(values).all()


@pytest.mark.parametrize("colours", list(itertools.permutations((BLACK, VIOLET))))
def test_black_is_for_the_shadows_in_any_order(colours: tuple) -> None:
    (dark, middle, light), place = stops(*colours)
    assert dark == pytest.approx(BLACK, abs=1e-4)
    assert middle == pytest.approx(VIOLET, abs=1e-4)
    assert light.min() > VIOLET[1], "a tint of violet"
    assert place > 0.4, "half of it is black"


def test_two_colours_share_the_picture_and_white_is_its_light() -> None:
    (dark, middle, light), _ = stops(RED, CYAN)
    assert middle == pytest.approx(RED, abs=1e-4)
    assert light == pytest.approx(CYAN, abs=1e-4)
    assert dark.max() < 0.3
    (_, middle, light), _ = stops(WHITE, BLUE)
    assert middle == pytest.approx(BLUE, abs=1e-4)
    assert light == pytest.approx(WHITE, abs=1e-4)


def test_warmth_counts_where_no_colour_is_named() -> None:
    assert gradient_stops(Target())[1] == 0
    assert gradient_stops(Target(warmth=0.5))[1] == 0
    warm, cold = (oklab_to_srgb(gradient_stops(Target(warmth=warmth))[0][3:6]) for warmth in (1.0, 0.0))
    assert warm[0] > warm[2]
    assert cold[2] > cold[0]
    assert gradient_stops(Target(warmth=1.0, colours=((1.0, BLUE),)))[1] == 1
