"""Noise inputs of the layers: planes of standard normal noise, one for every seed and layer, cut from one pool."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

OFFSETS = 1 << 20  # where in the pool a plane may begin
WORD = (1 << 64) - 1


def noise_plane(seed: int, layer: int, height: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Standard normal noise (height, width) float32: the same for the same numbers, another for any other.

    A window into one pool of noise, at a place that depends on seed and layer: read it, do not write into it.
    """
    pool, start, count = _pool(str(device)), _place(seed, layer), height * width
    if start + count > len(pool):  # above 1024x1024 px
        pool = pool.repeat((start + count) // len(pool) + 1)
    return pool[start : start + count].view(height, width)


@lru_cache(maxsize=4)  # 8 MB for each device, shared by all networks
def _pool(device: str) -> Tensor:
    with torch.inference_mode(False):  # it is kept, and may meet a gradient later
        return torch.from_numpy(np.random.default_rng(2018).standard_normal(2 * OFFSETS, np.float32)).to(device)


def _place(seed: int, layer: int) -> int:
    """A number below OFFSETS, well mixed (splitmix64: Steele, Lea and Flood 2014, figure 15)."""
    word = (seed * 0x9E3779B97F4A7C15 + layer * 0xD1B54A32D192ED03) & WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & WORD
    return (word ^ (word >> 31)) % OFFSETS
