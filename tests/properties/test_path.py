"""Laws of the walk through given latents."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.mapping.motions.path import ClosedPath
from livegan.networks.latents.files import Kind, Points

KINDS: tuple[Kind, ...] = ("z", "w")
COUNTS = st.integers(1, 6)


def points(kind: Kind, count: int, seed: int = 0) -> Points:
    shape = (count, 6) if kind == "z" else (count, 3, 6)
    array = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return Points(kind, array, tuple(map(str, range(count))))


@pytest.mark.parametrize("kind", KINDS)
@given(COUNTS, st.floats(-200, 200), st.floats(0, 20), st.integers(1, 30))
def test_many_small_steps_are_one_large_one(kind: Kind, count: int, speed: float, seconds: float, parts: int) -> None:
    once, often = ClosedPath(points(kind, count)), ClosedPath(points(kind, count))
    for _ in range(parts):
        there = often.step(seconds / parts, speed)
    assert np.allclose(once.step(seconds, speed), there, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(1, 6))
def test_it_passes_every_point_and_comes_round(kind: Kind, count: int) -> None:
    given_points = points(kind, count)
    motion = ClosedPath(given_points)
    assert motion.kind == kind
    assert np.array_equal(motion.step(0.0, 60.0), given_points.array[0])
    for i in range(1, 2 * count + 1):
        assert np.allclose(motion.step(1.0, 60.0), given_points.array[i % count], atol=1e-5)
    for i in range(1, count + 1):
        assert np.allclose(motion.step(1.0, -60.0), given_points.array[-i % count], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@given(COUNTS, st.floats(0, 100), st.floats(0, 100))
def test_without_speed_or_time_it_stays(kind: Kind, count: int, start: float, seconds: float) -> None:
    motion = ClosedPath(points(kind, count))
    here = motion.step(start, 7.0)
    assert np.array_equal(motion.step(seconds, 0.0), here)
    assert np.array_equal(motion.step(0.0, 50.0), here)


@pytest.mark.parametrize("kind", KINDS)
def test_it_never_jumps(kind: Kind) -> None:
    motion = ClosedPath(points(kind, 5))
    places = np.stack([motion.step(0.001, 60.0) for _ in range(10_001)])  # twice round
    assert np.abs(np.diff(places, axis=0)).max() < 0.02


def test_in_w_it_turns_no_corners() -> None:
    motion = ClosedPath(points("w", 5))
    places = np.stack([motion.step(0.001, 60.0) for _ in range(10_001)]).astype(np.float64)
    assert np.abs(np.diff(places[::10], n=2, axis=0)).max() < 0.01  # a corner would be 0.02 and more


def test_in_z_it_stays_on_the_sphere() -> None:
    array = points("z", 4).array
    motion = ClosedPath(Points("z", array / np.linalg.norm(array, axis=1)[:, None], ("",) * 4))
    assert all(np.linalg.norm(motion.step(0.05, 60.0)) == pytest.approx(1, abs=1e-4) for _ in range(100))


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_point_stays(kind: Kind) -> None:
    only = points(kind, 1)
    motion = ClosedPath(only)
    assert all(np.array_equal(motion.step(0.3, 100.0), only.array[0]) for _ in range(10))


def test_the_caller_may_change_what_it_returns() -> None:
    given_points = points("z", 3)
    motion = ClosedPath(given_points)
    motion.step(0.0, 1.0)[:] = 9
    assert not (given_points.array == 9).any()


def test_rows_that_are_alike_are_walked_as_one() -> None:
    w = np.repeat(points("w", 3).array[:, :1], 18, axis=1)
    assert ClosedPath(Points("w", w, ("",) * 3)).step(0.5, 60.0).shape == (1, 6)
