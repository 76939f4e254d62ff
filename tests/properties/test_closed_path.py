"""Laws of closed paths through given latents."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline, interp1d

from livegan.mapping.closed_path import MIX_REACH, REACH, ClosedPath, spline_weights
from livegan.networks.latents.files import Kind, Points

KINDS: tuple[Kind, ...] = ("z", "w")
COUNTS = st.integers(1, 6)


def points(kind: Kind, count: int, seed: int = 0) -> Points:
    shape = (count, 6) if kind == "z" else (count, 3, 6)
    array = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return Points(kind, array, tuple(map(str, range(count))))


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(1, 6))
def test_it_passes_every_point_and_comes_round(kind: Kind, count: int) -> None:
    given_points = points(kind, count)
    path = ClosedPath(given_points)
    assert (path.kind, len(path)) == (kind, count)
    for i in range(-2 * count, 2 * count + 1):
        assert np.array_equal(path.at(float(i)), given_points.array[i % count])
        for near in (i - 1e-5, i + 1e-5):
            assert np.allclose(path.at(near), given_points.array[i % count], atol=1e-3)


@given(COUNTS, st.floats(-1e4, 1e4))
def test_between_it_is_the_cubic_of_the_public_tool(count: int, place: float) -> None:
    w = points("w", count).array.astype(np.float64)
    wraps = 2  # gen_video.py of StyleGAN3: w tiled 2 wraps + 1 times, then interp1d
    x = np.arange(-count * wraps, count * (wraps + 1))
    tiled = np.tile(w, [wraps * 2 + 1, 1, 1])
    if len(x) > 3:
        tool = interp1d(x, tiled, kind="cubic", axis=0)(place % count)
        bound = 0.01 if count > 2 else 0.2  # its ends, which are not closed, are nearer in a short path
        assert np.abs(ClosedPath(points("w", count)).at(place) - tool).max() < bound
    closed = CubicSpline(np.arange(count + 1), np.concatenate([w, w[:1]]), bc_type="periodic")(place % count)
    np.testing.assert_allclose(ClosedPath(points("w", count)).at(place), closed, atol=2e-4)


@given(st.integers(1, 30), st.floats(0, 30))
def test_a_mix_is_nearly_that_cubic_of_whatever_its_latents_become(count: int, place: float) -> None:
    given_points = points("z", count)
    mapped = np.tanh(given_points.array)  # stands for the mapping network
    mix = ClosedPath(given_points).mix(place)
    assert 1 <= len(mix) <= 2 * MIX_REACH + 2
    assert sum(weight for weight, _ in mix) == pytest.approx(1, abs=1e-6)
    exact = ClosedPath(Points("w", mapped[:, None], given_points.names)).at(place)[0]
    assert np.abs(sum(weight * np.tanh(z) for weight, z in mix) - exact).max() < 0.02


@given(st.floats(0, 1), st.sampled_from([MIX_REACH, REACH]))
def test_weights_of_a_spline_sum_to_one_and_fall_off(t: float, reach: int) -> None:
    weights = spline_weights(t, reach)
    assert weights.sum() == pytest.approx(1)
    assert np.abs(weights[[0, -1]]).max() < 0.7 * 0.268**reach
    np.testing.assert_allclose(weights, spline_weights(1 - t, reach)[::-1], atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_it_never_jumps(kind: Kind) -> None:
    path = ClosedPath(points(kind, 5))
    places = np.stack([path.at(i / 1000) for i in range(10_001)])  # twice round
    assert np.abs(np.diff(places, axis=0)).max() < 0.02


def test_in_w_it_turns_no_corners() -> None:
    path = ClosedPath(points("w", 5))
    places = np.stack([path.at(i / 100) for i in range(1001)]).astype(np.float64)
    bends = np.diff(places, n=2, axis=0)
    assert np.abs(bends).max() < 0.01  # a corner would be 0.02 and more
    assert np.abs(np.diff(bends, axis=0)).max() < 5e-4  # nor does the curvature jump


def test_in_z_it_stays_on_the_sphere() -> None:
    array = points("z", 4).array
    path = ClosedPath(Points("z", array / np.linalg.norm(array, axis=1)[:, None], ("",) * 4))
    assert all(np.linalg.norm(path.at(i / 20)) == pytest.approx(1, abs=1e-4) for i in range(100))


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_point_stays(kind: Kind) -> None:
    only = points(kind, 1)
    path = ClosedPath(only)
    assert all(np.array_equal(path.at(i / 3), only.array[0]) for i in range(10))


def test_the_caller_may_change_what_it_returns() -> None:
    given_points = points("z", 3)
    path = ClosedPath(given_points)
    path.at(0.0)[:] = 9
    for _, z in path.mix(0.5):
        z[:] = 9
    assert not (given_points.array == 9).any()


def test_rows_that_are_alike_are_walked_as_one() -> None:
    w = np.repeat(points("w", 3).array[:, :1], 18, axis=1)
    assert ClosedPath(Points("w", w, ("",) * 3)).at(0.5).shape == (1, 6)
