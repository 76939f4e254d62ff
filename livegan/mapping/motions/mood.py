"""The mood motion model: what the music means chooses where the picture is, its energy how fast it goes on from there.

Each tag of the music taggers is a seeded place in z; the picture is among those of the tags that are heard now. The
same tags become a dream target, of classes and colours (`tag_memory`).
"""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.mapping.follower import Follower
from livegan.mapping.latent import Latent
from livegan.mapping.motions.lucid import ATTACK_S, BaseWalk
from livegan.mapping.motions.registry import MOTIONS, SPEED, Motion, MotionSettings, MotionSetup
from livegan.mapping.tag_memory import TagMemory
from livegan.networks.music_tags import TAG_NAMES

ENERGY_S = 3.0  # time constant of the pace
SLOWEST, FASTEST = 0.4, 1.6  # times the speed, without any energy and with all
THROW_S = 0.3  # how slowly a hit's throw is forgotten
HOME = 0.2  # evidence for the scene's own picture, that the tags must outweigh
_PLACES, _THROWN = 31, 32  # names of the random streams


class MoodSettings(MotionSettings):
    """Keys of [motion] of the mood model."""

    not_read = ("drift_from", "path")

    energy_from: str = Field("mood.energy", description="feature that sets the pace")


@MOTIONS("mood")
class Mood(Motion):
    """Seeded places in z for what the music means, and a random walk round them as fast as the music has energy."""

    parameters = (
        SPEED,
        Parameter("motion.meaning", 0, 1, 0.6, "1: where the music's meaning is; 0: a walk alone", reader="motion"),
        Parameter("motion.pulse", 0, 2, 0.5, "how far a beat throws the picture for a moment", reader="motion"),
    )
    Settings = MoodSettings

    def __init__(self, setup: MotionSetup) -> None:
        settings = setup.settings
        assert isinstance(settings, MoodSettings)
        self._pulse_from, self._energy_from = settings.pulse_from, settings.energy_from
        drawn = np.random.default_rng([setup.seed, _PLACES]).standard_normal((len(TAG_NAMES), setup.z_dim))
        self._places = drawn
        signs = np.random.default_rng([setup.seed, _THROWN]).integers(0, 2, setup.z_dim) * 2 - 1
        self._thrown = signs.astype(np.float32)
        self._home = latent_of_seed(setup.seed, setup.z_dim)
        self._walk = BaseWalk(setup.z_dim, setup.seed)
        self._pulse = Follower(ATTACK_S, THROW_S)
        self._energy = Follower(ENERGY_S, ENERGY_S)
        self._memory = TagMemory()

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,); and a target, once tags are known."""
        target, counts = self._memory.step(heard, dt_s)
        energy_s = self._energy.area(heard[self._energy_from], dt_s)
        self._walk.walked += values["motion.speed"] / 60 * (SLOWEST * dt_s + (FASTEST - SLOWEST) * energy_s)
        thrown = self._pulse.step(values["react"] * values["motion.pulse"] * heard[self._pulse_from], dt_s)
        place = (HOME * self._home + counts @ self._places) / np.sqrt(HOME**2 + counts @ counts)
        meaning = np.float32(values["motion.meaning"])
        around = self._walk.point() * np.sqrt(1 - meaning**2)
        return Latent(z=np.asarray(around + place * meaning + self._thrown * thrown, np.float32), target=target)
