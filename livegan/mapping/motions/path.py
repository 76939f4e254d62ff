"""The path motion model: a walk through given latents, seeds or files of z, w or w+, round and round."""

from collections.abc import Mapping, Sequence

import numpy as np

from livegan.core.blend import slerp
from livegan.core.types import FeatureFrame, Vector
from livegan.errors import LiveganError
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, SPEED, Motion, MotionSetup
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.files import Kind, Points, read_path


@MOTIONS("path")
class PathMotion(Motion):
    """Closed path through the points that `motion.path` names, at `motion.speed` points a minute."""

    parameters = (SPEED,)
    example = {"path": ["seeds:1-5"]}  # noqa: RUF012 - a ClassVar by inheritance

    def __init__(self, setup: MotionSetup) -> None:
        if not setup.settings.path:
            raise LiveganError(
                'motion.path: the list is empty; name points to visit, for example: path = ["seeds:1-8"]'
            )
        try:
            points = read_path(setup.settings.path, setup.z_dim, setup.w_dim, setup.folder)
            _check(points, setup.networks)
        except LiveganError as error:
            raise LiveganError(f"motion.path: {error}") from error
        self._path = ClosedPath(points)

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        point = self._path.step(dt_s, values["motion.speed"])
        return Latent(w=point) if self._path.kind == "w" else Latent(z=point)


def _check(points: Points, networks: Sequence[NetworkInfo]) -> None:
    """LiveganError unless every network has w like these points."""
    first = networks[0]
    unlike = [info for info in networks if info.w_dim != first.w_dim] if points.kind == "w" else []
    if unlike:
        raise LiveganError(
            f"w of {first.name} has {first.w_dim} numbers, that of {unlike[0].name} {unlike[0].w_dim}; "
            "a path of w needs networks alike: walk seeds instead"
        )
    rows = points.array.shape[1] if points.kind == "w" and points.array.ndim == 3 else 1
    odd = [info for info in networks if rows > 1 and info.num_ws not in (0, rows)]
    if odd:
        raise LiveganError(
            f"the path has w of {rows} rows, {odd[0].name} has {odd[0].num_ws}; "
            "play latents that were made with a network like it"
        )


class ClosedPath:
    """Interpolation along a closed path of latents.

    z goes along great circles. w goes along a Catmull-Rom spline through every point (Catmull, Rom 1974, "A class of
    local interpolating splines").
    """

    def __init__(self, points: Points) -> None:
        """It starts at the first point; the last one leads back to it."""
        array = points.array
        alike = array.ndim == 3 and bool((array == array[:, :1]).all())
        self._array = np.ascontiguousarray(array[:, :1] if alike else array)  # w+ of equal rows is one row
        self._walked = 0.0  # points passed, from 0 to their number
        self.kind: Kind = points.kind

    def step(self, dt_s: float, speed: float) -> Vector:
        """Advance by `dt_s` seconds at `speed` points a minute (backwards below 0): z (z_dim,) or w (rows, w_dim)."""
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
