"""Circular motion in the latent space."""

from collections.abc import Mapping
from math import cos, pi, sin

import numpy as np

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, SPEED, Motion, MotionSetup


@MOTIONS("orbit")
class Orbit(Motion):
    """Circles around the average picture, `motion.speed` turns a minute."""

    parameters = (SPEED, Parameter("motion.radius", 0, 2, 1, "distance from the average", reader="motion"))

    def __init__(self, setup: MotionSetup) -> None:
        self._axes = np.random.default_rng([setup.seed, 1]).standard_normal((2, setup.z_dim))
        self._turns = 0.0

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        self._turns += values["motion.speed"] / 60 * dt_s
        at = np.array([cos(2 * pi * self._turns), sin(2 * pi * self._turns)]) * values["motion.radius"]
        return Latent(z=(at @ self._axes).astype(np.float32))
