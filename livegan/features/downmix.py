"""Downmix to mono: the mean of the channels, those of inverted polarity turned back so that sides do not cancel."""

from math import exp

import numpy as np

from livegan.core.types import Samples, Vector
from livegan.features.sanitize import MIN_AMPLITUDE, mix

MEMORY_S = 0.1  # of the correlation between channels
CANCELLED = (
    0.4  # power of the sum of the channels, in parts of the sum of their powers (1: they have nothing in common)
)


class Downmix:
    """Mean of the channels (n, channels) with a sign each.

    Where channels cancel each other (a cable with swapped wires, a stereo effect), those are turned over that add the
    most power to the mix, never the loudest; within one hop, so that nothing clicks. All other sound is the plain mean.
    """

    def __init__(self, hop_s: float) -> None:
        self._keep = np.float32(exp(-hop_s / MEMORY_S))
        self._products: Samples = np.zeros((0, 0), np.float32)  # running sums of channel times channel
        self._signs: Vector = np.zeros(0, np.float32)
        self._turned: Vector = self._signs
        self._weights: Vector = self._signs  # of the mean, with their signs
        self._powers: Samples = np.zeros(
            (2, 0), np.float32
        )  # of all channels, and of their sum, of the products in a row
        self._begun = False  # nothing sounded before: nothing can click

    def step(self, sound: Samples, out: Vector) -> None:
        """Mix the next hop of clean `sound` (n, channels) into `out` (n,); no channels are silence."""
        channels = sound.shape[1]
        if len(self._signs) != channels:
            self._products = np.zeros((channels, channels), np.float32)
            self._take(np.ones(channels, np.float32))
        if channels < 2:
            mix(sound, out, self._weights)
            return
        self._products *= self._keep
        self._products += sound.T @ sound
        begins = not self._begun
        self._begun = self._begun or bool(self._products[0, 0] > MIN_AMPLITUDE)
        if not self._turn():
            mix(sound, out, self._weights)
            return
        before = self._weights
        self._take(self._signs * self._turned)
        mix(sound, out, self._weights)
        if not begins:
            fading = np.linspace(1.0, 0.0, len(out), dtype=np.float32)
            earlier = np.empty_like(out)
            mix(sound, earlier, before)
            earlier -= out
            out += fading * earlier

    def fill(self, sound: Samples, out: Vector) -> None:
        """Mix `sound` without taking it into account for what follows."""
        channels = sound.shape[1]
        usual = np.full(channels, 1.0 / max(channels, 1), np.float32)
        mix(sound, out, self._weights if len(self._weights) == channels else usual)

    def _take(self, signs: Vector) -> None:
        """Mix with these signs from now on."""
        self._signs = signs
        self._powers = np.stack((np.eye(len(signs), dtype=np.float32), np.outer(signs, signs))).reshape(2, -1)
        self._weights = signs * np.float32(1.0 / max(len(signs), 1))

    def _turn(self) -> bool:
        """Decide which channels are to be turned over now; True if any is."""
        products, signs = self._products, self._signs
        total, mixed = (self._powers @ products.ravel()).tolist()
        if mixed >= CANCELLED * total:
            return False
        powers = products.diagonal()
        loudest = int(powers.argmax())
        if powers[loudest] < MIN_AMPLITUDE:
            return False
        chosen = signs.copy()
        while True:  # each pass turns over the channel whose turn adds the most power to the mix
            gains = powers - chosen * (products @ chosen)
            gains[loudest] = 0.0
            best = int(gains.argmax())
            if gains[best] <= 1e-6 * total:
                break
            chosen[best] *= -1
        self._turned = chosen * signs
        return bool((self._turned < 0).any())
