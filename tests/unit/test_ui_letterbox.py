from hypothesis import given
from hypothesis import strategies as st

from livegan.ui.letterbox import cover, letterbox

SIDE = st.integers(1, 4000)


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE))
def test_it_stays_inside_in_the_middle_and_touches_two_sides(window: tuple[int, int], picture: tuple[int, int]) -> None:
    x, y, width, height = letterbox(window, picture)
    assert width >= 1
    assert height >= 1
    assert x >= 0
    assert y >= 0
    assert x + width <= window[0]
    assert y + height <= window[1]
    assert width == window[0] or height == window[1]
    assert abs(2 * x + width - window[0]) <= 1
    assert abs(2 * y + height - window[1]) <= 1


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE))
def test_the_aspect_is_kept_within_half_a_pixel(window: tuple[int, int], picture: tuple[int, int]) -> None:
    _, _, width, height = letterbox(window, picture)
    scale = min(window[0] / picture[0], window[1] / picture[1])
    assert abs(width - picture[0] * scale) <= 0.5 or width == 1
    assert abs(height - picture[1] * scale) <= 0.5 or height == 1


@given(SIDE, SIDE, st.integers(1, 8))
def test_a_picture_of_the_windows_shape_fills_it(width: int, height: int, times: int) -> None:
    assert letterbox((width * times, height * times), (width, height)) == (0, 0, width * times, height * times)


@given(SIDE, SIDE, SIDE, SIDE)
def test_covering_leaves_no_bars_and_keeps_the_aspect(width: int, height: int, across: int, down: int) -> None:
    x, y, wide, high = cover((width, height), (across, down))
    assert x <= 0 <= y + high - height + 1
    assert y <= 0
    assert x + wide >= width
    assert y + high >= height
    scale = max(width / across, height / down)
    assert abs(wide - across * scale) <= 1
    assert abs(high - down * scale) <= 1
