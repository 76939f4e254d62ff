"""Spectrum vector: the log-mel bands as a latent, after GANce: resampled to its length, scaled, rolled, smoothed.

There, decibels and amplitudes were those of the whole song, and a Savitzky-Golay filter looked three frames ahead; here
the bands are measured against the loudest lately and smoothed with a time constant.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.classes import smoothed
from livegan.mapping.columns import Columns
from livegan.mapping.motions.registry import NOT_LUCID, SMOOTH, MotionSettings

QUIET = 0.1  # a loudest band below this counts as so much less sound

SPECTRUM = (
    Parameter("motion.low", -10, 0, -1, "what silence in a band puts into the latent", reader="motion"),
    Parameter("motion.high", 0, 10, 1, "what the loudest band puts into the latent", reader="motion"),
    Parameter(
        "motion.roll", 0, 1, 0, "how fast full level rolls the spectrum through the latent", "turns/s", reader="motion"
    ),
    SMOOTH,
    Parameter("motion.smear", 0, 0.5, 0.1, "how far each band is smoothed over its neighbours", reader="motion"),
)
"""Parameters that a `SpectrumVector` reads."""


class SpectrumSettings(MotionSettings):
    """Keys of [motion] of models that make the spectrum a latent."""

    not_read = NOT_LUCID

    roll_from: str = Field("level", description="feature that rolls the spectrum through the latent")
    mel_of: str = Field("", description="group or part whose spectrum it is: 'harmonic', 'keys'; '': all")

    def features(self) -> Mapping[str, str]:
        return {**super().features(), "mel_of": f"{self.mel_of}:mel.0" if self.mel_of else "mel.0"}


class SpectrumVector:
    """The spectrum as a vector (size,), low frequencies first."""

    def __init__(self, size: int, settings: SpectrumSettings) -> None:
        self._size = size
        self._roll_from = settings.roll_from
        self._bands = Columns("mel", settings.mel_of)
        self._rolled = 0.0  # turns
        self._smooth: Vector | None = None
        self._kernels: dict[int, NDArray[np.complex128]] = {}  # of each width
        self.sound = 0.0  # how much there is, 0..1: in silence the vector is `motion.low` throughout

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> NDArray[np.float64]:
        """Advance by `dt_s`; returns the vector (size,), between `motion.low` and `motion.high` but for overshoot."""
        bands = self._bands(heard)
        self._smooth = bands if self._smooth is None else smoothed(self._smooth, bands, dt_s, values["motion.smooth"])
        self.sound = min(1.0, float(self._smooth.max(initial=0.0)) / QUIET)
        turns = values["react"] * values["motion.roll"] * heard[self._roll_from] * dt_s
        self._rolled = (self._rolled + turns) % 1
        low, high = values["motion.low"], values["motion.high"]
        spectrum = np.fft.rfft(low + (high - low) * self._smooth.astype(np.float64))
        spectrum = stretched(spectrum, len(self._smooth), self._size) * self._kernel(values["motion.smear"])
        turned = np.exp(2j * np.pi * self._rolled * np.arange(len(spectrum)))
        return np.fft.irfft(spectrum * turned, self._size)

    def _kernel(self, smear: float) -> NDArray[np.complex128]:
        """Transform of the smoothing within the vector: between two widths, between their kernels."""
        width = smear * self._size
        below = max(1, 2 * int((width - 1) // 2) + 1)
        share = min(max((width - below) / 2, 0.0), 1.0)
        return self._of_width(below) * (1 - share) + self._of_width(below + 2) * share

    def _of_width(self, width: int) -> NDArray[np.complex128]:
        if width not in self._kernels:
            kernel = np.zeros(self._size)
            np.add.at(kernel, (np.arange(width) - width // 2) % self._size, savitzky_golay(width))
            self._kernels[width] = np.fft.rfft(kernel)
        return self._kernels[width]


def stretched(spectrum: NDArray[np.complex128], count: int, size: int) -> NDArray[np.complex128]:
    """Transform (size // 2 + 1,) of a vector of `size` from that of one of `count` (Fourier resampling)."""
    kept = min(count, size)
    out = np.zeros(size // 2 + 1, np.complex128)
    out[: kept // 2 + 1] = spectrum[: kept // 2 + 1] * (size / count)
    if kept % 2 == 0 and count != size:  # the Nyquist bin counts for two, or is one of two
        out[kept // 2] *= 0.5 if count < size else 2.0
    return out


def savitzky_golay(width: int) -> NDArray[np.float64]:
    """Weights (width,) of a smoothing that fits a parabola (Savitzky & Golay 1964); of width 3 or less, none."""
    if width <= 3:
        return np.asarray(np.eye(1, width, width // 2)[0], np.float64)
    x = np.arange(width) - width // 2
    return np.asarray(np.linalg.pinv(np.vander(x, 3, increasing=True).astype(np.float64))[0])
