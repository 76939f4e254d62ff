"""Feature registry and the base class of features."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from livegan.core.registry import Registry
from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.slow_work import SlowWork


@dataclass(frozen=True, slots=True)
class Setup:
    """Analysis settings that every feature is built from, fixed for the life of a stage."""

    sample_rate: int  # [Hz]
    window: int  # samples under the window
    hop: int  # samples from one analysis step to the next
    bands: int  # how many log-mel bands
    gate_db: float  # louder than this opens the silence gate [dBFS]

    @property
    def hop_s(self) -> float:
        """Time from one hop to the next [s]."""
        return self.hop / self.sample_rate


class Feature(ABC):
    """Base class of audio features: each hop, `compute` turns the shared `Hop` into numbers. Causal.

    Register it with ``@FEATURES("name")``. `__init__` fixes `names`, the numbers it computes, and allocates every
    buffer. `compute` is called once per hop, in order, on the listening thread; it may keep state and must not modify
    the hop.
    """

    unit: ClassVar[str] = "0..1"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    peak: ClassVar[bool] = False  # True: between two pictures the largest hop counts; False: the newest
    delay_s: ClassVar[float] = 0.0  # from the sound to half of its effect on the number, at 48 kHz [s]
    source: ClassVar[str] = ""  # paper or standard
    on_request: ClassVar[bool] = False  # True: costly, and computed only where a scene names one of its numbers
    needs_chroma: ClassVar[bool] = False  # True: reads `Hop.chroma`
    needs_beat: ClassVar[bool] = False  # True: reads `Hop.beat`
    needs_notes: ClassVar[bool] = False  # True: reads `Hop.notes`; where none are known it is 0, and not computed

    slow: SlowWork[Any, Any] | None = None  # what it has done on another thread

    def __init__(self, setup: Setup) -> None:
        self.names: tuple[str, ...] = ()

    @abstractmethod
    def compute(self, hop: Hop, out: Vector) -> None:
        """Write the values of this hop into `out` (len(names),): finite, between `low` and `high`."""


def check_feature(name: str, feature: object) -> None:
    """TypeError for what cannot be a member of FEATURES."""
    if not (isinstance(feature, type) and issubclass(feature, Feature)):
        raise TypeError(f"the feature '{name}' is not a subclass of livegan.features.Feature")
    if not feature.__module__.startswith("livegan."):  # a plugin that cannot be made is left out here, not in the show
        made = feature(Setup(48000, 2048, 256, 40, -54.0))
        if not made.names or not all(isinstance(written, str) for written in made.names):
            raise TypeError(f"the feature '{name}' does not say in `names` which numbers it writes")


FEATURES: Registry[type[Feature]] = Registry(
    "feature", package="livegan.features", entry_point_group="livegan.features", check=check_feature
)
