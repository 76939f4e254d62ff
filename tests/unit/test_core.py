"""Laws of the values that cross rooms: plans, blending, clocks, registries."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.blend import blend_numbers, lerp, slerp
from livegan.core.clock import ManualClock
from livegan.core.plan_json import from_json, to_json
from livegan.core.registry import Registry, nearest, unknown
from livegan.core.text import whole_number
from livegan.core.types import Bend, FramePlan, Push
from livegan.errors import LiveganError
from livegan.networks.latents import bookmarks
from livegan.outputs.images import image_pattern
from livegan.studio.distributed import ray_pool
from livegan.training import distributed


def plan(seed: int, **changes: object) -> FramePlan:
    rng = np.random.default_rng(seed)
    z, classes = rng.standard_normal(16).astype(np.float32), rng.random(3).astype(np.float32)
    return replace(FramePlan(0, 0.0, 0.1, z, classes, "n", effects={"glow": float(rng.random())}), **changes)


def test_a_plan_blends_to_itself_at_0_and_to_the_other_at_1() -> None:
    a, b = plan(1), plan(2, truncation=0.2, noise=0.7, position=3.0)
    start, end = a.blend(b, 0.0), a.blend(b, 1.0)
    np.testing.assert_allclose(start.z, a.z, atol=1e-5)
    np.testing.assert_allclose(end.z, b.z, atol=1e-5)
    assert (start.truncation, start.position, start.effects) == (a.truncation, a.position, a.effects)
    assert (end.truncation, end.noise, end.position, end.effects) == (0.2, 0.7, 3.0, b.effects)


def shown(plan: FramePlan) -> dict[str, float]:
    """How much of each network's picture is seen."""
    seen = {plan.network: 1.0}
    for share, cover in plan.over:
        seen = {name: part * (1 - share) for name, part in seen.items()}
        for name, part in shown(cover).items():
            seen[name] = seen.get(name, 0.0) + share * part
    return seen


def test_pictures_of_unlike_networks_are_crossfaded() -> None:
    a, b = plan(1), plan(2, network="other")
    assert (a.blend(b, 0.0).z is a.z, a.blend(b, 1.0).z is b.z) == (True, True)
    assert shown(a.blend(b, 0.4)) == pytest.approx({"n": 0.6, "other": 0.4})
    c = plan(3, network="third")
    assert shown(a.blend(b.blend(c, 0.5), 0.4)) == pytest.approx({"n": 0.6, "other": 0.2, "third": 0.2})
    assert shown(a.blend(b, 0.5).blend(c, 0.2)) == pytest.approx({"n": 0.4, "other": 0.4, "third": 0.2})
    assert a.blend(b, 0.4).effects == pytest.approx(blend_numbers(a.effects, b.effects, 0.4))


def in_w(drawn: FramePlan) -> np.ndarray:
    """w (rows, w_dim) of a plan, for a network that maps z to its first three numbers squared."""
    mapped = [(weight, z[None, :3] ** 2) for weight, z in drawn.mix]
    rest = 1 - sum(weight for weight, _ in mapped)
    base = drawn.z[None, :3] ** 2 if drawn.w is None else drawn.w
    return np.asarray(rest * base + sum(weight * w for weight, w in mapped))


@pytest.mark.parametrize("first", ["z", "w", "w+", "mix", "part"])
@pytest.mark.parametrize("second", ["z", "w", "w+", "mix", "part"])
def test_plans_with_w_or_a_mix_blend_straight_in_w(first: str, second: str) -> None:
    rng = np.random.default_rng(1)
    z = rng.standard_normal((8, 4)).astype(np.float32)
    kinds: dict[str, dict[str, object]] = {
        "z": {},
        "w": {"w": z[:1, :3]},
        "w+": {"w": z[:5, :3]},
        "mix": {"mix": tuple(zip((0.5, 0.75, -0.25), z[2:5], strict=True))},
        "part": {"mix": ((0.25, z[6]),), "w": z[1:2, :3]},
    }
    a, b = (plan(seed, z=z[seed], **kinds[kind]) for seed, kind in ((0, first), (7, second)))
    assert a.resembles(b)
    for amount in (0.0, 0.3, 1.0):
        between = a.blend(b, amount)
        assert not between.over
        if {first, second} == {"z"}:
            assert (between.mix, between.w) == ((), None)
            assert np.array_equal(between.z, slerp(a.z, b.z, amount))
        else:
            expected = lerp(in_w(a), in_w(b), amount)
            np.testing.assert_allclose(np.broadcast_to(in_w(between), expected.shape), expected, atol=1e-5)
    again = a.blend(b, 0.4).blend(a.blend(b, 0.8), 0.5)
    assert len(again.mix) <= len(a.mix) + len(b.mix) + 2  # one latent is in it once


def test_a_mix_of_other_latents_or_w_of_another_network_is_crossfaded() -> None:
    a = plan(1)
    assert not a.resembles(plan(2, mix=((1.0, np.zeros(9, np.float32)),)))
    w = [np.zeros(shape, np.float32) for shape in ((3, 4), (4, 4), (3, 5))]
    assert not any(plan(1, w=w[0]).resembles(plan(1, w=other)) for other in w[1:])


def test_bends_and_parameters_fade_from_their_defaults() -> None:
    melt, turn = Bend("scale", "coarse", 0.8), Bend("rotate", "fine", 0.4)
    a, b = plan(1, bends=(melt,), parameters={"noise.fine": 0.0}), plan(2, bends=(turn,))
    half = a.blend(b, 0.5)
    assert half.bends == (replace(melt, amount=0.4), replace(turn, amount=0.2))
    assert half.parameters == {"noise.fine": 0.5}
    assert a.blend(replace(a, bends=(replace(melt, amount=0.0),)), 0.5).bends == (replace(melt, amount=0.4),)


def test_pushes_of_w_blend_and_what_one_side_lacks_fades() -> None:
    a = plan(1, pushes=(Push(1.0, 0, 4), Push(2.0, 4, 10, seed=3)))
    b = plan(2, pushes=(Push(-1.0, 0, 4), Push(1.0, 4, 10, seed=5)))
    assert a.blend(b, 0.25).pushes == (Push(0.5, 0, 4), Push(1.5, 4, 10, seed=3), Push(0.25, 4, 10, seed=5))
    assert (a.blend(b, 0.0).pushes, a.blend(b, 1.0).pushes) == (a.pushes, b.pushes)
    assert plan(1).pushes == ()
    assert a.resembles(b)


def test_between_two_seeds_there_is_no_third() -> None:
    a, b = plan(1, parameters={"noise.seed": 2.0}), plan(2, parameters={"noise.seed": 9.0})
    assert {a.blend(b, x).parameters["noise.seed"] for x in (0.0, 0.3, 0.7, 1.0)} == {2.0, 9.0}
    c, d = (plan(i, parameters={"style.seed": i, "style.fine": 0.5}) for i in (3, 7))
    assert c.resembles(c)
    assert shown(c.blend(replace(d, network="n"), 0.25)) == pytest.approx({"n": 1.0})
    assert c.blend(d, 0.25).over  # styles of two seeds: the pictures fade
    assert a.blend(d, 0.25).parameters == pytest.approx({"noise.seed": 2.0, "style.seed": 7.0, "style.fine": 0.125})


@given(st.floats(0, 1), st.integers(0, 99))
def test_slerp_keeps_the_length_of_latents_of_one_length(amount: float, seed: int) -> None:
    a, b = np.random.default_rng(seed).standard_normal((2, 32)).astype(np.float32)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    assert np.linalg.norm(slerp(a, b, amount)) == pytest.approx(1, abs=1e-5)


def test_slerp_of_opposite_or_zero_latents_is_finite() -> None:
    a = np.ones(4, np.float32)
    for other in (-a, a, np.zeros(4, np.float32)):
        assert np.isfinite(slerp(a, other, 0.5)).all()


def test_a_missing_number_counts_as_zero() -> None:
    assert blend_numbers({"a": 1.0}, {"b": 2.0}, 0.5) == {"a": 0.5, "b": 1.0}


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(5.0)
    clock.wait_until(4.0)
    assert clock.now() == 5.0
    clock.wait_until(6.0)
    assert clock.now() == 6.0


def test_a_registry_refuses_two_of_one_name_and_offers_the_nearest() -> None:
    table: Registry[int] = Registry("effect")
    table("glow")(1)
    with pytest.raises(ValueError, match="two effects"):
        table("glow")(2)
    with pytest.raises(KeyError, match="did you mean 'glow'"):
        table["glwo"]


def test_unknown_lists_all_names_where_none_is_near() -> None:
    assert unknown("curve", "zzz", ["linear", "root"]) == "no curve called 'zzz'; there are: linear, root"
    assert nearest("levle", ["level", "onset"]) == "level"
    many = unknown("feature", "zzz", [f"a{k:03}" for k in range(200)])
    assert many.endswith("a058, a059, and 140 more")
    assert unknown("curve", "\x1b[2J\n", ["linear"]) == "no curve called '?[2J?'; there are: linear"


def test_help_wakes_no_heavy_library() -> None:
    program = (
        "import sys, livegan.cli; heavy = {'numpy', 'torch', 'PyQt5', 'vispy', 'sounddevice', 'rtmidi', 'scipy', 'av',"
        " 'pydantic'}; sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_effect_that_one_plan_has_fades_with_its_other_parameters_as_they_are() -> None:
    off, on = plan(1, effects={}), plan(2, effects={"glow": 1.0, "glow.radius": 0.2})
    assert off.blend(on, 0.25).effects == pytest.approx({"glow": 0.25, "glow.radius": 0.2})
    assert on.blend(off, 0.25).effects == pytest.approx({"glow": 0.75, "glow.radius": 0.2})
    wide = plan(3, effects={"glow": 0.5, "glow.radius": 0.6})
    assert on.blend(wide, 0.5).effects == pytest.approx({"glow": 0.75, "glow.radius": 0.4})


def order(first: str, second: str, amount: float) -> str:
    """The order of the effects of two plans whose effects are these letters, one blended into the other."""
    start, end = (plan(1, effects=dict.fromkeys(names, 0.5)) for names in (first, second))
    return "".join(start.blend(end, amount).effects)


def test_the_effects_of_a_blended_plan_have_an_order_that_both_agree_with() -> None:
    for amount in (0.0, 0.3, 0.7, 1.0):
        assert order("abc", "abc", amount) == "abc"
        assert order("ac", "abc", amount) == "abc"
        assert order("abd", "acd", amount) in ("abcd", "acbd")
        assert order("", "ab", amount) == "ab"
        assert order("ab", "", amount) == "ab"
    assert order("ab", "ba", 0.4) == "ab"  # they contradict each other: the nearer one counts
    assert order("ab", "ba", 0.6) == "ba"
    assert order("abx", "bya", 0.6) == "bxya"


def test_plans_with_other_orders_of_effects_are_other_plans() -> None:
    one, other = (plan(1, effects=dict.fromkeys(names, 0.5)) for names in ("ab", "ba"))
    assert one != other
    assert from_json(to_json(other)) == other


def test_a_plan_knows_the_defaults_of_what_generators_read() -> None:
    assert plan(1, parameters={"transform.zoom": 2.0}).parameter("transform.zoom") == 2.0
    assert plan(1).parameter("transform.zoom") == 1.0
    with pytest.raises(KeyError):
        plan(1).parameter("motion.speed")


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", " 1", "1_0", "1.0", "2147483648", "9" * 5000, "0" * 11])
def test_what_is_no_whole_number_is_none(text: str) -> None:
    assert whole_number(text) is None


def test_a_whole_number_is_read_up_to_its_most() -> None:
    assert [whole_number(text) for text in ("0", "007", "2147483647")] == [0, 7, 2**31 - 1]
    assert whole_number("4294967295", most=2**32 - 1) == 2**32 - 1
    assert whole_number("33", most=32) is None


def test_numbers_that_python_does_not_read_are_no_traceback_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for odd in ("²", "9" * 5000):
        monkeypatch.setenv("RANK", odd)
        with pytest.raises(LiveganError, match="RANK"):
            distributed._number("RANK", 0)
        with pytest.raises(LiveganError, match="no port"):
            ray_pool._check_listening(f"127.0.0.1:{odd}")
        with pytest.raises(LiveganError):
            image_pattern(Path(f"frames/%0{odd}d.png"))
        assert sorted([Path(f"{odd[:9]}.json"), Path("2.json")], key=bookmarks._in_order)[0] == Path("2.json")
