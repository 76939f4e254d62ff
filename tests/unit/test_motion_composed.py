"""The composed motion: the picture is where the composer's walk is, exactly, and walks by itself without one."""

from pathlib import Path

import numpy as np
import pytest

from livegan.core.blend import slerp
from livegan.core.timeline import TimedBeat, Timeline
from livegan.core.types import Vector
from livegan.mapping.latent_feed import LatentFeed
from livegan.mapping.motions.composed import Composed
from livegan.mapping.motions.registry import MotionSetup
from livegan.networks.info import NetworkInfo
from tests.building import heard

VALUES = {"motion.reach": 1.0, "motion.beats": 8.0}


class NoCamera(LatentFeed):
    def read(self, network: NetworkInfo) -> Vector | None:
        return None


def z_of(bar: int) -> Vector:
    return np.random.default_rng([1, bar]).standard_normal(64, np.float32)


def feed() -> NoCamera:
    made = NoCamera()
    made.music = Timeline()
    made.music.origin_s = 500.0
    made.music.put(
        tuple(
            TimedBeat(at * 0.5, 0.5, at, at % 4, 4, 120.0, (), at // 4, z_of(at // 4), z_of(at // 4 + 1))
            for at in range(20)
        )
    )
    return made


def motion(z_dim: int, source: LatentFeed | None) -> Composed:
    network = NetworkInfo("n", Path("n.json"), "stylegan2", (16, 16), z_dim, 0)
    return Composed(MotionSetup([network], 5, feed=source))


@pytest.mark.parametrize("z_dim", [16, 64, 512])
def test_the_picture_arrives_with_each_bar_where_its_notes_come_from(z_dim: int) -> None:
    moved = motion(z_dim, feed())
    at_bars = [moved.step(heard(500.0 + 2.0 * bar), VALUES, 1 / 60).z for bar in range(4)]
    again = motion(z_dim, feed())
    between = again.step(heard(501.0), VALUES, 1 / 60).z
    assert between is not None
    lengths = [float(np.linalg.norm(z)) / np.sqrt(z_dim) for z in at_bars if z is not None]
    assert z_dim < 64 or lengths == pytest.approx([1.0] * 4, abs=0.3)
    axes = moved._axes
    for bar, z in enumerate(at_bars):
        assert z == pytest.approx(axes @ z_of(bar), abs=1e-3)
    assert between == pytest.approx(axes @ slerp(z_of(0), z_of(1), 0.5), abs=1e-3)


def test_without_reach_it_is_the_picture_of_the_seed_and_without_music_it_walks() -> None:
    home = motion(64, feed()).step(heard(503.0), {**VALUES, "motion.reach": 0.0}, 1 / 60).z
    assert home == pytest.approx(np.random.RandomState(5).randn(64), abs=1e-5)
    alone = motion(64, None)
    first, later = (alone.step(heard(0.0), VALUES, dt_s).z for dt_s in (0.0, 4.0))
    assert first is not None
    assert not np.allclose(first, later)


def test_what_was_composed_last_stays_when_the_music_is_gone() -> None:
    source = feed()
    moved = motion(64, source)
    last = moved.step(heard(503.0), VALUES, 1 / 60).z
    source.music = None
    assert moved.step(heard(504.0), VALUES, 1 / 60).z == pytest.approx(last)
