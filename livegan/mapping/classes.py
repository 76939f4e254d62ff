"""From the notes being played to a class vector: chroma chooses what the picture is of.

After lucid-sonic-dreams 0.4: pitch p speaks for the class at place p of a list of twelve. There the vector was summed
and rescaled each frame; here each class follows the rescaled chroma with a time constant in seconds.
"""

from collections.abc import Sequence

import numpy as np

from livegan.core.types import Vector

PITCHES = 12
_QUIET = 1e-3  # chroma below this names no note: keep the last picture


def class_table(wanted: Sequence[int], c_dim: int, seed: int) -> tuple[int, ...]:
    """Twelve classes, one per pitch: `wanted` repeated, or (when empty) a seeded choice of those there are."""
    if not c_dim:
        return ()
    chosen = list(wanted)
    if not chosen:
        rng = np.random.default_rng([seed, 12])
        chosen = [int(i) for i in rng.permutation(c_dim)[:PITCHES]]
    return tuple(chosen[pitch % len(chosen)] for pitch in range(PITCHES))


class PitchClasses:
    """The class vector, given the chroma."""

    def __init__(self, table: Sequence[int], c_dim: int) -> None:
        """`table`: the class of each of the twelve pitches; an unconditional network has c_dim 0."""
        self._table = np.asarray(table, int)
        self._c_dim = c_dim
        self._pitches: Vector = np.zeros(PITCHES, np.float32)
        self._pitches[0] = 1.0

    def step(self, chroma: Vector, dt_s: float, *, react: float, smooth_s: float, mix: float, shift: float) -> Vector:
        """Go on for `dt_s`; returns (c_dim,) non-negative, largest 1.

        `react` speeds the choice up (0 holds it), `mix` 1 lets all notes speak, 0 the strongest alone,
        `shift` turns the table by that many places (parts of a place blend).
        """
        if not self._c_dim:
            return np.zeros(0, np.float32)
        low, high = float(chroma.min()), float(chroma.max())
        if high - low > _QUIET and react > 0:
            target = np.asarray((chroma - low) / (high - low), np.float32)
            keep = np.float32(np.exp(-dt_s * react / smooth_s)) if smooth_s > 0 else np.float32(0)
            self._pitches = target + (self._pitches - target) * keep
        spoken = self._turn(shift) ** np.float32(1 / max(mix, 0.02))
        classes = np.zeros(self._c_dim, np.float32)
        np.maximum.at(classes, self._table, spoken)
        return classes / max(float(classes.max()), 1e-6)

    def _turn(self, shift: float) -> Vector:
        """The pitches turned by `shift` places round the table."""
        whole = int(shift // 1)
        part = np.float32(shift - whole)
        pitches = self._pitches / max(float(self._pitches.max()), 1e-6)
        return np.asarray(np.roll(pitches, whole) * (1 - part) + np.roll(pitches, whole + 1) * part, np.float32)
