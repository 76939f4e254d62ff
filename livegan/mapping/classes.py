"""Class vectors from chroma: the notes being played choose what the picture is of.

After lucid-sonic-dreams 0.4: pitch p stands for the class at place p of a list of twelve. There the vector was summed
and rescaled each frame; here each class follows the rescaled chroma with a time constant in seconds.
"""

from collections.abc import Sequence

import numpy as np

from livegan.core.types import Vector

PITCHES = 12
_QUIET = 1e-3  # chroma below this names no note: keep the last picture


def class_table(classes: Sequence[int], c_dim: int, seed: int) -> tuple[int, ...]:
    """Twelve classes, one per pitch: those of `classes` that exist, repeated, or else a seeded choice of all."""
    if not c_dim:
        return ()
    chosen = [i for i in classes if i < c_dim]
    if not chosen:
        rng = np.random.default_rng([seed, 12])
        chosen = [int(i) for i in rng.permutation(c_dim)[:PITCHES]]
    return tuple(chosen[pitch % len(chosen)] for pitch in range(PITCHES))


def class_vector(weights: Vector, table: Sequence[int], c_dim: int) -> Vector:
    """Class vector (c_dim,) of one network, non-negative, as large as the largest of twelve `weights`, 0..1.

    `table` is the class of each place; (0,) for a network without classes.
    """
    if not c_dim:
        return np.zeros(0, np.float32)
    classes = np.zeros(c_dim, np.float32)
    np.maximum.at(classes, np.asarray(table, int), weights)
    return classes


class PitchClasses:
    """Smoothed chroma as weights of the places of a class table: the same for every network of a bank."""

    def __init__(self) -> None:
        """Until a note is heard, the first place has all the weight."""
        self._pitches: Vector = np.zeros(PITCHES, np.float32)
        self._pitches[0] = 1.0

    def step(self, chroma: Vector, dt_s: float, *, react: float, smooth_s: float, mix: float, shift: float) -> Vector:
        """Advance by `dt_s`; returns the weight of each place, (12,), 0..1, the largest 1.

        `react` speeds the choice up (0 holds it), `mix` 1 lets all notes count, 0 the strongest alone,
        `shift` rotates the table by that many places (fractions blend).
        """
        low, high = float(chroma.min()), float(chroma.max())
        if high - low > _QUIET and react > 0:
            target = np.asarray((chroma - low) / (high - low), np.float32)
            keep = np.float32(np.exp(-dt_s * react / smooth_s)) if smooth_s > 0 else np.float32(0)
            self._pitches = target + (self._pitches - target) * keep
        weights = self._rotated(shift) ** np.float32(1 / max(mix, 0.02))
        return np.asarray(weights / max(float(weights.max()), 1e-6), np.float32)

    def _rotated(self, shift: float) -> Vector:
        """The pitches rotated by `shift` places round the table."""
        whole = int(shift // 1)
        part = np.float32(shift - whole)
        pitches = self._pitches / max(float(self._pitches.max()), 1e-6)
        return np.asarray(np.roll(pitches, whole) * (1 - part) + np.roll(pitches, whole + 1) * part, np.float32)
