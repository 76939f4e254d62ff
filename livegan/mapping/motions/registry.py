"""MOTIONS: the registry of motion models, their base class, settings and construction arguments.

A model is one file in this folder (or an entry point `livegan.motions`)::

    class SpinSettings(MotionSettings):                     # its own keys of [motion] in a scene, if it has any
        spin_from: str = Field("level", description="feature that turns it")

    @MOTIONS("spin")
    class Spin(Motion):
        \"\"\"Rotation in the plane of the first two latent dimensions.\"\"\"

        parameters = (SPEED, Parameter("motion.radius", 0, 4, 2, "how far out it turns", reader="motion"))
        Settings = SpinSettings

        def __init__(self, setup: MotionSetup) -> None:
            self._z_dim, self._source, self._turns = setup.z_dim, setup.settings.features()["spin_from"], 0.0

        def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
            self._turns += values["motion.speed"] / 60 * dt_s
            ...
            return Latent(z=z)

Its parameters then are on knobs and routes, its keys are checked, and the contract suite asks its laws. A scene may sum
several models (`motion_sum.py`); then the parameters of the second are called motion.2.NAME in it. A model sees its own
names.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from livegan.core.parameters import Parameter, table
from livegan.core.registry import Registry
from livegan.core.toml import StrictModel
from livegan.core.types import FeatureFrame
from livegan.mapping.latent import Latent
from livegan.mapping.latent_feed import LatentFeed
from livegan.networks.info import NetworkInfo

SPEED = Parameter(
    "motion.speed", 0, 120, 12, "pace of the motion: new pictures, or turns, a minute", "1/min", reader="motion"
)
"""For every model that goes from picture to picture, so that one knob serves them all."""

BEATS = Parameter(
    "motion.beats",
    1,
    64,
    8,
    "length of a loop or of a film, or from one point of a walk to the next",
    "beats",
    reader="motion",
)
"""For every model that follows the beat."""

SMOOTH = Parameter("motion.smooth", 0, 4, 0.12, "time constant of what follows the spectrum", "s", reader="motion")
ALPHA = Parameter("motion.alpha", 0, 1, 0.25, "share of the spectrum in the latent: 1 is nothing else", reader="motion")
DEPTH = Parameter("motion.depth", 0, 18, 10, "rows of w that take the spectrum, from the coarsest on", reader="motion")
"""For models that follow the spectrum."""


NOT_LUCID = ("pulse_from", "drift_from")  # keys of every model that only lucid, and plug-ins, read


class MotionSettings(StrictModel):
    """Keys of the table [motion] of a scene. A model with more of them declares a subclass as its `Settings`.

    The keys here may stand in any scene, whether its model reads them or not, so that changing `model` breaks nothing.
    """

    not_read: ClassVar[tuple[str, ...]] = ()  # keys of this class that the model does not read

    path: tuple[str, ...] = Field(
        (), max_length=256, description="points to visit, motion.speed a minute: 'seeds:1,5-9', or files of z, w or w+"
    )
    pulse_from: str = Field("bass", description="feature that throws the picture for a moment")
    drift_from: str = Field("mid", description="feature that carries the picture away")
    chroma_of: str = Field("", description="group or part whose notes choose the classes: 'harmonic', 'keys'; '': all")

    def features(self) -> Mapping[str, str]:
        """Features that the model reads, by key: they are checked, and computed where they are of an input group.

        Here every key that ends in `_from`, and notes. Override it for a model that reads more.
        """
        named = {key: getattr(self, key) for key in type(self).model_fields if key.endswith("_from")}
        return {**named, "chroma_of": f"{self.chroma_of}:chroma.C"} if self.chroma_of else named


@dataclass(frozen=True, slots=True)
class MotionSetup:
    """Construction arguments of a motion model."""

    networks: Sequence[NetworkInfo]  # that it moves, at least one
    seed: int = 0  # of the scene: all randomness comes from it
    settings: MotionSettings = field(default_factory=MotionSettings)  # an instance of the model's `Settings`
    folder: Path = Path()  # of the scene file: paths in the settings are relative to it
    feed: LatentFeed | None = None  # what a camera sees; None: nothing

    @property
    def z_dim(self) -> int:
        """Length of z: of the longest of the networks, each of which takes the first numbers of it."""
        return max(network.z_dim for network in self.networks)

    @property
    def w_dim(self) -> int:
        """Length of a row of w in the first network; 0 if it has no w."""
        return self.networks[0].w_dim


class Motion(ABC):
    """Base class of motion models: moves the latent by features. Owned by one thread.

    Laws: many small steps end where one large one does; the same setup and steps give the same latents; what it
    returns is finite, of the shapes of `Latent`, and the caller's to change; time constants are in seconds.
    """

    parameters: ClassVar[tuple[Parameter, ...]] = ()  # called "motion.NAME", reader "motion"
    Settings: ClassVar[type[MotionSettings]] = MotionSettings
    example: ClassVar[Mapping[str, Any]] = {}  # settings for tests, of a model that needs some

    @abstractmethod
    def __init__(self, setup: MotionSetup) -> None:
        """LiveganError, beginning with the key at fault, if the settings do not go with the networks or files."""

    @abstractmethod
    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        """Advance by `dt_s` >= 0 seconds; `values` holds every parameter by name, in its range."""


def check_motion(name: str, motion: object) -> None:
    """TypeError or ValueError for what cannot be a member of MOTIONS."""
    if not (isinstance(motion, type) and issubclass(motion, Motion)):
        raise TypeError(f"the motion model '{name}' is not a subclass of livegan.mapping.motions.registry.Motion")
    if not (isinstance(motion.Settings, type) and issubclass(motion.Settings, MotionSettings)):
        raise TypeError(
            f"Settings of the motion model '{name}' is not a subclass of "
            "livegan.mapping.motions.registry.MotionSettings"
        )
    so_far = MOTIONS.registered().items()
    others = {other.name: (model, other) for model, earlier in so_far for other in earlier.parameters}
    for parameter in motion.parameters:
        if not parameter.name.startswith("motion.") or parameter.reader != "motion":
            raise ValueError(
                f"'{parameter.name}' of the motion model '{name}' must be motion.NAME with reader 'motion'"
            )
        model, other = others.get(parameter.name, (name, parameter))
        if other != parameter:
            raise ValueError(
                f"'{parameter.name}' of the motion model '{name}' is not as that of '{model}' "
                f"({other.low:g}..{other.high:g}, default {other.default:g}: {other.about}), and models share "
                "parameters by name; declare the same, or another name"
            )
    table(motion.parameters)


MOTIONS: Registry[type[Motion]] = Registry(
    "motion model", package="livegan.mapping.motions", entry_point_group="livegan.motions", check=check_motion
)
