"""The hold and the idle scene's motion: time is an argument, no window is needed."""

from itertools import pairwise

import numpy as np
import pytest

from livegan.core.rings import FeatureRing
from livegan.core.types import Layout
from livegan.ui.hold import (
    EARLIER_S,
    HOLD_S,
    IDLE_AFTER_S,
    IDLE_IN_S,
    IDLE_OUT_S,
    RETURN_S,
    STILL_IDLE_S,
    SWING_S,
    HeldPicture,
    Hold,
)
from livegan.ui.idle import IdleMotion

STEP_S = 0.02


class Screen:
    """A window without pixels: which frame is in which slot, and what stands on the screen."""

    def __init__(self) -> None:
        self.hold, self.now_s, self.slots = Hold(), 100.0, {}
        self.frozen = False

    def play(self, seconds: float, first: int = 0) -> None:
        """Frames at 50 a second, the first of that number."""
        for number in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            self.slots[self.hold.frame(self.now_s)] = first + number
            self.seen()

    def seen(self) -> HeldPicture:
        return self.hold.step(self.now_s, frozen=self.frozen)

    def wait(self, seconds: float) -> list[HeldPicture]:
        pictures = []
        for _ in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            pictures.append(self.seen())
        return pictures

    def shares(self) -> dict[int, float]:
        """How much of each frame is seen, by its number; the idle scene is -1."""
        held, seen, left = self.seen(), {-1: self.seen().idle}, 1.0 - self.seen().idle
        for slot, share in reversed(held.layers):
            seen[self.slots[slot]] = seen.get(self.slots[slot], 0.0) + left * share
            left *= 1.0 - share
        return seen


@pytest.fixture
def screen() -> Screen:
    screen = Screen()
    screen.play(2.0)
    screen.play(0.02, 100)
    assert screen.shares() == {-1: 0.0, 100: 1.0}
    return screen


def test_before_the_first_frame_there_is_the_idle_scene_and_it_fades_out_over_the_first() -> None:
    screen = Screen()
    assert screen.wait(1.0)[-1] == HeldPicture((), 1.0, "idle")
    assert screen.hold.moving
    screen.play(IDLE_OUT_S / 2)
    assert 0.2 < screen.shares()[-1] < 0.8
    screen.play(IDLE_OUT_S)
    assert screen.shares()[-1] == 0.0
    assert not screen.hold.moving


def test_frames_that_come_are_shown_alone_however_slowly_within_the_limit(screen: Screen) -> None:
    for number in range(20):
        screen.wait(HOLD_S - 2 * STEP_S)
        screen.play(STEP_S, 200 + number)
        assert screen.shares() == {-1: 0.0, 200 + number: 1.0}
        assert not screen.hold.moving


def test_the_hold_goes_back_to_an_earlier_frame_and_forth(screen: Screen) -> None:
    screen.wait(HOLD_S - STEP_S)
    assert not screen.hold.moving
    screen.wait(2 * STEP_S)
    assert (screen.hold.moving, screen.seen().state) == (True, "held")
    screen.wait(IDLE_AFTER_S - HOLD_S - 4 * STEP_S)
    shares = screen.shares()
    earlier = min(set(shares) - {-1})
    assert (100 - earlier) * STEP_S >= EARLIER_S / 2, "far enough back for its motion to be seen"
    assert shares[earlier] > 0.7
    assert SWING_S / 2 >= IDLE_AFTER_S, "one way is all that is seen before the idle scene comes"


def test_no_picture_jumps_in_a_hold_in_the_idle_scene_or_on_the_way_back(screen: Screen) -> None:
    """Each way out is taken at each moment: no frame's share changes by more than a crossfade's step."""
    most = 1.5 * STEP_S * (1 / RETURN_S + 1 / IDLE_OUT_S) + 0.01  # both at once
    for stall_s in np.arange(HOLD_S + STEP_S, 5.0, 0.33):
        before = screen.shares()
        for _ in range(round(stall_s / STEP_S)):
            screen.wait(STEP_S)
            after = screen.shares()
            assert all(abs(after.get(frame, 0) - before.get(frame, 0)) < most for frame in {*after, *before})
            before = after
        for _ in range(round(1.2 / STEP_S)):  # the new frames are one for this: all of them carry its number
            screen.play(STEP_S, 500)
            after = screen.shares()
            assert all(abs(after.get(frame, 0) - before.get(frame, 0)) < most for frame in {*after, *before})
            before = after
        assert screen.shares() == {-1: 0.0, 500: pytest.approx(1.0)}
        screen.play(1.0, 600)


def test_a_stall_in_the_return_from_another_one_does_not_jump_either(screen: Screen) -> None:
    screen.wait(1.5)
    screen.play(STEP_S, 500)
    before = screen.shares()
    for _ in range(200):
        screen.wait(STEP_S)
        after = screen.shares()
        assert all(abs(after.get(key, 0) - before.get(key, 0)) < 0.09 for key in {*after, *before})
        before = after
    assert screen.seen().state == "idle"


def test_after_two_seconds_the_idle_scene_comes_over_it_and_goes_with_the_first_frame(screen: Screen) -> None:
    screen.wait(IDLE_AFTER_S - STEP_S)
    assert screen.shares()[-1] == 0.0
    rising = [held.idle for held in screen.wait(IDLE_IN_S + 0.1)]
    assert all(a <= b for a, b in pairwise(rising))
    assert rising[-1] == 1.0
    assert screen.seen().state == "idle"
    screen.wait(600.0)
    screen.play(max(IDLE_OUT_S, RETURN_S) + 2 * STEP_S, 300)
    assert screen.shares()[-1] == 0.0
    assert screen.seen().state == "live"


def test_what_the_player_froze_does_not_move_and_is_no_stall(screen: Screen) -> None:
    screen.frozen = True
    before = screen.shares()
    screen.wait(60.0)
    assert screen.shares() == before
    assert not screen.hold.moving
    screen.frozen = False
    screen.play(STEP_S, 900)
    assert screen.shares() == {-1: 0.0, 900: 1.0}


def test_a_freeze_stops_a_hold_where_it_is(screen: Screen) -> None:
    screen.wait(1.0)
    screen.frozen = True
    before = screen.shares()
    screen.wait(30.0)
    assert screen.shares() == before
    screen.frozen = False
    screen.wait(0.5)
    assert screen.shares() != before


def test_a_still_is_shown_at_once_and_stays_for_longer(screen: Screen) -> None:
    screen.wait(4.0)
    screen.slots[screen.hold.cut(screen.now_s)] = 7
    assert screen.shares() == {-1: 0.0, 7: 1.0}
    screen.wait(STILL_IDLE_S - 2 * STEP_S)
    assert screen.shares() == {-1: 0.0, 7: 1.0}
    screen.wait(IDLE_IN_S + 0.2)
    assert screen.shares()[-1] == 1.0
    screen.play(1.0, 300)
    assert screen.shares() == {-1: 0.0, 349: pytest.approx(1.0)}


LAYOUT = Layout(("level", "bass", "onset", "beat.phase", "beat.confidence"), (False, False, True, False, False))


def test_the_idle_scene_moves_to_what_is_heard_now() -> None:
    ring = FeatureRing(LAYOUT)
    idle = IdleMotion(ring)
    assert idle.step(10.0)["level"] == 0.0
    ring.write(10.0, np.array([0.8, 0.6, 0.0, 0.0, 1.0], np.float32))
    ring.write(10.01, np.array([0.8, 0.6, 0.9, 0.0, 1.0], np.float32))
    ring.write(10.02, np.array([0.8, 0.6, 0.1, 0.0, 1.0], np.float32))
    heard = idle.step(10.3)
    assert heard["level"] == pytest.approx(0.8, abs=0.02)
    assert heard["bass"] == pytest.approx(0.6, abs=0.02)
    assert heard["onset"] == pytest.approx(0.9), "the strongest of those since the last step"
    assert heard["beat"] == pytest.approx(1.0)
    later = [idle.step(10.3 + 0.1 * step) for step in range(1, 40)]
    assert later[-1]["level"] < 0.01, "silence, when nothing is heard any more"
    assert later[-1]["onset"] < 0.01
    assert later[-1]["beat"] == 0.0


def test_the_idle_scene_moves_in_silence_too_faster_in_music_and_never_jumps() -> None:
    ring = FeatureRing(LAYOUT)
    quiet, loud = IdleMotion(FeatureRing(LAYOUT)), IdleMotion(ring)
    times: list[float] = []
    for step in range(200):
        ring.write(step * 0.05, np.array([1.0, 1.0, 1.0, 0.5, 1.0], np.float32))
        slow, fast = quiet.step(step * 0.05), loud.step(step * 0.05)
        times.append(fast["time"])
    assert 1.0 < slow["time"] < fast["time"]
    assert max(np.diff(times)) < 0.2
    hours = [quiet.step(10.0 + 60.0 * minute)["time"] for minute in range(1, 600)]
    assert max(np.abs(hours)) <= 1000.0, "its sines stay exact"


def test_features_that_a_show_does_not_have_are_nothing() -> None:
    ring = FeatureRing(Layout(("chroma.C",), (False,)))
    ring.write(1.0, np.array([np.inf], np.float32))
    idle = IdleMotion(ring)
    assert all(np.isfinite(list(idle.step(1.1).values())))
