"""Target follower: as long as it says, continuous whenever it is interrupted, the same at any frame rate."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.target import CLASSES, LATENTS, NUMBERS, Target
from livegan.mapping.target_follower import NO_PULL, Pull, TargetFollower
from livegan.motifs.draw import NAMES
from livegan.motifs.field import LATENT_NAMES
from tests.building import heard

VIOLET = Target(
    classes={"silk": 0.7, "galaxy": 0.3},
    colours=((0.7, (0.0, 0.0, 0.0)), (0.3, (0.5, 0.0, 1.0))),
    latents={"hue": 1.2},
    energy=0.1,
    brightness=0.2,
)
GOLD = Target(classes={"marble": 1.0}, colours=((1.0, (1.0, 0.8, 0.1)),), latents={"turn": -1.0}, energy=0.9)
BAR_S = 2.0  # at 120 beats a minute


def numbers(pull: Pull) -> np.ndarray:
    """What a pull does to a picture: everything weighed by how far it counts."""
    rows = [pull.classes.get(name, 0.0) * pull.class_share for name in CLASSES]
    for table, names in ((pull.latents, LATENTS), (pull.numbers, NUMBERS)):
        rows += [float(np.prod(table.get(name, (0.0, 0.0)))) for name in names]
    rows += [value * pull.colour_share for colour in pull.colours or [(0.0,) * 3] * 3 for value in colour]
    return np.array(rows)


def test_its_names_are_those_of_the_motifs() -> None:
    assert CLASSES == NAMES
    assert LATENTS == LATENT_NAMES


def test_it_arrives_after_so_many_bars_of_the_beat_and_rests_there() -> None:
    follower = TargetFollower()
    follower.aim(VIOLET, bars=4)
    times = np.arange(1, 61) / 10
    pulls = [follower.step(heard(time_s, **{"beat.phase": time_s * 4 % 1, "beat.bpm": 240.0}), 0.1) for time_s in times]
    assert 0.4 < pulls[19].class_share < 0.6, "half way after two of four bars, of a second each"
    assert pulls[38].class_share < 1
    assert pulls[41] is pulls[-1], "nothing is computed any more"
    last = pulls[-1]
    assert last.classes == pytest.approx(VIOLET.classes)
    assert last.latents["hue"] == pytest.approx((1.2, 1.0))
    assert last.numbers["energy"] == pytest.approx((0.1, 1.0))
    assert "contrast" not in last.numbers
    assert last.colours[:2] == (pytest.approx((0, 0, 0), abs=1e-5), pytest.approx((0.5, 0, 1), abs=0.1))
    assert min(last.colours[2]) > 0.5, "light parts have a tint of it"
    assert last.middle > 0.5, "most of it is dark"


def test_without_a_beat_a_bar_is_two_seconds() -> None:
    follower = TargetFollower()
    follower.aim(VIOLET, bars=2)
    assert follower.step(heard(), 2 * BAR_S - 0.01).class_share < 1
    assert follower.step(heard(), 0.02).class_share == 1


def test_what_is_not_asked_for_fades_out_and_back_to_nothing() -> None:
    follower = TargetFollower()
    follower.aim(VIOLET, bars=0)
    follower.step(heard(), 0.0)
    follower.aim(GOLD, bars=1)
    half = follower.step(heard(), BAR_S / 2)
    assert half.numbers["brightness"] == pytest.approx((0.2, 0.5)), "its value stays while it fades"
    assert half.latents["turn"] == pytest.approx((-1.0, 0.5)), "what was not there before does not come from 0"
    assert half.classes == pytest.approx({"silk": 0.35, "galaxy": 0.15, "marble": 0.5})
    assert set(follower.step(heard(), BAR_S).numbers) == {"energy"}
    follower.aim(None, bars=1)
    assert follower.step(heard(), BAR_S) == NO_PULL


events = st.lists(st.tuples(st.sampled_from([VIOLET, GOLD, None, Target()]), st.floats(0, 6)), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(events)
def test_it_is_continuous_when_it_is_interrupted_and_the_same_at_any_frame_rate(events: list) -> None:
    slow, fast = TargetFollower(), TargetFollower()
    shown = [numbers(fast.step(heard(), 0.0))]
    for target, wait_s in events:
        for follower in (slow, fast):
            follower.aim(target, bars=4)
        once = numbers(slow.step(heard(), wait_s))
        shown += [numbers(fast.step(heard(), wait_s / 60)) for _ in range(60)]
        np.testing.assert_allclose(shown[-1], once, atol=1e-6)
    steps = [float(np.abs(after - before).max()) for before, after in pairwise(shown)]
    assert max(steps) < 0.15, "the longest step is a tenth of a second of eight"
    assert all(np.isfinite(numbers).all() for numbers in shown)


def test_its_speed_goes_on_where_it_is_interrupted() -> None:
    follower = TargetFollower()
    follower.aim(VIOLET, bars=2)
    places = [follower.step(heard(), 0.02).latents["hue"][1] for _ in range(100)]
    before = places[-1] - places[-2]
    follower.aim(VIOLET, bars=2)
    after = follower.step(heard(), 0.02).latents["hue"][1] - places[-1]
    assert after == pytest.approx(before, rel=0.15)
