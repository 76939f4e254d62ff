"""Fixed directions in the latent, so that a knob does something sensible with any network."""

import numpy as np
from numpy.typing import NDArray

from livegan.core.parameters import DIRECTIONS

_STREAM = 5


def directions(z_dim: int, seed: int) -> NDArray[np.float32]:
    """Seeded directions (8, z_dim), each as long as a usual latent (root z_dim), at right angles where z_dim allows."""
    random = np.random.default_rng([seed, _STREAM]).standard_normal((z_dim, DIRECTIONS))
    axes = np.linalg.qr(random)[0].T if z_dim >= DIRECTIONS else random.T / np.linalg.norm(random, axis=0)[:, None]
    return np.asarray(axes * np.sqrt(z_dim), np.float32)
