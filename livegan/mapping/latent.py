"""Latent vectors: a point in z, in w or in both, and the fixed directions in z that parameters push along."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.parameters import LATENT_DIRECTIONS
from livegan.core.target import Target
from livegan.core.types import Mix, Vector

_STREAM = 5


@dataclass(frozen=True, slots=True)
class Latent:
    """Latent of a motion model: z, w or a mix (drawn instead of z), or several; and class weights, if it chooses them.

    A model that gives a mix gives z too, for networks that have no w. A target of its own is drifted to, where no words
    ask for another.
    """

    z: Vector | None = None  # (z_dim,) float32
    w: Vector | None = None  # (rows, w_dim) float32: one row for all layers, or one for each (w+)
    mix: Mix = ()  # weights of latents z that are mapped to w and blended there; see `FramePlan.mix`
    classes: Vector | None = None  # (12,) float32, 0..1, of the places of the class table; None: the notes choose
    target: Target | None = None  # the same object until it changes


def latent_directions(z_dim: int, seed: int) -> NDArray[np.float32]:
    """Seeded directions (8, z_dim) of norm sqrt(z_dim), as long as a usual latent; orthogonal where z_dim allows."""
    random = np.random.default_rng([seed, _STREAM]).standard_normal((z_dim, LATENT_DIRECTIONS))
    wide = z_dim >= LATENT_DIRECTIONS
    axes = np.linalg.qr(random)[0].T if wide else random.T / np.linalg.norm(random, axis=0)[:, None]
    return np.asarray(axes * np.sqrt(z_dim), np.float32)


class LatentOffset:
    """Offset in z given by the parameters latent.0 .. latent.7: so that a knob has the same effect on any network."""

    def __init__(self, z_dim: int, seed: int) -> None:
        self._directions = latent_directions(z_dim, seed)
        self._names = [f"latent.{i}" for i in range(LATENT_DIRECTIONS)]

    def __call__(self, values: Mapping[str, float]) -> Vector:
        """(z_dim,) for these parameter values."""
        weights = np.array([values[name] for name in self._names], np.float32)
        return weights @ self._directions
