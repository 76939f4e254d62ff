"""Latents by seed: the one numbering that contact sheets, paths, styles and snapshots share."""

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**32 - 1


def latent_of_seed(seed: int, z_dim: int) -> NDArray[np.float32]:
    """z (z_dim,) of a seed, 0..MAX_SEED: standard normal, numbered as in NVIDIA's tools so that published seeds fit."""
    return np.asarray(np.random.RandomState(seed).randn(1, z_dim)[0], np.float32)
