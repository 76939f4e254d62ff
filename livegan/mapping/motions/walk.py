"""The walk motion model: a closed path through seeds, bookmarks or files of latents, by time, beats or onsets."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.errors import LiveganError
from livegan.mapping.beat_position import BeatPosition
from livegan.mapping.closed_path import ClosedPath
from livegan.mapping.follower import Follower
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import BEATS, MOTIONS, NOT_LUCID, SPEED, Motion, MotionSettings, MotionSetup
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.files import Points, read_path

HIT, RESET = 0.35, 0.2  # an onset counts above the first, and the next one once it was below the second


class WalkSettings(MotionSettings):
    """Keys of [motion] of a walk."""

    not_read = NOT_LUCID

    advance: Literal["time", "beat", "onset"] = Field(
        "time",
        description="'time': motion.speed points a minute; 'beat': one in motion.beats beats; 'onset': one each hit",
    )
    onset_from: str = Field("onset", description="feature whose hits advance a walk by onsets")
    space: Literal["w", "z"] = Field(
        "w", description="where points of z are blended: 'w': cubic, after mapping; 'z': on great circles"
    )


@MOTIONS("walk")
class Walk(Motion):
    """Closed path through the points that `motion.path` names: cubic in w, or on great circles of z."""

    parameters = (
        SPEED,
        BEATS,
        Parameter("motion.ease", 0, 1, 0, "0: constant pace; 1: on the beat at once, then it waits", reader="motion"),
        Parameter("motion.glide", 0, 4, 0.2, "time constant of the way that an onset starts", "s", reader="motion"),
    )
    Settings = WalkSettings
    example = {"path": ["seeds:1-5"]}  # noqa: RUF012 - a ClassVar by inheritance

    def __init__(self, setup: MotionSetup) -> None:
        settings = setup.settings
        assert isinstance(settings, WalkSettings)
        self._path = ClosedPath(points_of(setup))
        self._advance, self._onset_from = settings.advance, settings.onset_from
        self._in_w = settings.space == "w"
        self._beats = BeatPosition()
        self._walked = 0.0  # points passed, from 0 to their number; of a walk by onsets those it was sent to
        self._behind = Follower()  # points between it and those
        self._armed = True

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """w (rows, w_dim); or z (z_dim,), and its mix in w."""
        place = self._place(heard, values, dt_s)
        if self._path.kind == "w":
            return Latent(w=self._path.at(place))
        return Latent(z=self._path.at(place), mix=self._path.mix(place) if self._in_w else ())

    def _place(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> float:
        """How many points from the first it is."""
        count = len(self._path)
        if self._advance == "time":
            self._walked = (self._walked + values["motion.speed"] / 60 * dt_s) % count
            return self._walked
        if self._advance == "beat":
            self._walked = (self._walked + self._beats.step(heard, dt_s) / values["motion.beats"]) % count
            whole = int(self._walked)
            left = 1 - (self._walked - whole)
            return float(whole + 1 - left ** (1 + 7 * values["motion.ease"]))
        strength = values["react"] * heard[self._onset_from]
        if self._armed and strength >= HIT:
            self._armed, self._walked = False, (self._walked + 1) % count
            self._behind.value += 1
        self._armed = self._armed or strength < RESET
        self._behind.release_s = values["motion.glide"]
        return self._walked - self._behind.step(0.0, dt_s)


MOTIONS("path")(Walk)  # its older name


def points_of(setup: MotionSetup) -> Points:
    """The latents that `motion.path` names; LiveganError if they cannot be read or do not fit the networks."""
    if not setup.settings.path:
        raise LiveganError('motion.path: the list is empty; name points to visit, for example: path = ["seeds:1-8"]')
    try:
        points = read_path(setup.settings.path, setup.z_dim, setup.w_dim, setup.folder)
        _check(points, setup.networks)
    except LiveganError as error:
        raise LiveganError(f"motion.path: {error}") from error
    return points


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
