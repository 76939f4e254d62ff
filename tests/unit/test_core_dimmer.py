import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.dimmer import CUT_S, FADE_S, OutputDimmer
from livegan.core.double_press import DoublePress


def test_blackout_is_black_within_its_fade_and_the_light_comes_back() -> None:
    dimmer = OutputDimmer()
    assert dimmer.light(10.0) == 1.0
    dimmer.set_blackout(True, 20.0)
    assert 0.0 < dimmer.light(20.0 + CUT_S / 2) < 1.0
    assert dimmer.light(20.0 + CUT_S) == 0.0
    assert not dimmer.moving
    dimmer.set_blackout(False, 30.0)
    assert dimmer.moving
    assert dimmer.light(30.0 + CUT_S) == 1.0


def test_the_first_draw_after_a_blackout_is_already_darker_however_long_nothing_was_drawn() -> None:
    dimmer = OutputDimmer()
    dimmer.light(0.0)
    dimmer.set_blackout(True, 1000.0)
    assert dimmer.light(1000.0) == 1.0, "it fades from the moment of the key, not from the last draw"
    assert dimmer.light(1000.016) < 1.0


@given(
    st.lists(
        st.tuples(st.floats(0, 0.05), st.sampled_from(["dark", "light", "up", "down", "draw", "out", "in"])),
        max_size=60,
    )
)
def test_light_stays_in_range_and_never_jumps(moves: list[tuple[float, str]]) -> None:
    dimmer, now_s, before = OutputDimmer(), 0.0, 1.0
    for pause_s, move in moves:
        now_s += pause_s
        if move in ("dark", "light"):
            dimmer.set_blackout(move == "dark", now_s)
        elif move in ("up", "down"):
            dimmer.set_master(dimmer.master + (0.3 if move == "up" else -0.3), now_s)
        elif move in ("out", "in"):
            dimmer.set_fade(float(move == "in"), now_s)
        light = dimmer.light(now_s)
        assert 0.0 <= light <= 1.0
        assert abs(light - before) <= pause_s * (1 / CUT_S + 1 / FADE_S) + 1e-9
        before = light


def test_many_small_steps_are_one_large_step() -> None:
    small, large = OutputDimmer(), OutputDimmer()
    for dimmer in (small, large):
        dimmer.light(0.0)
        dimmer.set_master(0.2, 0.0)
    for step in range(1, 7):
        small.light(step * 0.01)
    assert small.light(0.06) == pytest.approx(large.light(0.06))


def test_under_a_blackout_the_master_moves_unseen() -> None:
    dimmer = OutputDimmer()
    dimmer.set_blackout(True, 0.0)
    dimmer.set_master(0.5, 1.0)
    assert dimmer.light(2.0) == 0.0
    dimmer.set_blackout(False, 3.0)
    assert dimmer.light(4.0) == 0.5


def test_a_timed_fade_takes_its_time_turns_round_where_it_is_and_leaves_the_master_alone() -> None:
    dimmer = OutputDimmer(fade_s=4.0)
    dimmer.set_master(0.8, 0.0)
    assert dimmer.light(1.0) == 0.8
    dimmer.set_fade(0.0, 10.0)
    assert dimmer.light(11.0) == pytest.approx(0.8 * 0.75)
    dimmer.set_fade(1.0, 11.0)
    assert dimmer.light(11.5) == pytest.approx(0.8 * 0.875)
    dimmer.set_fade(0.0, 11.5)
    assert dimmer.light(20.0) == 0.0
    assert not dimmer.moving
    assert dimmer.master == 0.8
    dimmer.set_fade(0.5, 20.0)
    assert dimmer.light(30.0) == pytest.approx(0.4), "and half light is a place as well"


def test_a_fade_to_light_ends_a_blackout_and_rises_from_black() -> None:
    dimmer = OutputDimmer(fade_s=2.0)
    dimmer.set_blackout(True, 0.0)
    assert dimmer.light(1.0) == 0.0
    dimmer.set_fade(1.0, 1.0)
    assert not dimmer.blackout
    assert dimmer.light(1.0) == 0.0
    assert dimmer.light(2.0) == pytest.approx(0.5)
    assert dimmer.light(3.0) == 1.0
    dimmer.set_blackout(True, 3.0)
    dimmer.set_fade(0.0, 3.5)
    assert dimmer.blackout, "a fade to black leaves it dark"


def test_time_that_goes_back_changes_nothing() -> None:
    dimmer = OutputDimmer()
    dimmer.set_blackout(True, 5.0)
    light = dimmer.light(5.05)
    assert dimmer.light(1.0) == light


def test_twice_wants_two_presses_soon_after_each_other() -> None:
    twice = DoublePress(1.5)
    assert not twice.press(0.0)
    assert not twice.press(2.0), "too late: this is a first press again"
    assert twice.press(3.0)
    assert not twice.press(3.1), "and after a yes it starts over"
    twice.forget()
    assert not twice.press(3.2), "the press before did something else"
