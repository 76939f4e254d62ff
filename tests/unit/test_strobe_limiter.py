"""The strobe limiter lets no more than three flashes a second through, and leaves all other pictures as they are."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from livegan.rendering.strobe_limiter import StrobeLimiter
from tests import wcag

Frame = NDArray[np.uint8]
Stimulus = Callable[[float], Frame]  # time [s]
HEIGHT, WIDTH = 64, 112
BLACK, WHITE, RED, GREEN = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0)


def plain(colour: tuple[int, int, int]) -> Frame:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def scenery() -> Frame:
    rng = np.random.default_rng(5)
    coarse = rng.integers(20, 120, (8, 14, 3))
    return np.kron(coarse, np.ones((8, 8, 1))).astype(np.uint8)


def square(hz: float, on: Frame, off: Frame, area: float = 1.0, at: float = 0.0) -> Stimulus:
    """Changes from `off` to `on` and back `hz` times a second, on so much of the picture, from the left."""

    def frame(time_s: float) -> Frame:
        picture = off.copy()
        if (time_s * hz + 1e-6) % 1 >= 0.5:
            columns = slice(round(at * WIDTH), round((at + area) * WIDTH))
            picture[:, columns] = on[:, columns]
        return picture

    return frame


def sine(hz: float, low: float, high: float) -> Stimulus:
    def frame(time_s: float) -> Frame:
        return plain(3 * (round(low + (high - low) * (0.5 - 0.5 * np.cos(2 * np.pi * hz * time_s))),))

    return frame


def hopping(hz: float, area: float) -> Stimulus:
    """A white bar that jumps to another place `hz` times a second: each place flashes less often."""

    def frame(time_s: float) -> Frame:
        place = int(time_s * hz + 1e-6) % int(1 / area)
        picture = plain(BLACK)
        picture[:, round(place * area * WIDTH) : round((place + 1) * area * WIDTH)] = 255
        return picture

    return frame


def noise(low: int, high: int, size: int) -> Stimulus:
    def frame(time_s: float) -> Frame:
        rng = np.random.default_rng(int(time_s * 1e6))
        return np.kron(rng.integers(low, high, (HEIGHT // size, WIDTH // size, 3)), np.ones((size, size, 1))).astype(
            np.uint8
        )

    return frame


def times(fps: float, seconds: float, jitter: float = 0.0) -> list[float]:
    rng = np.random.default_rng(1)
    return [(k + jitter * rng.uniform(-0.5, 0.5)) / fps for k in range(1, round(seconds * fps))]


def limited(stimulus: Stimulus, times_s: Sequence[float]) -> tuple[list[Frame], list[Frame], StrobeLimiter]:
    """The stimulus, what is shown of it, and the limiter."""
    limiter = StrobeLimiter()
    frames = [stimulus(time_s) for time_s in times_s]
    shown = []
    for frame, time_s in zip(frames, times_s, strict=True):
        before = frame.copy()
        shown.append(np.asarray(limiter.step(torch.from_numpy(frame), time_s)))
        assert np.array_equal(frame, before)
    return frames, shown, limiter


FLICKERS = {
    "4 Hz": square(4, plain(WHITE), plain(BLACK)),
    "10 Hz": square(10, plain(WHITE), plain(BLACK)),
    "10 Hz on scenery": square(10, plain(WHITE), scenery()),
    "25 Hz": square(25, plain((200, 200, 200)), plain((90, 90, 90))),
    "10 Hz on 30 %": square(10, plain(WHITE), scenery(), area=0.3, at=0.35),
    "hopping bar": hopping(10, 0.3),
    "soft 5 Hz": sine(5, 0, 255),
    "red on black": square(10, plain(RED), plain(BLACK)),
    "dark red on green": square(6, plain((120, 0, 0)), plain((0, 66, 0))),
    "noise": noise(0, 255, 16),
}


@pytest.mark.parametrize("name", FLICKERS)
@pytest.mark.parametrize(("fps", "jitter"), [(60, 0.0), (30, 0.6), (144, 0.6)])
def test_at_most_three_flashes_a_second_are_shown(name: str, fps: float, jitter: float) -> None:
    times_s = times(fps, 2.4 if fps < 100 else 1.4, jitter)
    asked, shown, limiter = limited(FLICKERS[name], times_s)
    assert max(wcag.flashes(asked, times_s)) > 3
    assert max(wcag.flashes(shown, times_s)) <= 3
    assert limiter.limiting


HARMLESS = {
    "2 Hz": square(2, plain(WHITE), plain(BLACK)),
    "3 Hz": square(3, plain(WHITE), plain(BLACK)),
    "3 Hz on scenery": square(3, plain(WHITE), scenery()),
    "soft 3 Hz": sine(3, 0, 255),
    "10 Hz on 20 %": square(10, plain(WHITE), plain(BLACK), area=0.2, at=0.5),
    "10 Hz, too faint": square(10, plain((108, 108, 108)), plain((90, 90, 90))),
    "10 Hz, too bright": square(10, plain(WHITE), plain((232, 232, 232))),
    "3 Hz of reds": square(3, plain(RED), plain(BLACK)),
    "10 Hz of orange": square(10, plain((200, 112, 40)), plain((184, 112, 40))),
    "noise, twice a second": lambda time_s: noise(0, 255, 16)(int(time_s * 2)),
}


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize(("fps", "jitter"), [(60, 0.0), (144, 0.6)])
def test_harmless_pictures_are_left_as_they_are(name: str, fps: float, jitter: float) -> None:
    times_s = times(fps, 2.4 if fps < 100 else 1.4, jitter)
    asked, shown, limiter = limited(HARMLESS[name], times_s)
    assert max(wcag.flashes(asked, times_s)) <= 3
    assert all(np.array_equal(before, after) for before, after in zip(asked, shown, strict=True))
    assert not limiter.limiting


def test_small_changes_and_still_parts_go_on_while_flashes_are_held_back() -> None:
    """A flicker on the left third; on the right a slow gradient of grey."""

    def frame(time_s: float) -> Frame:
        picture = square(10, plain(WHITE), plain(BLACK), area=0.35)(time_s)
        picture[:, WIDTH // 2 :] = round(80 + 4 * time_s)
        return picture

    asked, shown, _ = limited(frame, times(60, 2.0))
    right = np.stack(asked)[:, :, WIDTH // 2 :].astype(int), np.stack(shown)[:, :, WIDTH // 2 :].astype(int)
    assert np.abs(right[0] - right[1]).max() <= 1


def test_pictures_come_back_unchanged_soon_after_the_flicker_has_ended() -> None:
    flicker, rest = square(10, plain(WHITE), plain(BLACK)), scenery()
    times_s = times(60, 4.0)
    asked, shown, limiter = limited(lambda time_s: flicker(time_s) if time_s < 1.5 else rest, times_s)
    same_s = next(t for t, a, b in zip(times_s, asked, shown, strict=True) if t > 1.5 and np.array_equal(a, b))
    assert same_s < 3.2
    assert not limiter.limiting
    assert all(np.array_equal(a, b) for t, a, b in zip(times_s, asked, shown, strict=True) if t > same_s)
    assert max(wcag.flashes(shown, times_s)) <= 3


def test_a_held_flicker_settles_between_its_ends_without_blocks() -> None:
    _, shown, _ = limited(square(10, plain(WHITE), plain(BLACK)), times(60, 3.0))
    tail = np.stack(shown[-30:]).astype(int)
    assert 60 < tail.min() <= tail.max() < 240
    assert (tail == tail[:, :1, :1]).all()


@pytest.mark.parametrize("shape", [(8, 8), (256, 448), (130, 77)])
def test_pictures_of_any_size_and_kind_are_limited(shape: tuple[int, int]) -> None:
    limiter = StrobeLimiter()
    on, off = np.full((*shape, 3), 255, np.uint8), np.zeros((*shape, 3), np.uint8)
    shown = [limiter.step((on, off)[k // 3 % 2], k / 60) for k in range(40)]
    assert limiter.limiting
    assert all(isinstance(picture, np.ndarray) and picture.dtype == np.uint8 for picture in shown)
    assert np.asarray(shown[-1]).shape == on.shape


@pytest.mark.parametrize("shape", [(256, 448), (288, 512), (512, 512)])
@pytest.mark.parametrize(("every", "dots"), [(2, False), (2, True), (4, True)])
def test_nothing_flashes_between_the_pixels_that_are_looked_at(shape: tuple[int, int], every: int, dots: bool) -> None:
    off = np.zeros((*shape, 3), np.uint8)
    for first in range(every):
        on = np.full((*shape, 3), 255, np.uint8)
        on[first::every, :: every if dots else 1] = 0
        limiter = StrobeLimiter()
        for k in range(40):
            limiter.step((on, off)[k // 3 % 2], k / 60)
        assert limiter.limiting


def test_a_change_of_size_neither_frees_a_flicker_nor_ends_it() -> None:
    limiter, times_s, shown = StrobeLimiter(), times(60, 2.5), []
    for k, time_s in enumerate(times_s):
        side = 2 if k > 60 else 1
        picture = torch.from_numpy(square(10, plain(WHITE), plain(BLACK))(time_s)[::side, ::side].copy())
        shown.append(np.asarray(limiter.step(picture, time_s)).repeat(side, 0).repeat(side, 1))
    assert limiter.limiting
    assert max(wcag.flashes(shown, times_s)) <= 3


def test_what_fills_a_window_that_shows_a_slice_is_limited_there() -> None:
    flicker, times_s = square(10, plain(WHITE), plain(BLACK), area=0.22), times(60, 2.5)
    for seen, passes in ((1.0, True), (0.22, False)):
        limiter = StrobeLimiter(seen)
        shown = [np.asarray(limiter.step(flicker(time_s), time_s)) for time_s in times_s]
        sliced = [picture[:, : int(0.22 * picture.shape[1])] for picture in shown]
        assert (max(wcag.flashes(sliced, times_s)) > 3) == passes
        assert limiter.limiting != passes


def test_a_clock_that_stands_still_or_begins_again_is_survived() -> None:
    limiter = StrobeLimiter()
    for k in range(60):
        limiter.step(plain(WHITE if k % 2 else BLACK), 5.0)
    assert limiter.limiting
    assert np.array_equal(np.asarray(limiter.step(plain(WHITE), 0.0)), plain(WHITE))
    assert not limiter.limiting


def test_the_meter_counts_what_is_asked_for() -> None:
    _, _, calm = limited(square(2, plain(WHITE), plain(BLACK)), times(60, 2.0))
    assert calm.asked.general.flashes(calm.time_s) == pytest.approx(2, abs=0.5)
    assert calm.asked.red.flashes(calm.time_s) == 0
    _, _, wild = limited(square(10, plain(RED), plain(BLACK), area=0.5), times(60, 2.0))
    assert (wild.asked.general.flashes(wild.time_s), wild.asked.red.flashes(wild.time_s)) == (4, 4)
    assert wild.asked.red.area(wild.time_s) == pytest.approx(0.5, abs=0.02)


def test_the_checker_agrees_with_the_definition() -> None:
    """Of what is counted by hand: 3 Hz is three flashes, 4 Hz four; faint, bright and small ones are none."""
    times_s = times(60, 2.0)

    def counted(stimulus: Stimulus) -> tuple[int, int]:
        return wcag.flashes([stimulus(time_s) for time_s in times_s], times_s)

    assert counted(square(3, plain(WHITE), plain(BLACK))) == (3, 0)
    assert counted(square(4, plain(WHITE), plain(BLACK))) == (4, 0)
    assert counted(square(10, plain((108, 108, 108)), plain((90, 90, 90)))) == (0, 0)
    assert counted(square(10, plain(WHITE), plain((235, 235, 235)))) == (0, 0)
    assert counted(square(10, plain(WHITE), plain(BLACK), area=0.24)) == (0, 0)
    assert counted(square(10, plain(WHITE), plain(BLACK), area=0.3)) == (10, 0)
    assert counted(square(10, plain(RED), plain((128, 0, 0)), area=0.3))[1] == 10


def test_another_limiter_goes_on_from_the_memory_of_one_at_any_picture() -> None:
    rng = np.random.default_rng(3)
    steady, resumed = StrobeLimiter(), StrobeLimiter()
    for number in range(70):
        bright = 255 if number % 4 < 2 and number < 50 else 40
        picture = torch.from_numpy(rng.integers(0, bright, (64, 112, 3), np.uint8))
        seen, again = (limiter.step(picture, number / 20) for limiter in (steady, resumed))
        assert torch.equal(torch.as_tensor(seen), torch.as_tensor(again))
        memory, resumed = resumed.memory(), StrobeLimiter()
        resumed.restore(memory)
    assert not resumed.limiting
    assert steady.shown.general.flashes(number / 20) == resumed.shown.general.flashes(number / 20)
