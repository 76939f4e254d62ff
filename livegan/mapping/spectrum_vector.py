"""Spectrum vector: the mel bands as a latent, resampled to its length, within an amplitude range."""

from math import exp

import numpy as np
from scipy.signal import resample

from livegan.core.types import FeatureFrame, Layout, Vector

QUIET = 0.1  # a loudest band below this counts as so much less, 0 as silence


class SpectrumVector:
    """Vector (size,) of the features band.0 .. after GANce, low frequencies first; 0 in silence.

    There: bands Fourier-resampled to the length of the latent, and scaled to -range..range by the lowest and highest of
    the song. Here every band is in its own rolling range already.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._layout: Layout | None = None  # that `_index` is of
        self._index: list[int] = []
        self._resampling = np.zeros((size, 0), np.float32)
        self._bands: Vector = np.zeros(0, np.float32)  # smoothed, 0..1

    def step(self, heard: FeatureFrame, amplitude: float, smooth_s: float, dt_s: float) -> tuple[Vector, float]:
        """The vector, -`amplitude`..`amplitude`, and how much sound there is, 0..1: so much of it counts."""
        if heard.layout is not self._layout:
            self._layout = layout = heard.layout
            self._index = [place for name, place in layout.index.items() if name.rpartition(".")[0] == "band"]
            self._bands = np.zeros(len(self._index), np.float32)
            self._resampling = np.zeros((self._size, len(self._index)), np.float32)
            if self._index:
                self._resampling = resample(np.eye(len(self._index)), self._size).astype(np.float32)
        keep = np.float32(exp(-dt_s / smooth_s) if smooth_s > 0 else 0.0)
        bands = heard.values[self._index]
        self._bands = bands + (self._bands - bands) * keep
        sound = min(1.0, float(self._bands.max(initial=0.0)) / QUIET)
        vector = np.clip(self._resampling @ (2 * self._bands - 1), -1, 1) * np.float32(amplitude)
        return np.asarray(vector, np.float32), sound
