"""Starfield: a flight through stars; where each of them is depends on the plan alone."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.sound import Sound
from livegan.rendering.drawings.light import COARSE, blurred, lit, splat
from livegan.rendering.drawings.look import Look, grid, placed

FEWEST, MOST = 120, 1500  # stars at density 0 and 1
NEAREST = 0.04  # distance at which a star is gone; the farthest is at 1 + NEAREST
WIDE = 1.25  # half-width of the field at the farthest star
POINTS = 16  # along the streak of a star
STREAK = 0.008  # of the way, at speed 1
NEBULA = 0.3  # light of the clouds behind them


def draw(look: Look, sound: Sound | None, size: tuple[int, int], device: torch.device) -> Tensor:
    """The drawing, (3, height, width), 0..1. It hears nothing itself: routes move its speed."""
    height, width = size
    count = max(8, round((FEWEST + (MOST - FEWEST) * look.density) / look.symmetry))
    stars = _stars(look.seed, MOST)[:count]
    near = (stars[:, 3] + look.travel) % 1.0  # 0 far .. 1 near
    back = np.linspace(0, 1, POINTS, dtype=np.float32) * (STREAK * min(look.streak, 4.0) + 1e-4)
    way = near[:, None] - back  # (count, POINTS)
    distance = 1 - way + NEAREST
    stretch = width / height
    points = np.stack((stars[:, :1] * stretch / distance, stars[:, 1:2] / distance), -1) * np.float32(WIDE * 0.5)
    seen = np.minimum(near * 5, 1) * np.minimum((1 - near) * 12, 1) * (0.12 + near**2 * 1.6) * stars[:, 2]
    unit = (height / 360) ** 2 * max(look.thickness / 0.7, 0.2)  # the same light at any size
    weights = np.repeat(seen * 9.0 * unit / POINTS, POINTS).astype(np.float32)
    spread = placed(points.reshape(-1, 2).astype(np.float32), look, size)
    core = blurred(
        splat(spread, np.tile(weights, look.symmetry), size, device), max(look.thickness / 100 * height, 1.4)
    )
    core = core + _nebula(look.seed, size, device) * (NEBULA * look.glow)
    return lit(core, _hues(look, size, device), look)


@lru_cache(4)
def _stars(seed: int, count: int) -> NDArray[np.float32]:
    """x and y -1..1, brightness, and where on its way each begins: (count, 4)."""
    rng = np.random.default_rng([seed, 4711])
    stars = rng.uniform(-1, 1, (count, 4)).astype(np.float32)
    stars[:, 2] = 0.25 + 1.6 * ((stars[:, 2] + 1) / 2) ** 4
    stars[:, 3] = (stars[:, 3] + 1) / 2
    return stars


@lru_cache(4)
def _nebula(seed: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """Clouds 0..1 (height, width): value noise in octaves (Perlin 1985, section on turbulence)."""
    rng = np.random.default_rng([seed, 4712])
    total = torch.zeros(1, 1, *size)
    for octave in range(4):
        cells = (3 * 2**octave, 5 * 2**octave)
        plane = torch.from_numpy(rng.uniform(0, 1, (1, 1, *cells)).astype(np.float32))
        total = total + F.interpolate(plane, size, mode="bicubic", align_corners=True) / 2**octave
    clouds = ((total[0, 0] / 1.875 - 0.42) * 2.6).clamp(0, 1)
    return (clouds * clouds).to(device)


def _hues(look: Look, size: tuple[int, int], device: torch.device) -> Tensor:
    height, width = size
    across, down = grid(look, (max(2, height // COARSE), max(2, width // COARSE)), device)
    return torch.atan2(down, across).mul(2).sin().mul(0.3) + (across * 0.4).sin() * 0.2
