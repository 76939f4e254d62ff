"""Circular motion in the latent space."""

from collections.abc import Mapping
from math import cos, pi, sin

import numpy as np
from pydantic import Field

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, SPEED, Motion, MotionSettings, MotionSetup


class OrbitSettings(MotionSettings):
    """Keys of the orbit in [motion]: one that ends in `_from` names a feature."""

    turn_from: str = Field("bass", description="feature that makes it turn up to twice as fast")


@MOTIONS("orbit")
class Orbit(Motion):
    """Circles around the average picture, `motion.speed` turns a minute."""

    Settings = OrbitSettings
    parameters = (SPEED, Parameter("motion.radius", 0, 2, 1, "distance from the average", reader="motion"))

    def __init__(self, setup: MotionSetup) -> None:
        self._axes = np.random.default_rng([setup.seed, 1]).standard_normal((2, setup.z_dim))
        self._turn_from = setup.settings.features()["turn_from"]
        self._turns = 0.0

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        self._turns += values["motion.speed"] / 60 * (1 + heard[self._turn_from]) * dt_s
        at = np.array([cos(2 * pi * self._turns), sin(2 * pi * self._turns)]) * values["motion.radius"]
        return Latent(z=(at @ self._axes).astype(np.float32))
