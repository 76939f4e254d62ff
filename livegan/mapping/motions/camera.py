"""The camera motion model: what a camera sees as w, followed smoothly, with the spectrum in its coarse rows.

An encoder projects the camera's newest picture into w several times a second (`networks.encoder`, on a thread of the
engine); here w follows it. Before the first picture, and without a camera, it walks through the points of `path`; when
the camera is gone, what it saw last stays.
"""

from collections.abc import Mapping
from math import exp

import numpy as np
from pydantic import Field

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.closed_path import ClosedPath
from livegan.mapping.follower import Follower
from livegan.mapping.latent import Latent
from livegan.mapping.motions.projection import blended
from livegan.mapping.motions.registry import ALPHA, DEPTH, MOTIONS, SPEED, Motion, MotionSetup
from livegan.mapping.motions.walk import points_of
from livegan.mapping.spectrum_vector import SPECTRUM, SpectrumSettings, SpectrumVector

APPEAR_S = 0.7  # time constant of going over from the walk to what the camera sees
APPEARED = 0.999  # from here on nothing of the walk is left


class CameraSettings(SpectrumSettings):
    """Keys of [motion] of what a camera sees. Which camera that is, the venue says, or --camera."""

    path: tuple[str, ...] = Field(
        ("seeds:1-8",), max_length=256, description="points of the walk before a camera has seen anything"
    )


@MOTIONS("camera")
class Camera(Motion):
    """What a camera sees, as w of the network; the spectrum blended into the coarse rows."""

    parameters = (
        SPEED,
        ALPHA,
        *SPECTRUM,
        DEPTH,
        Parameter("motion.follow", 0, 10, 0.25, "how slowly the picture follows the camera", "s", reader="motion"),
    )
    Settings = CameraSettings

    def __init__(self, setup: MotionSetup) -> None:
        settings = setup.settings
        assert isinstance(settings, CameraSettings)
        self._network, self._feed = setup.networks[0], setup.feed
        self._path = ClosedPath(points_of(setup))
        self._spectrum = SpectrumVector(setup.w_dim, settings) if setup.w_dim else None
        self._walked = 0.0  # points passed
        self._seen: _Following | None = None  # None before the first picture
        self._share = Follower(APPEAR_S, APPEAR_S)  # of what is seen; the rest is the walk

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """z and its mix of a walk, or w (rows, w_dim) of what is seen, or both while one goes over into the other."""
        self._walked = (self._walked + values["motion.speed"] / 60 * dt_s) % len(self._path)
        newest = self._feed.read(self._network) if self._feed is not None else None
        spectrum = self._spectrum.step(heard, values, dt_s) if self._spectrum is not None else None
        if newest is not None and spectrum is not None:
            self._seen = self._seen or _Following(newest)
            self._seen.target = newest
        if self._seen is None or self._spectrum is None:
            return self._walk()
        followed = self._seen.step(values["motion.follow"], dt_s)
        alpha = values["motion.alpha"] * self._spectrum.sound * min(values["react"], 1.0)
        w = blended(followed, np.asarray(spectrum, np.float32), alpha, values["motion.depth"], len(followed))
        share = self._share.step(1.0, dt_s)
        if share >= APPEARED:
            return Latent(w=w)
        return _between(self._walk(), w, share)

    def _walk(self) -> Latent:
        if self._path.kind == "w":
            return Latent(w=self._path.at(self._walked))
        return Latent(z=self._path.at(self._walked), mix=self._path.mix(self._walked))


class _Following:
    """Critically damped follower of w: two low-passes in a row, solved exactly, so that new pictures make no jerk."""

    def __init__(self, start: Vector) -> None:
        self.target = start
        self._first, self._second = np.array(start, np.float32), np.array(start, np.float32)

    def step(self, constant_s: float, dt_s: float) -> Vector:
        """Advance by `dt_s` towards `target`; `constant_s` is that of both together. Returns (rows, w_dim)."""
        if constant_s <= 0:
            self._first, self._second = np.array(self.target), np.array(self.target)
        else:
            passed = 2 * dt_s / constant_s  # each has half of it
            kept = exp(-passed)
            first, second = self._first - self.target, self._second - self.target
            self._second = np.asarray(self.target + (second + first * passed) * kept, np.float32)
            self._first = np.asarray(self.target + first * kept, np.float32)
        return self._second.copy()


def _between(walk: Latent, w: Vector, share: float) -> Latent:
    """From a walk (0) to w (1), straight in w."""
    if walk.w is not None:
        return Latent(w=np.asarray(walk.w + (w - walk.w) * np.float32(share), np.float32))
    return Latent(z=walk.z, w=w, mix=tuple((weight * (1 - share), z) for weight, z in walk.mix))
