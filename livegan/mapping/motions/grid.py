"""The grid motion model: a plane of seeds, blended bilinearly in w, as in the viewer of StyleGAN3."""

from collections.abc import Mapping
from math import cos, floor, radians, sin

import numpy as np

from livegan.core.latents import MAX_SEED, latent_of_seed
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Mix
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, NOT_LUCID, Motion, MotionSettings, MotionSetup

COLUMNS = 100  # seeds from one row to the next: seed = x + 100 y


class GridSettings(MotionSettings):
    """Keys of the grid motion model: none of its own."""

    not_read = NOT_LUCID


@MOTIONS("grid")
class Grid(Motion):
    """Point on a plane of seeds (seed = x + 100 y): the four round it are mapped to w and blended bilinearly."""

    parameters = (
        Parameter("motion.x", 0, 99, 0, "column of a grid of seeds: seed = x + 100 y", "seeds", reader="motion"),
        Parameter("motion.y", 0, 99, 0, "row of a grid of seeds", "seeds", reader="motion"),
        Parameter("motion.travel", -5, 5, 0.25, "pace across a grid of seeds", "seeds/s", reader="motion"),
        Parameter("motion.heading", -180, 180, 0, "its direction: 0 along x, 90 along y", "degrees", reader="motion"),
    )
    Settings = GridSettings

    def __init__(self, setup: MotionSetup) -> None:
        self._z_dim = setup.z_dim
        self._travelled = (0.0, 0.0)  # along x and y [seeds]
        self._seen: dict[int, np.ndarray] = {}  # z of the seeds of the last step

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """A mix of at most four z; z (z_dim,) is their weighted sum."""
        way, heading = values["motion.travel"] * dt_s, radians(values["motion.heading"])
        self._travelled = (self._travelled[0] + way * cos(heading), self._travelled[1] + way * sin(heading))
        x, y = values["motion.x"] + self._travelled[0], values["motion.y"] + self._travelled[1]
        mix = self._around(x, y)
        return Latent(z=np.asarray(sum(np.float32(weight) * z for weight, z in mix), np.float32), mix=mix)

    def _around(self, x: float, y: float) -> Mix:
        """The z of the corners round a point, and their bilinear weights; those of weight 0 are left out."""
        left, below = floor(x), floor(y)
        corners = [
            ((left + dx + (below + dy) * COLUMNS) & MAX_SEED, (1 - abs(x - left - dx)) * (1 - abs(y - below - dy)))
            for dy in (0, 1)
            for dx in (0, 1)
        ]
        near = [(seed, weight) for seed, weight in corners if weight > 0]
        self._seen = {seed: self._z(seed) for seed, _ in near}
        return tuple((weight, self._seen[seed].copy()) for seed, weight in near)

    def _z(self, seed: int) -> np.ndarray:
        known = self._seen.get(seed)
        return latent_of_seed(seed, self._z_dim) if known is None else known
