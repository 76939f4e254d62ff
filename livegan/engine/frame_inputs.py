"""Inputs of a frame: everything that enters its plan, besides what the performer remembers of the frames before."""

from dataclasses import dataclass
from typing import Protocol

from livegan.core.target import Prompt
from livegan.core.types import ControlEvent, FeatureFrame, FramePlan
from livegan.engine.patching import Repatch
from livegan.engine.reload import Reload
from livegan.networks.info import NetworkInfo


class Readiness(Protocol):
    """Which networks can be drawn in the next frame: a scene waits for its own."""

    def has(self, info: NetworkInfo) -> bool:
        """Whether it can be drawn in the next frame."""
        ...

    def available(self, info: NetworkInfo) -> bool:
        """Whether it is ready, or may still become so."""
        ...


@dataclass(frozen=True, slots=True)
class FrameInputs:
    """Inputs of one frame. A performer that follows the same ones, frame after frame, makes the same plans."""

    index: int
    time_s: float  # when it is due
    dt_s: float
    delay_s: float  # from then to its light, lately
    features: FeatureFrame | None  # since the frame before; None: nothing was heard
    reloads: tuple[Reload, ...] = ()
    repatches: tuple[Repatch, ...] = ()
    events: tuple[ControlEvent, ...] = ()
    prompts: tuple[Prompt | None, ...] = ()


class FrameObserver(Protocol):
    """Who is told of every frame that is planned: the show log. On the engine's thread: it never waits."""

    def ready(self, ready: frozenset[str], failed: frozenset[str]) -> None:
        """Before a frame: the networks that are ready, and those that cannot be loaded."""
        ...

    def frame(self, inputs: FrameInputs, plan: FramePlan) -> None:
        """A frame was planned."""
        ...
