"""What one hop sounds like: computed once, read by every feature."""

from dataclasses import dataclass

from livegan.core.types import Vector
from livegan.features.spectrum import Bins


@dataclass(slots=True)
class Hop:
    """One analysis step. The arrays are lent until the next one."""

    bins: Bins  # (window // 2 + 1,) spectrum of the window that ends with this hop
    previous: Bins  # the same, one hop ago
    power: Vector  # (window // 2 + 1,) mean square per bin, without DC; sums to the mean square of the sound
    bands: Vector  # (bands,) mean square per mel band
    level_db: float  # loudness of the window [dBFS], -120 or more
    level: float  # its place in the rolling range, 0..1
    loud_db: float  # ceiling of that range [dBFS]: how loud the set has been lately
    gate: float  # 0 silence .. 1 somebody plays
    open: bool  # somebody plays, right now
    lately: bool  # ... or has within the last 1.5 s: then ranges keep learning
