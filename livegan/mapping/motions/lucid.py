"""The lucid motion model, made causal: base walk, pulse, and motion that drifts and bounces.

After lucid-sonic-dreams 0.4 (`generate_vectors`): z = base + pulse + sum of motion. There, loudness was normalised over
the whole song and constants were per frame at 43 fps; here both are live and in seconds, and every term is integrated
exactly, so 30 and 144 frames a second walk the same path. `lucid_original.py` has its formulas to the letter.
"""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Annotated

import numpy as np
from pydantic import Field

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.follower import Follower
from livegan.mapping.latent import Latent
from livegan.mapping.motions.lucid_original import CHOICE, DRIFT_PER_S, SIGNS, SMOOTH_S, Original
from livegan.mapping.motions.registry import MOTIONS, SPEED, Motion, MotionSettings, MotionSetup

REDRAW_S = 4.0  # how long one choice of fast and slow dimensions lasts
ATTACK_S = 0.008  # a hit shows in the frame that hears it
BOUND = 2.0  # the latent bounces inside ± this, times the truncation

TRUNCATION = Parameter(
    "motion.truncation", 0, 1, 1, "how far from the middle of z it walks; not psi, which acts in w", reader="motion"
)

_NORMAL = NormalDist()  # scipy.special has it too, and takes a quarter of a second to import
_BASE, _PULSE = 0, 3  # names of the random streams, beside SIGNS and CHOICE


def truncated_normal(rng: np.random.Generator, size: int, bound: float = BOUND) -> Vector:
    """Normal numbers without the tails beyond ±`bound` (inverse distribution function), (size,)."""
    low, high = _NORMAL.cdf(-bound), _NORMAL.cdf(bound)
    return np.array([_NORMAL.inv_cdf(share) for share in rng.uniform(low, high, size)], np.float32)


def fold(x: Vector, bound: float = BOUND) -> Vector:
    """Reflect `x` at ±`bound` as often as needed: a ball that bounces between two walls."""
    return np.asarray(np.abs((x - bound) % (4 * bound) - 2 * bound) - bound, np.float32)


class BaseWalk:
    """Walk between seeded base latents: straight lines at constant speed."""

    def __init__(self, z_dim: int, seed: int) -> None:
        self._z_dim, self._seed = z_dim, seed
        self.walked = 0.0  # base pictures passed
        self._at: int | None = None
        self._ends: tuple[Vector, Vector] = (np.zeros(0, np.float32),) * 2

    def picture(self, number: int) -> Vector:
        """Base latent (z_dim,) of that number."""
        return truncated_normal(np.random.default_rng([self._seed, _BASE, number]), self._z_dim)

    def point(self) -> Vector:
        """Where it is now, (z_dim,)."""
        step = int(self.walked)
        if step != self._at:
            self._at = step
            self._ends = (self.picture(step), self.picture(step + 1))
        start, end = self._ends
        return start + (end - start) * np.float32(self.walked - step)


class LucidSettings(MotionSettings):
    """Keys of the lucid motion model."""

    original: bool = Field(
        False, description="the formulas of lucid-sonic-dreams to the letter: bounce, pulse, drift, and its classes"
    )
    shuffle_at: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        (), max_length=256, description="original: moments at which the table of classes is turned by class.turn [s]"
    )


@MOTIONS("lucid")
class Lucid(Motion):
    """Random walk in z with a pulse and a bouncing drift, |z| <= 2 + pulse."""

    parameters = (
        SPEED,
        Parameter("motion.pulse", 0, 2, 0.5, "how far a beat throws the picture for a moment", reader="motion"),
        Parameter("motion.drift", 0, 2, 0.5, "how far sustained sound carries the picture away", reader="motion"),
        Parameter("motion.randomness", 0, 1, 0.5, "how unlike the dimensions of the latent move", reader="motion"),
        TRUNCATION,
    )
    Settings = LucidSettings

    def __init__(self, setup: MotionSetup) -> None:
        z_dim = self.z_dim = setup.z_dim
        self._seed = setup.seed
        self._pulse_from, self._drift_from = setup.settings.pulse_from, setup.settings.drift_from
        self._signs = (self._stream(SIGNS, 0).integers(0, 2, z_dim) * 2 - 1).astype(np.float32)
        self._thrown = (self._stream(_PULSE, 0).integers(0, 2, z_dim) * 2 - 1).astype(np.float32)
        self._base = BaseWalk(z_dim, setup.seed)
        self._carried: Vector = np.zeros(z_dim, np.float32)  # sum of motion, before bouncing
        self._time_s = 0.0
        self._pulse = Follower(ATTACK_S, SMOOTH_S)
        self._drift = Follower(SMOOTH_S, SMOOTH_S)
        self._redraw: int | None = None
        self._choice: Vector = self._carried
        settings = setup.settings
        self._original: Original | None = None
        if isinstance(settings, LucidSettings) and settings.original:
            self._original = Original(z_dim, setup.seed, settings.chroma_of, settings.shuffle_at)

    def _stream(self, name: int, index: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, name, index])

    def _carry(self, drift: float, randomness: float, bound: float, dt_s: float) -> None:
        """Add the motion of `dt_s` seconds, redrawing the fast and slow dimensions every 4 s."""
        while dt_s > 0:
            redraw = int(self._time_s / REDRAW_S + 1e-9)
            if redraw != self._redraw:
                self._redraw = redraw
                self._choice = self._stream(CHOICE, redraw).integers(0, 2, self.z_dim).astype(np.float32)
            part_s = min(dt_s, max((redraw + 1) * REDRAW_S - self._time_s, 1e-9))
            far = DRIFT_PER_S * self._drift.area(drift, part_s)
            self._carried += self._signs * (1 - np.float32(randomness) * self._choice) * np.float32(far)
            self._carried = np.remainder(self._carried, 4 * bound)  # the bounce repeats; hours must not cost precision
            self._time_s += part_s
            dt_s -= part_s

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z (z_dim,): pulse by the feature `pulse_from`, drift by the square of `drift_from`, both scaled by react."""
        react, truncation = values["react"], values["motion.truncation"]
        pulse, drift = react * values["motion.pulse"], react * values["motion.drift"]
        if self._original is not None:
            hits, sound = heard[self._pulse_from], heard[self._drift_from]
            return self._original.step(heard, values, dt_s, self._base, pulse * hits, drift, sound)
        bound = BOUND * max(truncation, 1e-3)
        self._base.walked += values["motion.speed"] / 60 * dt_s
        self._carry(drift * heard[self._drift_from] ** 2, values["motion.randomness"], bound, dt_s)
        thrown = self._pulse.step(pulse * heard[self._pulse_from], dt_s)
        place = fold(self._base.point() * np.float32(truncation) + self._carried, bound)
        return Latent(z=place + self._thrown * np.float32(thrown))
