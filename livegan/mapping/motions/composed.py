"""The composed motion model: the composer's own walk moves the picture, so that one random walk drives both.

With every bar the picture arrives where the notes of that bar were taken from. Without composed music it walks alike,
a bar of four beats at a time.
"""

from collections.abc import Mapping

import numpy as np

from livegan.core.blend import slerp
from livegan.core.latents import latent_of_seed
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.beat_position import BeatPosition
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import BEATS, MOTIONS, NOT_LUCID, Motion, MotionSettings, MotionSetup

WALK = 64  # numbers of the composer's latent
_STREAM = 11


class ComposedSettings(MotionSettings):
    """Keys of [motion] of the composer's walk: none of its own."""

    not_read = (*NOT_LUCID, "path")


@MOTIONS("composed")
class Composed(Motion):
    """Composer's walk, laid into z by a seeded isometry, towards it from the picture of the scene's seed."""

    parameters = (
        Parameter("motion.reach", 0, 1, 1, "1: where the walk is; 0: at the scene's own picture", reader="motion"),
        BEATS,
    )
    Settings = ComposedSettings

    def __init__(self, setup: MotionSetup) -> None:
        rng = np.random.default_rng([setup.seed, _STREAM])
        drawn = rng.standard_normal((max(setup.z_dim, WALK), min(setup.z_dim, WALK)))
        axes = np.linalg.qr(drawn)[0] * np.sqrt(max(setup.z_dim, WALK) / WALK)  # keeps the usual length of z
        self._axes = np.asarray(axes if setup.z_dim >= WALK else axes.T, np.float32)  # (z_dim, WALK)
        self._home = latent_of_seed(setup.seed, setup.z_dim)
        self._seed, self._feed = setup.seed, setup.feed
        self._beats = BeatPosition()
        self._walked = 0.0  # points of its own walk
        self._composed: Vector | None = None  # the newest of the composer's walk

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,)."""
        self._walked += self._beats.step(heard, dt_s) / values["motion.beats"]
        walk = self._feed.walk_at(heard.time_s) if self._feed is not None else None
        if walk is not None:
            self._composed = slerp(*walk)
        at = self._composed if self._composed is not None else self._own()
        reached = np.asarray(self._axes @ at[:WALK], np.float32)
        return Latent(z=slerp(self._home, reached, values["motion.reach"]))

    def _own(self) -> Vector:
        """Its own walk: a spherical line between seeded points."""
        number = int(self._walked // 1)
        return slerp(self._point(number), self._point(number + 1), self._walked - number)

    def _point(self, number: int) -> Vector:
        return np.random.default_rng([self._seed, _STREAM, number]).standard_normal(WALK, np.float32)
