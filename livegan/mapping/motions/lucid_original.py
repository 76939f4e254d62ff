"""The formulas of lucid-sonic-dreams 0.4 (`generate_vectors`) to the letter, at its own 43 frames a second.

Between its frames the sum of motion goes straight, so that any frame rate shows the same path: motion is one of its
frames (23 ms) late, the pulse is not.
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.classes import Places, SummedClasses
from livegan.mapping.columns import Columns
from livegan.mapping.follower import Follower
from livegan.mapping.latent import Latent
from livegan.mapping.ticks import Ticks

FPS = 43  # frames a second, its default
KEPT = 0.75  # PULSE_SMOOTH, MOTION_SMOOTH: share of the last frame that is kept
SMOOTH_S = -1 / (FPS * log(KEPT))  # 0.081 s: the same as a time constant
DRIFT_PER_S = 20.0  # z units a second at react 1 and full sound
REDRAW_TICKS = 4 * FPS  # how long one choice of fast and slow dimensions lasts
SIGNS, CHOICE = 1, 2  # names of the random streams


class Walk(Protocol):
    """Walk between base latents."""

    walked: float

    def point(self) -> Vector: ...


class Original:
    """State of one run: pulse, sum of motion, directions, classes."""

    def __init__(self, z_dim: int, seed: int, chroma_of: str, shuffle_at: Sequence[float] = ()) -> None:
        """`shuffle_at`: moments at which the table of classes is turned [s since the beginning], in order."""
        self._seed, self._z_dim = seed, z_dim
        self._ticks = Ticks(FPS)
        self._pulse = Follower(SMOOTH_S, SMOOTH_S)
        self._motion: NDArray[np.floating] = np.zeros(z_dim)  # of the last frame, smoothed
        self._sums = [np.zeros(z_dim), np.zeros(z_dim)]  # of motion, up to the last two frames
        self._signs = np.random.default_rng([seed, SIGNS, 0]).integers(0, 2, z_dim) * 2.0 - 1.0
        self._choice: NDArray[np.float64] = np.zeros(z_dim)
        self._heard = 0.0  # sound so far in this frame
        self._chroma, self._places, self._classes = Columns("chroma", chroma_of), Places(), SummedClasses()
        self._shuffles = [moment_s * FPS for moment_s in sorted(shuffle_at, reverse=True)]  # in its frames

    def step(
        self,
        heard: FeatureFrame,
        values: Mapping[str, float],
        dt_s: float,
        base: Walk,
        pulse: float,
        motion_react: float,
        sound: float,
    ) -> Latent:
        """Advance by `dt_s`: z (z_dim,) and the class weights.

        `pulse`: pulse_react times its amplitude; `sound`: the amplitude that moves.
        """
        truncation = values["motion.truncation"]
        chroma = self._chroma(heard)
        for part_s, whole in self._ticks.parts(dt_s):
            base.walked += values["motion.speed"] / 60 * part_s
            self._heard += sound * part_s * FPS
            self._pulse.step(pulse, part_s)
            if whole:
                self._tick(truncation * base.point(), motion_react, values["motion.randomness"], truncation)
                while self._shuffles and self._shuffles[-1] <= self._ticks.number:
                    self._shuffles.pop()
                    self._places.turn(values["class.turn"])
                self._classes.tick(
                    self._places.step(chroma, 1 / FPS, values),
                    1 / FPS,
                    react=values["react"] * values["class.react"],
                    smooth_s=values["class.smooth"],
                    complexity=values["class.complexity"],
                )
        phase = self._ticks.phase
        then, now = self._sums
        z = truncation * base.point() + then + (now - then) * phase + self._pulse.value
        return Latent(
            z=np.asarray(z, np.float32), classes=self._classes.weights(values["class.shift"], values["class.mix"])
        )

    def _tick(self, base: Vector, motion_react: float, randomness: float, truncation: float) -> None:
        """One of its frames."""
        number = self._ticks.number - 1
        if number % REDRAW_TICKS == 0:
            redraw = number // REDRAW_TICKS
            self._choice = (
                np.random.default_rng([self._seed, CHOICE, redraw]).integers(0, 2, self._z_dim).astype(np.float64)
            )
        fast = 1 - randomness * self._choice
        motion = motion_react * DRIFT_PER_S / FPS * self._heard * self._signs * fast
        self._motion = KEPT * self._motion + (1 - KEPT) * motion
        self._heard = 0.0
        self._sums = [self._sums[1], self._sums[1] + self._motion]
        z = base + self._pulse.value + self._sums[1]
        self._signs[z + motion_react >= 2 * truncation] = -1.0
        self._signs[z - motion_react < -2 * truncation] = 1.0
