"""The rolling short-time Fourier transform: one FFT per hop, shared by every feature."""

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector

Bins = NDArray[np.complex64]  # (window // 2 + 1,)


class Spectrum:
    """Slides a periodic Hann window over the sound (Allen & Rabiner 1977, equation 2)."""

    def __init__(self, window: int, hop: int) -> None:
        """Before the first hop there was silence."""
        self.hop = hop
        self._sound = np.zeros(window, np.float32)
        self._windowed = np.zeros(window, np.float32)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        self._hann: Vector = (hann / hann.sum()).astype(np.float32)
        self._bins: Bins = np.zeros(window // 2 + 1, np.complex64)
        self._previous: Bins = np.zeros(window // 2 + 1, np.complex64)

    def fill(self, sound: Vector) -> None:
        """Lay `sound` (n,) under the window without making a hop: what was heard before a gap in time ended."""
        kept = sound[-len(self._sound) :]
        self._sound[: len(self._sound) - len(kept)] = 0.0
        self._sound[len(self._sound) - len(kept) :] = kept

    def step(self, hop: Vector) -> tuple[Bins, Bins]:
        """Take the next `hop` samples; the spectrum of the window that ends with them, and the one before it.

        A sine of amplitude 1 in the middle of a bin gives magnitude 0.5 there, as ``scipy.signal.stft`` does.
        Both arrays are lent until the next step.
        """
        self._sound[: -self.hop] = self._sound[self.hop :]
        self._sound[-self.hop :] = hop
        np.multiply(self._sound, self._hann, out=self._windowed)
        self._bins, self._previous = self._previous, self._bins
        np.fft.rfft(self._windowed, out=self._bins)  # type: ignore[arg-type]  # the stub knows only doubles
        return self._bins, self._previous
