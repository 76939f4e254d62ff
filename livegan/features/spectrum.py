"""Short-time Fourier transform of the newest samples, asymmetric windows, sample history."""

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector

Bins = NDArray[np.complex64]  # (window // 2 + 1,)


class SampleHistory:
    """Sample history: the newest samples of one channel, oldest first."""

    def __init__(self, size: int) -> None:
        """Before the first hop there was silence."""
        self.samples: Vector = np.zeros(size, np.float32)

    def step(self, hop: Vector) -> None:
        """Take the next samples (n,)."""
        self.samples[: -len(hop)] = self.samples[len(hop) :]
        self.samples[-len(hop) :] = hop

    def fill(self, sound: Vector) -> None:
        """Lay `sound` (n,) there without a hop: what was heard before a gap in time ended."""
        kept = sound[-len(self.samples) :]
        self.samples[: len(self.samples) - len(kept)] = 0.0
        self.samples[len(self.samples) - len(kept) :] = kept


class Spectrum:
    """Windowed spectrum of the newest samples (Allen & Rabiner 1977, equation 2)."""

    def __init__(self, shape: NDArray[np.float64]) -> None:
        """`shape`: the window (n,), sum 1."""
        self.window = len(shape)
        squares = len(shape) * float(np.square(shape).sum())
        self.density = np.float32(2.0 / squares)  # mean square of noise per squared bin
        self._shape: Vector = shape.astype(np.float32)
        self._scaled: Vector = self._shape * np.float32(self.window)  # single precision: only "forward" transforms so
        self._windowed: Vector = np.zeros(self.window, np.float32)
        self._bins: Bins = np.zeros(self.window // 2 + 1, np.complex64)
        self._previous: Bins = np.zeros(self.window // 2 + 1, np.complex64)

    def step(self, past: Vector) -> tuple[Bins, Bins]:
        """The spectrum of the newest of `past` (n or more,), and the one before it; both are lent until the next step.

        A sine of amplitude 1 in the middle of a bin gives magnitude 0.5 there, as ``scipy.signal.stft`` does. The mean
        under the window is subtracted first, so DC neither counts nor hides the bass.
        """
        newest = past[-self.window :]
        np.subtract(newest, np.dot(newest, self._shape), out=self._windowed)
        self._windowed *= self._scaled
        self._bins, self._previous = self._previous, self._bins
        np.fft.rfft(self._windowed, norm="forward", out=self._bins)  # type: ignore[arg-type]
        return self._bins, self._previous
