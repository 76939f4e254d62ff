"""Latent of four-bar phrases: principal components of their contours, whitened, so that z of N(0, 1) is a phrase."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.composer.contour import Contour
from livegan.composer.steering import LATENTS, Z
from livegan.composer.voices import STEPS_PER_BAR, VOICES, Tokens

PHRASE_STEPS = 4 * STEPS_PER_BAR
ATTACK_WEIGHT = 4.0  # of an attack beside a semitone
_CENTRES = np.array((70.0, 64.5, 59.5, 51.0), np.float32)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PhraseLatent:
    """Mean, and what each number of z adds: (512,) and (LATENTS, 512); 256 pitches, then 256 attacks times 4."""

    mean: Floats
    components: Floats

    @classmethod
    def fit(cls, phrases: NDArray[np.int8]) -> "PhraseLatent":
        """Principal components of phrases (n, PHRASE_STEPS, VOICES), n > LATENTS; the sign of each is fixed."""
        rows = np.stack([_row(Contour.of(phrase)) for phrase in phrases])
        mean = rows.mean(0)
        _, sizes, axes = np.linalg.svd(rows - mean, full_matrices=False)
        axes, sizes = axes[:LATENTS], sizes[:LATENTS]
        axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
        components = np.zeros((LATENTS, rows.shape[1]), np.float32)
        components[: len(axes)] = axes * (sizes / np.sqrt(max(1, len(rows) - 1)))[:, None]
        return cls(mean.astype(np.float32), components)

    def contour(self, z: Z) -> Contour:
        """Contour of a phrase of four bars. Its attack wishes are by how much it differs from the mean phrase."""
        pitch, attack = (self.mean + np.asarray(z, np.float32) @ self.components).reshape(2, PHRASE_STEPS, VOICES)
        usual = self.mean.reshape(2, PHRASE_STEPS, VOICES)[1]
        return Contour(pitch, np.clip(0.5 + (attack - usual) / (2 * ATTACK_WEIGHT), 0, 1))

    def encode(self, tokens: Tokens) -> Z:
        """The z nearest to a phrase of four bars; of shorter ones the end is taken to be silence."""
        padded = Contour.free(PHRASE_STEPS)
        contour = Contour.of(tokens[:PHRASE_STEPS])
        padded.pitch[: len(contour)], padded.attack[: len(contour)] = contour.pitch, contour.attack
        sizes = np.maximum((self.components**2).sum(1), 1e-9)
        z: Z = ((_row(padded) - self.mean) @ self.components.T / sizes).astype(np.float32)
        return z


def _row(contour: Contour) -> Floats:
    """Contour as one row; where a voice is silent its nearest earlier note, or the next one, or its usual pitch."""
    pitch = contour.pitch.copy()
    for voice in range(VOICES):
        line = pitch[:, voice]
        known = np.flatnonzero(~np.isnan(line))
        if len(known) == 0:
            line[:] = _CENTRES[voice]
        else:
            before = np.searchsorted(known, np.arange(len(line)), side="right") - 1
            line[:] = line[known[np.maximum(before, 0)]]
    return np.concatenate([pitch.ravel(), ATTACK_WEIGHT * contour.attack.ravel()])


def slerp(first: Z, second: Z, amount: float) -> Z:
    """Spherical interpolation: lengths and directions apart, so that places between are as likely as the ends."""
    one, two = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(one, two) < 1e-6:
        return (first * (1 - amount) + second * amount).astype(np.float32)
    angle = float(np.arccos(np.clip(first @ second / (one * two), -1, 1)))
    length = one * (1 - amount) + two * amount
    if angle < 1e-4 or np.pi - angle < 1e-4:
        return (first * (1 - amount) + second * amount).astype(np.float32)
    a, b = np.sin((1 - amount) * angle), np.sin(amount * angle)
    between: Z = ((a * first / one + b * second / two) / np.sin(angle) * length).astype(np.float32)
    return between
