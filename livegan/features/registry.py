"""The table of features, and what each of them says about itself."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from livegan.core.registry import Registry
from livegan.core.types import Vector
from livegan.features.hop import Hop


@dataclass(frozen=True, slots=True)
class Setup:
    """What every feature is built from: how the sound is cut, fixed for the life of a stage."""

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
    """One listener: reads the shared `Hop`, writes its numbers. What it hears, it hears causally."""

    unit: ClassVar[str] = "0..1"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    peak: ClassVar[bool] = False  # True: between two pictures the largest hop counts; False: the newest
    delay_s: ClassVar[float] = 0.0  # from the sound to half of its effect on the number, at 48 kHz [s]
    source: ClassVar[str] = ""  # who said so
    needs_tones: ClassVar[bool] = False  # True: reads `Hop.tones`
    needs_beat: ClassVar[bool] = False  # True: reads `Hop.beat`

    def __init__(self, setup: Setup) -> None:
        """Fix `names` for good; make every buffer now."""
        self.names: tuple[str, ...] = ()

    @abstractmethod
    def hear(self, hop: Hop, out: Vector) -> None:
        """Write ``len(names)`` finite numbers between `low` and `high` into `out`."""


FEATURES: Registry[type[Feature]] = Registry("feature")
