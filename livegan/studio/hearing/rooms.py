"""Rooms: reverberation by an impulse response of the direct sound, early reflections and an exponential tail."""

from dataclasses import dataclass

import numpy as np
import scipy.signal
from numpy.typing import NDArray

REFLECTIONS = 10
SPEED_M_S = 343.0  # of sound
DARKER_HZ = 4000.0  # where the tail dies away twice as fast as in the middle


@dataclass(frozen=True, slots=True)
class Room:
    """A room with a source and a listener at some place in it.

    `rt60_s`: time in which the sound of the middle falls by 60 dB; `wet`: energy of reflections and tail over that of
    the direct sound, 0 is none, 1 is the distance at which both are as loud; `size_m`: first reflections come later
    in a larger one.
    """

    rt60_s: float = 0.6
    wet: float = 1.0
    size_m: float = 10.0

    def response(self, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Impulse response, (n,): the direct sound, 1, comes first; high notes die sooner (Schroeder 1962)."""
        count = max(2, round(self.rt60_s * sample_rate))
        time_s = np.arange(count) / sample_rate
        noise = rng.standard_normal(count)
        dark = scipy.signal.butter(1, min(DARKER_HZ, 0.4 * sample_rate), fs=sample_rate, output="sos")
        low = scipy.signal.sosfilt(dark, noise)
        decay = np.exp(-6.91 * time_s / self.rt60_s)
        tail = low * decay + (noise - low) * decay**2
        first_s = self.size_m / SPEED_M_S
        tail *= np.clip((time_s - 0.3 * first_s) / first_s, 0.0, 1.0)
        early = np.zeros(count)
        moments = first_s * (0.25 + rng.exponential(0.8, REFLECTIONS))
        for moment in moments[moments * sample_rate < count - 1]:
            early[round(moment * sample_rate)] += rng.choice((-1, 1)) * np.exp(-3.0 * moment / self.rt60_s)
        early, tail = (part / max(float(np.sqrt((part**2).sum())), 1e-9) for part in (early, tail))
        response = np.sqrt(self.wet) * (0.6 * early + 0.8 * tail)
        response[0] = 1.0
        return np.asarray(response)

    def __call__(self, sound: NDArray[np.floating], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """The sound (n,) as heard in the room, (n,): not delayed; what still rings after its end is left off."""
        if not self.wet or not len(sound):
            return np.asarray(sound, np.float64)
        heard = scipy.signal.fftconvolve(np.asarray(sound, np.float64), self.response(sample_rate, rng))
        return np.asarray(heard[: len(sound)])
