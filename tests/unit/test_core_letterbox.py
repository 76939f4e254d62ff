import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.config.venue import WindowTable
from livegan.core.letterbox import TRIM, cover, fit, letterbox, nearly_alike, size_within

SIDE = st.integers(1, 4000)
HOUSE = (448, 256)  # a wide network's picture: 1.75
SCREENS = {"16:9": (1920, 1080), "16:10": (1920, 1200), "4:3": (1024, 768), "21:9": (3440, 1440), "32:9": (5120, 1440)}


def bars(window: tuple[int, int], picture: tuple[int, int], *, fill: bool = False) -> tuple[int, int]:
    """Black columns and black rows [px] that a picture leaves in a window."""
    _, _, width, height = fit(window, picture, fill=fill)
    return max(window[0] - width, 0), max(window[1] - height, 0)


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


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE))
def test_a_picture_is_whole_or_next_to_nothing_of_it_is_cut_off(
    window: tuple[int, int], picture: tuple[int, int]
) -> None:
    _, _, width, height = fit(window, picture)
    if nearly_alike(window, picture):
        assert bars(window, picture) == (0, 0)
        assert width <= (1 + TRIM) * window[0] + 1
        assert height <= (1 + TRIM) * window[1] + 1
    else:
        assert fit(window, picture) == letterbox(window, picture)


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE))
def test_a_filled_window_has_no_bars(window: tuple[int, int], picture: tuple[int, int]) -> None:
    assert bars(window, picture, fill=True) == (0, 0)


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE))
def test_being_alike_is_mutual_and_does_not_change_when_both_are_turned(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert nearly_alike(a, b) == nearly_alike(b, a) == nearly_alike(a[::-1], b[::-1])
    assert nearly_alike(a, a)


@pytest.mark.parametrize("window", [WindowTable().size, SCREENS["16:9"], (1366, 768), (3840, 2160), (1280, 720)])
def test_a_wide_network_fills_a_wide_window(window: tuple[int, int]) -> None:
    assert bars(window, HOUSE) == (0, 0)


def test_other_screens_have_bars_on_two_sides_only() -> None:
    across, down = {}, {}
    for name, screen in SCREENS.items():
        across[name], down[name] = bars(screen, HOUSE)
    assert not any(down[name] for name in ("21:9", "32:9"))
    assert not any(across[name] for name in ("16:10", "4:3"))
    assert across["32:9"] > across["21:9"] > 0
    assert down["4:3"] / SCREENS["4:3"][1] > down["16:10"] / SCREENS["16:10"][1] > 0


@pytest.mark.parametrize("screen", SCREENS.values(), ids=list(SCREENS))
def test_a_square_network_is_shown_whole(screen: tuple[int, int]) -> None:
    _, _, width, height = fit(screen, (512, 512))
    assert width == height == min(screen)


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE))
def test_a_window_is_as_large_as_asked_or_keeps_its_aspect(room: tuple[int, int], size: tuple[int, int]) -> None:
    width, height = size_within(room, size)
    assert width <= room[0]
    assert height <= room[1]
    if size[0] <= room[0] and size[1] <= room[1]:
        assert (width, height) == size
    else:
        scale = min(room[0] / size[0], room[1] / size[1])
        assert abs(width - size[0] * scale) <= 1
        assert abs(height - size[1] * scale) <= 1


def test_a_window_opens_wide() -> None:
    assert WindowTable().size[0] * 9 == WindowTable().size[1] * 16
