"""The loop motion model: a closed curve of noise round a picture, as long as so many beats."""

from collections.abc import Mapping
from math import pi
from typing import Literal

import numpy as np
from pydantic import Field

from livegan.core.latents import latent_of_seed
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.mapping.beat_position import BeatPosition
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import BEATS, MOTIONS, NOT_LUCID, SPEED, Motion, MotionSettings, MotionSetup

HARMONICS = 12
_STREAM = 6


class LoopSettings(MotionSettings):
    """Keys of [motion] of a loop."""

    not_read = NOT_LUCID

    advance: Literal["beat", "time"] = Field(
        "beat", description="'beat': once round in motion.beats beats; 'time': motion.speed times a minute"
    )


@MOTIONS("loop")
class Loop(Motion):
    """Periodic Gaussian noise in z round the latent of the scene's seed: a circle, or with more detail a knot."""

    parameters = (
        BEATS,
        SPEED,
        Parameter(
            "motion.width", 0, 2, 1, "how far the loop leads away from the picture in its middle", reader="motion"
        ),
        Parameter("motion.detail", 1, 8, 1, "swings of a loop: 1 is a circle, more is a knot", reader="motion"),
    )
    Settings = LoopSettings

    def __init__(self, setup: MotionSetup) -> None:
        rng = np.random.default_rng([setup.seed, _STREAM])
        self._middle = latent_of_seed(setup.seed, setup.z_dim)
        self._noise = rng.standard_normal((2, HARMONICS, setup.z_dim), np.float32)  # cosines, sines
        settings = setup.settings
        assert isinstance(settings, LoopSettings)
        self._by_beat = settings.advance == "beat"
        self._beats = BeatPosition()
        self._turned = 0.0  # of the loop, 0..1

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,), after a whole turn the same again."""
        if self._by_beat:
            self._turned += self._beats.step(heard, dt_s) / values["motion.beats"]
        else:
            self._turned += values["motion.speed"] / 60 * dt_s
        self._turned %= 1.0
        noise = self._noise_at(self._turned, values["motion.detail"])
        return Latent(z=np.asarray(self._middle + np.float32(values["motion.width"]) * noise, np.float32))

    def _noise_at(self, turned: float, detail: float) -> np.ndarray:
        """Noise of variance 1: harmonics whose powers fall off as a bell does, so that `detail` of them count."""
        harmonics = np.arange(1, HARMONICS + 1)
        power = np.exp(-(((harmonics - 1) / max(detail - 1, 1e-3)) ** 2))
        amplitude = np.sqrt(power / power.sum())
        angles = 2 * pi * turned * harmonics
        waves = np.stack([np.cos(angles), np.sin(angles)]) * amplitude
        return np.asarray(np.tensordot(waves.astype(np.float32), self._noise, 2))
