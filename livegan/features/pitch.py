"""Pitch (fundamental frequency) of a voice or a lead: YIN."""

from math import log2

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup

LOW_HZ, HIGH_HZ = 55.0, 1760.0  # A1 .. A6
SUM_S = 0.025  # over how much sound the difference is summed
STEP_S = 0.027  # from one look to the next
RATE_HZ = 12000  # pitch is looked for at about this rate
THRESHOLD = 0.15  # step 4 of the paper
MIN_CONFIDENCE = 0.5  # confidence from which the pitch follows


@FEATURES("pitch")
class Pitch(Feature):
    """`pitch`: 0 is A1 (55 Hz), 1 is A6 (1760 Hz), an octave is 0.2; `pitch.hz` the same in Hz; `pitch.confidence`.

    The confidence is one minus the aperiodicity, 0..1. Without a clear pitch the last one stays; before the first it
    is 0. One voice at a time: of a chord it finds what the notes have in common, or nothing.
    """

    unit = "0..1; pitch.hz in Hz"
    low, high = 0.0, 2000.0
    delay_s = 0.03
    source = "de Cheveigne & Kawahara 2002 (YIN, steps 1-5; the difference function by FFT)"

    def __init__(self, setup: Setup) -> None:
        self.names = ("pitch", "pitch.hz", "pitch.confidence")
        self._every = max(1, round(STEP_S / setup.hop_s))
        self._fold = max(1, setup.sample_rate // RATE_HZ)
        self._mean = np.full(self._fold, 1.0 / self._fold)
        self._rate = setup.sample_rate / self._fold
        self._lags = int(self._rate / LOW_HZ) + 2
        self._sum = round(SUM_S * self._rate)
        count = self._sum + self._lags
        self._take = min((count + 1) * self._fold, 4 * setup.window)
        self._count = count
        self._size = 1 << (count + self._sum - 1).bit_length()
        self._both: NDArray[np.float64] = np.zeros((2, self._size))  # the sound; its first part alone
        self._first = max(2, int(self._rate / HIGH_HZ))
        self._ramp = np.arange(self._lags, dtype=np.float64)
        self._hz, self._sure = 0.0, 0.0

    def compute(self, hop: Hop, out: Vector) -> None:
        """Every fifth hop or so; in between what it was."""
        if hop.number % self._every == 0:
            hz, self._sure = self._look(hop.past) if hop.open else (0.0, 0.0)
            if self._sure >= MIN_CONFIDENCE:
                self._hz = hz
        out[0] = min(1.0, max(0.0, log2(self._hz / LOW_HZ) / log2(HIGH_HZ / LOW_HZ))) if self._hz else 0.0
        out[1] = self._hz
        out[2] = self._sure * hop.gate

    def _difference(self, sound: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of squared differences to the sound a lag later, (lags,) (equation 6, as in its appendix)."""
        self._both[:, : self._sum] = sound[: self._sum]
        self._both[0, self._sum : self._count] = sound[self._sum :]
        whole, head = np.fft.rfft(self._both)
        alike = np.fft.irfft(whole * np.conj(head), self._size)[: self._lags]
        squares = np.concatenate(([0.0], np.cumsum(np.square(sound))))
        energy = squares[self._sum : self._sum + self._lags] - squares[: self._lags]
        return np.asarray(np.maximum(energy[0] + energy - 2.0 * alike, 0.0))

    def _look(self, past: Vector) -> tuple[float, float]:
        """Pitch [Hz] and confidence of the newest sound."""
        newest = past[-(self._take // self._fold) * self._fold :].astype(np.float64)
        folded = newest.reshape(-1, self._fold) @ self._mean
        sound = 0.5 * (folded[1:] + folded[:-1])[-self._count :]  # with the mean: a triangle against aliases
        difference = self._difference(sound - sound.mean())
        total = np.cumsum(difference)
        if total[-1] < 1e-12:
            return 0.0, 0.0
        normal = np.ones(self._lags)
        np.divide(difference * self._ramp, total, out=normal, where=total > 1e-14)  # equation 8
        dips = np.flatnonzero(normal[self._first : -1] < THRESHOLD)
        if len(dips):
            lag = int(dips[0]) + self._first
            after = normal[lag:-1] <= normal[lag + 1 :]
            lag += int(after.argmax())  # down to the bottom of the first dip
        else:
            lag = int(normal[self._first : -1].argmin()) + self._first
        lag = min(max(lag, 1), self._lags - 2)
        before, here, behind = difference[lag - 1 : lag + 2]
        bend = before - 2.0 * here + behind
        shift = 0.5 * (before - behind) / bend if bend > 1e-18 else 0.0
        return self._rate / (lag + min(1.0, max(-1.0, shift))), min(1.0, max(0.0, 1.0 - float(normal[lag])))
