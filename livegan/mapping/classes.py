"""Class vectors from chroma: the notes being played choose what the picture is of.

After lucid-sonic-dreams 0.4: pitch p stands for the class at place p of a list of twelve. There the vector was summed
and rescaled each frame; here each class follows the rescaled chroma with a time constant in seconds.
"""

from collections.abc import Mapping, Sequence
from math import exp, floor

import numpy as np

from livegan.core.types import Vector

PITCHES = 12
DOMINANCE_S = 180.0  # how slowly it is forgotten which notes were strong [s]
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


def rotated(weights: Vector, shift: float) -> Vector:
    """The weights rotated by `shift` places round the table; fractions blend."""
    whole = int(shift // 1)
    part = np.float32(shift - whole)
    return np.asarray(np.roll(weights, whole) * (1 - part) + np.roll(weights, whole + 1) * part, np.float32)


def sharpened(weights: Vector, mix: float) -> Vector:
    """The same largest weight, the others the smaller the smaller `mix` is: at 0 it stands alone."""
    top = float(weights.max())
    return weights if mix >= 1 or top <= 0 else (weights / top) ** np.float32(1 / max(mix, 0.02)) * np.float32(top)


class Places:
    """Places of the class table that the twelve pitches have: as written, turned now and then, or by dominance.

    As in lucid-sonic-dreams (class_shuffle_seconds, dominant_classes_first) and deep-music-visualizer (num_classes);
    there, dominance was that of the whole song, here that of the last minutes.
    """

    def __init__(self) -> None:
        self._dominance: Vector = np.zeros(PITCHES, np.float32)
        self._shuffles = 0.0
        self._turned = 0

    def turn(self, share: float) -> None:
        """Turn the table by that share of a full turn."""
        self._turned = (self._turned + round(share * PITCHES)) % PITCHES

    def step(self, chroma: Vector, dt_s: float, values: Mapping[str, float]) -> Vector:
        """Advance by `dt_s`; returns the chroma by place (12,)."""
        total = float(chroma.sum())
        if total > _QUIET:
            keep = np.float32(exp(-dt_s / DOMINANCE_S))
            self._dominance = self._dominance * keep + chroma * np.float32((1 - keep) / total)
        if values["class.shuffle"] > 0:
            before = floor(self._shuffles + 1e-9)
            self._shuffles += dt_s / values["class.shuffle"]
            for _ in range(floor(self._shuffles + 1e-9) - before):
                self.turn(values["class.turn"])
        count = round(values["class.count"])
        if values["class.dominant"] >= 0.5 or count < PITCHES:
            chroma = chroma[np.argsort(-self._dominance, kind="stable")]
            chroma[count:] = 0
        return np.roll(chroma, self._turned) if self._turned else chroma


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
        pitches = self._pitches / max(float(self._pitches.max()), 1e-6)
        weights = rotated(pitches, shift) ** np.float32(1 / max(mix, 0.02))
        return np.asarray(weights / max(float(weights.max()), 1e-6), np.float32)


class SummedClasses:
    """Class weights as lucid-sonic-dreams 0.4 computes them, frame by frame (`generate_vectors`).

    The chroma is added to the last vector, which is then rescaled to 0..1 and multiplied by the complexity. There, the
    result was averaged over blocks of `class_smooth_seconds` and interpolated, which looks half a block ahead; here it
    is smoothed with a time constant of half a block.
    """

    def __init__(self) -> None:
        """Until a note is heard, the first place has all the weight."""
        self._sum: Vector | None = None  # (12,) after rescaling
        self._shown: Vector = np.eye(1, PITCHES, dtype=np.float32)[0]

    def tick(self, places: Vector, dt_s: float, *, react: float, smooth_s: float, complexity: float) -> None:
        """One frame of the original; `react` as at its 43 frames a second."""
        if self._sum is None:
            if places.sum() <= _QUIET:
                return
            self._sum = self._rescaled(places) * np.float32(complexity)
        else:
            self._sum = self._rescaled(self._sum + np.float32(react) * places) * np.float32(complexity)
        self._shown = smoothed(self._shown, self._sum, dt_s, smooth_s / 2)

    def _rescaled(self, weights: Vector) -> Vector:
        low, high = float(weights.min()), float(weights.max())
        if high <= low:
            weights = weights.copy()
            weights[0] += np.float32(0.1)
            return weights
        return np.asarray((weights - low) / (high - low), np.float32)

    def weights(self, shift: float, mix: float) -> Vector:
        """The weight of each place (12,), 0..1; at a `mix` of 1 the original's."""
        return sharpened(rotated(self._shown, shift), mix)


class LeakyClasses:
    """Class weights as deep-music-visualizer computes them, frame by frame: a leaky integrator of the chroma.

    There, the result was averaged over blocks and interpolated, which looks half a block ahead; here it is smoothed
    with a time constant of half a block.
    """

    def __init__(self) -> None:
        """Until a note is heard, the first place has all the weight."""
        self._begun = False
        self._level: Vector = np.zeros(PITCHES, np.float32)
        self._shown: Vector = np.eye(1, PITCHES, dtype=np.float32)[0]

    def tick(self, places: Vector, dt_s: float, *, slowness: float, count: int, depth: float, smooth_s: float) -> None:
        """One frame of the original: `slowness` is its 300 - pitch_sensitivity, `count` its num_classes."""
        if not self._begun:
            if places.sum() <= _QUIET:
                return
            self._level, self._begun = places, True
        else:
            self._level = np.asarray((self._level + places / slowness) / (1 + 1 / slowness), np.float32)
        self._shown = smoothed(self._shown, self._normalised(count, depth), dt_s, smooth_s)

    def _normalised(self, count: int, depth: float) -> Vector:
        """More than six classes: the range of what is not 0 becomes 0..1; else the strongest 1. Times `depth`."""
        level = self._level[:count]
        low, top = float(level.min()), float(level.max())
        weights = np.zeros(PITCHES, np.float32)
        if count > 6:
            least = low if low > 0 or top <= 0 else float(level[level > 0].min())
            if top > least:
                weights[:count] = np.maximum(level - np.float32(least), 0) * np.float32(depth / (top - least))
        elif top > 0:
            weights[:count] = level * np.float32(depth / top)
        if top - low <= 1e-7 * top:  # all alike
            weights[0] = min(float(weights[0]) + 0.01, 1.0)
        return weights

    def weights(self, shift: float, mix: float) -> Vector:
        """The weight of each place (12,), 0..1; at a `mix` of 1 the original's."""
        return sharpened(rotated(self._shown, shift), mix)


def smoothed(value: Vector, target: Vector, dt_s: float, time_s: float) -> Vector:
    """First-order low-pass: `value` a step of `dt_s` nearer to `target`; at once if `time_s` is 0."""
    keep = np.float32(exp(-dt_s / time_s) if time_s > 0 else 0.0)
    return np.asarray(target + (value - target) * keep, np.float32)
