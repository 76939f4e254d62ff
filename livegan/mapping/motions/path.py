"""A walk through given latents, round and round: the motion called "path"."""

import numpy as np

from livegan.core.blend import slerp
from livegan.networks.latents.files import Array, Kind, Points


class PathMotion:
    """Where on a closed path through points the latent is.

    z goes along great circles. w goes along a curve through every point, smooth at each, that looks at the two points
    before and the two after (Catmull, Rom 1974, "A class of local interpolating splines").
    """

    def __init__(self, points: Points) -> None:
        """It starts at the first point; the last one leads back to it."""
        array = points.array
        alike = array.ndim == 3 and bool((array == array[:, :1]).all())
        self._array = np.ascontiguousarray(array[:, :1] if alike else array)  # w+ of like rows is one row
        self._walked = 0.0  # points passed, from 0 to their number
        self.kind: Kind = points.kind

    def step(self, dt_s: float, speed: float) -> Array:
        """Go on for `dt_s` seconds at `speed` points a minute (backwards below 0): z (z_dim,) or w (rows, w_dim)."""
        count = len(self._array)
        self._walked = (self._walked + speed / 60 * dt_s) % count
        first = int(self._walked)
        before, start, end, after = (self._array[(first + i) % count] for i in (-1, 0, 1, 2))
        t = self._walked - first
        if count == 1 or t == 0:
            return np.array(start, np.float32)
        if self.kind == "z":
            return slerp(start, end, t)
        leaving, arriving = (end - before) / 2, (after - start) / 2
        bent = (2 * start - 2 * end + leaving + arriving) * t**3 + (3 * end - 3 * start - 2 * leaving - arriving) * t**2
        return np.asarray(start + leaving * t + bent, np.float32)
