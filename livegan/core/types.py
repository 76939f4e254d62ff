"""The frozen values that cross rooms: FeatureFrame, ControlEvent, FramePlan, Frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.blend import blend_numbers, lerp, slerp

Samples = NDArray[np.float32]  # (n, channels), full scale is -1..1
Vector = NDArray[np.float32]  # (n,)
Pixels = NDArray[np.uint8]  # (height, width, 3) sRGB


@dataclass(frozen=True, slots=True)
class Layout:
    """Which number of a hop is where: the order of feature names, fixed for the life of a stage."""

    names: tuple[str, ...]
    peaks: tuple[bool, ...]  # True: between two frames the largest counts; False: the newest
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the name -> column table once."""
        object.__setattr__(self, "index", {name: i for i, name in enumerate(self.names)})


@dataclass(frozen=True, slots=True)
class FeatureFrame:
    """What was heard up to `time_s`: one number per feature name, each in its stated unit.

    `time_s` is the moment the newest sound in it reached the microphone [s on the show's clock].
    """

    time_s: float
    layout: Layout
    values: Vector  # (len(layout.names),), finite

    def __getitem__(self, name: str) -> float:
        """One feature by its dotted name, e.g. ``heard["onset"]``; KeyError if the stage has none so called."""
        return float(self.values[self.layout.index[name]])


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """A hand moved something: a knob (value 0..1), a key or a pad (value 1.0 = pressed, 0.0 = let go)."""

    time_s: float
    name: str  # "knob.1", "pad.3", "cc.74", "note.36", "scene.2", "scene.next", "quit" ...
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Everything needed to draw one frame and nothing else; can be logged, replayed, compared, blended."""

    index: int
    time_s: float
    dt_s: float
    z: Vector  # (z_dim,) latent, any scale: the mapping network normalises it
    classes: Vector  # (c_dim,) class vector, (0,) where the network has none
    network: str = ""
    position: float = 0.0  # place along the bank of networks
    truncation: float = 1.0  # psi
    noise: float = 0.0  # gain of the noise inputs, 0..1
    effects: Mapping[str, float] = field(default_factory=dict)  # effect name -> amount, 0 = not applied
    heard_s: float = 0.0  # when the newest sound in this plan reached the microphone; 0: none

    def blend(self, other: "FramePlan", amount: float) -> "FramePlan":
        """0 is self, 1 is other. Latents turn along the sphere; of unlike networks the nearer one is kept."""
        near = self if amount < 0.5 else other
        if self.network != other.network or self.z.shape != other.z.shape:
            return replace(near, effects=blend_numbers(self.effects, other.effects, amount))
        return replace(
            other,
            z=slerp(self.z, other.z, amount),
            classes=lerp(self.classes, other.classes, amount),
            position=lerp(self.position, other.position, amount),
            truncation=lerp(self.truncation, other.truncation, amount),
            noise=lerp(self.noise, other.noise, amount),
            effects=blend_numbers(self.effects, other.effects, amount),
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture, its plan, and the times from which latency is measured [s on the show's clock]."""

    pixels: Pixels | Any  # uint8 (h, w, 3); a device buffer once zero-copy exists
    plan: FramePlan
    planned_s: float
    rendered_s: float
