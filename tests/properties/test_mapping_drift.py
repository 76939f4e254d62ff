"""Laws of everything that turns numbers into a plan."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.parameters import Parameter, table
from livegan.engine.vocabulary import parameter_table
from livegan.mapping.classes import PitchClasses, class_table, class_vector
from livegan.mapping.curves import CURVES
from livegan.mapping.follower import Follower
from livegan.mapping.latent import latent_directions
from livegan.mapping.motions.lucid import BOUND, Lucid, fold, truncated_normal
from livegan.mapping.motions.registry import MotionSetup
from livegan.mapping.position import NEAR, PositionSwitch, between, network_index
from livegan.mapping.route import Route
from tests.building import PLAIN, heard

UNIT = st.floats(0, 1)


@pytest.mark.parametrize("name", CURVES.names())
def test_a_curve_is_monotone_and_stays_in_0_1(name: str) -> None:
    values = [CURVES[name](x) for x in np.linspace(0, 1, 101)]
    steps = np.diff(values)
    assert (steps >= 0).all() or (steps <= 0).all()
    assert min(values) >= 0
    assert max(values) <= 1


@given(UNIT, UNIT, st.floats(0, 2), st.floats(0, 2), st.floats(0.001, 1), st.integers(2, 20))
def test_many_small_steps_of_a_follower_equal_one_large(
    start: float, target: float, attack: float, release: float, dt: float, parts: int
) -> None:
    once, often = Follower(attack, release, start), Follower(attack, release, start)
    area = once.area(target, dt)
    areas = sum(often.area(target, dt / parts) for _ in range(parts))
    assert often.value == pytest.approx(once.value, abs=1e-6)
    assert areas == pytest.approx(area, abs=1e-6)
    assert min(start, target) - 1e-9 <= once.value <= max(start, target) + 1e-9


def test_a_follower_stands_still_in_no_time() -> None:
    follower = Follower(0.1, 0.1, 0.3)
    assert follower.step(1.0, 0.0) == pytest.approx(0.3)


@given(st.floats(-100, 100))
def test_folding_keeps_what_is_inside_and_reflects_the_rest(x: float) -> None:
    folded = float(fold(np.array([x], np.float32))[0])
    assert abs(folded) <= BOUND + 1e-4
    if abs(x) <= BOUND:
        assert folded == pytest.approx(x, abs=1e-4)


def test_truncated_normal_has_no_tails_and_the_right_spread() -> None:
    x = truncated_normal(np.random.default_rng(0), 100_000)
    assert abs(x).max() <= BOUND
    assert x.std() == pytest.approx(0.8796, abs=0.01)  # of the normal distribution cut at ±2


class Walk:
    """The lucid motion in 32 dimensions, with full sound: its parameters are what it is thrown and carried by."""

    def __init__(self, seed: int) -> None:
        self.lucid = Lucid(MotionSetup([replace(PLAIN, z_dim=32)], seed))

    def step(self, dt_s: float, **values: float) -> np.ndarray:
        now = {"react": 1.0, "motion.truncation": 1.0, **{f"motion.{name}": value for name, value in values.items()}}
        z = self.lucid.step(heard(bass=1.0, mid=1.0), now, dt_s).z
        assert z is not None
        return z


def walk(fps: int, seconds: float, seed: int = 3, **sound: float) -> np.ndarray:
    lucid = Walk(seed)
    steps = round(seconds * fps)
    for _ in range(steps):
        z = lucid.step(1 / fps, **{"speed": 30.0, "pulse": 0.4, "drift": 0.05, "randomness": 0.5, **sound})
    return z


@pytest.mark.parametrize("seconds", [0.5, 3.0, 9.0])
def test_30_and_144_frames_a_second_walk_the_same_path(seconds: float) -> None:
    np.testing.assert_allclose(walk(30, seconds), walk(144, seconds), atol=2e-3)


@settings(max_examples=20)
@given(st.floats(0, 2), st.floats(0, 2), UNIT, st.integers(0, 1000))
def test_the_latent_stays_in_range_and_finite(pulse: float, drift: float, randomness: float, seed: int) -> None:
    z = walk(20, 6.0, seed, pulse=pulse, drift=drift, randomness=randomness)
    assert np.isfinite(z).all()
    assert abs(z).max() <= BOUND + pulse + 1e-3


def test_the_same_seed_walks_the_same_path_and_another_another() -> None:
    np.testing.assert_array_equal(walk(60, 1.0), walk(60, 1.0))
    assert abs(walk(60, 1.0) - walk(60, 1.0, seed=4)).max() > 0.1


def test_an_hour_of_loud_music_costs_no_precision() -> None:
    lucid = Walk(0)
    loud, soft = ({"speed": 0.0, "pulse": 0.0, "drift": drift, "randomness": 0.0} for drift in (2.0, 0.001))
    for _ in range(60):
        lucid.step(60.0, **loud)
    lucid.step(5.0, **soft)
    before = lucid.step(0.0, **soft)
    assert abs(lucid.step(1.0, **soft) - before) == pytest.approx(0.02, abs=1e-3)


def test_silence_still_walks_but_sound_carries_further() -> None:
    still = walk(60, 1.0, pulse=0.0, drift=0.0)
    assert np.linalg.norm(walk(60, 1.0, pulse=0.0, drift=0.2) - still) > 1
    assert np.linalg.norm(walk(60, 2.0, pulse=0.0, drift=0.0) - still) > 0.1


def test_a_hit_moves_the_picture_in_its_own_frame() -> None:
    quiet, hit = Walk(0), Walk(0)
    still = {"speed": 0.0, "drift": 0.0, "randomness": 0.0}
    rest, thrown = quiet.step(1 / 60, pulse=0.0, **still), hit.step(1 / 60, pulse=1.0, **still)
    assert abs(thrown - rest).min() > 0.8
    for _ in range(60):
        thrown = hit.step(1 / 60, pulse=0.0, **still)
    np.testing.assert_allclose(thrown, rest, atol=1e-4)


def chroma(*pitches: int) -> np.ndarray:
    vector = np.zeros(12, np.float32)
    vector[list(pitches)] = 1
    return vector


class Notes:
    """What the notes say to a network of twelve classes."""

    def __init__(self, table: tuple[int, ...] = tuple(range(12)), c_dim: int = 12) -> None:
        self.table, self.c_dim, self.classes = table, c_dim, PitchClasses()

    def step(self, heard: np.ndarray, dt_s: float, **settings_: float) -> np.ndarray:
        return class_vector(self.classes.step(heard, dt_s, **settings_), self.table, self.c_dim)


def test_the_note_that_sounds_chooses_the_class() -> None:
    classes = Notes()
    for _ in range(200):
        vector = classes.step(chroma(7), 1 / 60, react=1.0, smooth_s=0.2, mix=1.0, shift=0.0)
    assert vector.argmax() == 7
    assert vector.max() == pytest.approx(1)
    assert np.delete(vector, 7).max() < 0.01


def test_silence_keeps_the_last_class() -> None:
    classes = Notes()
    before = classes.step(chroma(3), 5.0, react=1.0, smooth_s=0.2, mix=1.0, shift=0.0)
    after = classes.step(chroma(), 5.0, react=1.0, smooth_s=0.2, mix=1.0, shift=0.0)
    np.testing.assert_array_equal(before, after)


def test_mix_0_lets_the_strongest_note_speak_alone_and_shift_12_is_a_full_turn() -> None:
    classes = Notes()
    loud = chroma(2)
    loud[9] = 0.8
    settings_ = {"react": 1.0, "smooth_s": 0.0}
    assert classes.step(loud, 0.1, **settings_, mix=0.0, shift=0.0)[9] < 1e-3
    both = classes.step(loud, 0.1, **settings_, mix=1.0, shift=0.0)
    np.testing.assert_allclose(classes.step(loud, 0.1, **settings_, mix=1.0, shift=12.0), both, atol=1e-6)
    assert classes.step(loud, 0.1, **settings_, mix=1.0, shift=1.0).argmax() == 3


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(0, 40), st.integers(0, 99))
def test_any_number_of_classes_gives_a_vector_of_that_length(chosen: list[int], c_dim: int, seed: int) -> None:
    table = class_table([i for i in chosen if i < c_dim], c_dim, seed)
    vector = Notes(table, c_dim).step(chroma(1, 5), 0.1, react=1.0, smooth_s=0.1, mix=0.5, shift=3.3)
    assert vector.shape == (c_dim,)
    assert np.isfinite(vector).all()
    assert (vector >= 0).all()


def test_directions_are_seeded_and_at_right_angles() -> None:
    a = latent_directions(64, 1)
    np.testing.assert_array_equal(a, latent_directions(64, 1))
    np.testing.assert_allclose(a @ a.T / 64, np.eye(8), atol=1e-5)
    assert latent_directions(4, 0).shape == (8, 4)


def test_a_route_pushes_by_its_amount_at_full_feature() -> None:
    route = Route(-0.5, "square", attack_s=0.0, release_s=0.0)
    assert route.push(1.0, 0.1) == -0.5
    assert route.push(0.5, 0.1) == -0.125
    assert route.push(9.0, 0.1) == -0.5


@given(st.floats(-5, 100), st.integers(1, 9))
def test_the_network_index_is_the_nearest_and_exists(position: float, count: int) -> None:
    index = network_index(position, count)
    assert 0 <= index < count
    if 0 <= position <= count - 1:
        assert abs(index - position) <= 0.5


PLACES = st.lists(st.floats(-2, 12), min_size=1, max_size=60)


@given(PLACES, st.integers(1, 9), st.floats(0, 0.45), st.floats(0, 1), st.floats(0.001, 0.3))
def test_a_place_exists_and_is_held(places: list[float], count: int, slack: float, hold_s: float, dt_s: float) -> None:
    place = PositionSwitch(count, slack, hold_s)
    shown = [place.step(position, dt_s) for position in places]
    assert all(0 <= index < count for index in shown)
    changes = [i for i in range(1, len(shown)) if shown[i] != shown[i - 1]]
    for one, other in zip([0, *changes], changes, strict=False):
        assert (other - one) * dt_s >= hold_s - 1e-6
    for i in changes:
        assert abs(min(max(places[i], 0), count - 1) - shown[i - 1]) > 0.5 + slack


@given(st.lists(st.floats(-0.149, 0.149), min_size=2, max_size=60), st.integers(0, 6))
def test_a_place_does_not_chatter_at_a_middle(tremble: list[float], lower: int) -> None:
    place = PositionSwitch(8, hysteresis=0.15, hold_s=0.0)
    place.step(lower, 0.0)
    assert {place.step(lower + 0.5 + x, 0.1) for x in tremble} == {lower}


@given(st.floats(0, 7), st.floats(0, 7), st.floats(0.01, 2), st.integers(1, 20))
def test_many_small_steps_of_a_place_equal_one_large(start: float, end: float, dt_s: float, parts: int) -> None:
    once, often = PositionSwitch(8), PositionSwitch(8)
    once.step(start, 0.0)
    often.step(start, 0.0)
    assert [often.step(end, dt_s / parts) for _ in range(parts)][-1] == once.step(end, dt_s)


@given(st.floats(-1, 10), st.integers(1, 9))
def test_a_fade_is_between_two_networks_that_exist(position: float, count: int) -> None:
    lower, share = between(position, count)
    assert 0 <= share < 1
    assert 0 <= lower < count - (share > 0)
    assert lower + share == pytest.approx(min(max(position, 0), count - 1), abs=NEAR + 1e-9)


def test_a_fade_has_no_jumps() -> None:
    places = [between(x, 4) for x in np.linspace(0, 3, 3001)]
    assert max(np.diff([lower + share for lower, share in places])) < 0.002


def test_parameters_have_defaults_inside_their_range_and_effects_have_amounts() -> None:
    every = parameter_table()
    assert "effect.glow" in every
    for parameter in every.values():
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.about


def test_one_name_is_one_parameter() -> None:
    one, other = Parameter("motion.size", 0, 1, 0, "how large"), Parameter("motion.size", 0, 2, 0, "how large")
    assert table([one, one]) == {"motion.size": one}
    with pytest.raises(ValueError, match=r"two different parameters are called 'motion\.size'"):
        table([one, other])
