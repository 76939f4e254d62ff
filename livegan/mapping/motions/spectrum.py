"""The spectrum motion model: GANce's noise-blend, live: a noise field and the spectrum itself, blended as z.

After GANce 0.22 (`noise-blend`): z = (1 - alpha) noise + alpha spectrum; `mapping.spectrum_vector` says what differs.
"""

from collections.abc import Mapping

import numpy as np

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import ALPHA, MOTIONS, Motion, MotionSetup
from livegan.mapping.noise_field import NoiseField
from livegan.mapping.spectrum_vector import SPECTRUM, SpectrumSettings, SpectrumVector


@MOTIONS("spectrum")
class SpectrumMotion(Motion):
    """The spectrum as a latent, blended with noise that flows, by `motion.alpha`."""

    parameters = (
        ALPHA,
        *SPECTRUM,
        Parameter(
            "motion.wander", 0.05, 60, 0.83, "how slowly the noise flows: width of its Gaussian", "s", reader="motion"
        ),
    )
    Settings = SpectrumSettings

    def __init__(self, setup: MotionSetup) -> None:
        assert isinstance(setup.settings, SpectrumSettings)
        self._spectrum = SpectrumVector(setup.z_dim, setup.settings)
        self._flowed = 0.0  # of the noise, in widths of its Gaussian
        self._field = NoiseField(setup.z_dim, setup.seed)

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,)."""
        vector = self._spectrum.step(heard, values, dt_s)
        self._flowed += dt_s / values["motion.wander"]
        alpha = values["motion.alpha"]
        return Latent(z=np.asarray((1 - alpha) * self._field.at(self._flowed) + alpha * vector, np.float32))
