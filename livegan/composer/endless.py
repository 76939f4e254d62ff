"""Endless music: one bar after another, led by a walk through the latent of phrases."""

from dataclasses import replace

import numpy as np

from livegan.composer.phrase_latent import slerp
from livegan.composer.steering import LATENTS, NEUTRAL, Steering, Z
from livegan.composer.voice import TEMPERATURE, Voice
from livegan.composer.voice_features import prompt
from livegan.composer.voices import STEPS_PER_BAR, Tokens

HISTORY_BARS = 3
LOOSELY = 0.6  # of `follow`, on the walk's own way: harmony first


class Endless:
    """Music without an end. The same seed and the same steerings, bar for bar, give the same notes."""

    def __init__(
        self, voice: Voice, seed: int, bars_per_key: int = 8, temperature: float = TEMPERATURE, first: int = 0
    ) -> None:
        """`bars_per_key`: bars from one place of the walk to the next; `first`: number of the first bar."""
        self.voice, self.seed, self.temperature = voice, seed, temperature
        self.bars_per_key = max(1, bars_per_key)
        self.index = first  # of the next bar
        self.history = voice.empty

    def z(self, bar: int) -> Z:
        """Place of the walk at a bar: keys of N(0, 1), a spherical line between them."""
        key, within = divmod(bar, self.bars_per_key)
        return slerp(self._key(key), self._key(key + 1), within / self.bars_per_key)

    def _key(self, index: int) -> Z:
        return np.random.default_rng([self.seed, 4, index]).standard_normal(LATENTS).astype(np.float32)

    def bar(self, steering: Steering = NEUTRAL) -> Tokens:
        """The next bar: (16, VOICES). A note held over the bar line is HOLD in its first step."""
        steering = steering.clipped()
        z = steering.z
        if z is None:
            z, steering = self.z(self.index), replace(steering, follow=LOOSELY * steering.follow)
        contour = self.voice.contour(z).bar(self.index)
        rng = np.random.default_rng([self.seed, 5, self.index])
        written = self.voice.next_bar(self.history, contour, steering, rng, self.temperature)
        self.index += 1
        self.history = prompt(np.concatenate([self.history, written]), HISTORY_BARS * STEPS_PER_BAR)
        return written
