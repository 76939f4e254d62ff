"""Text follower: from one text vector to the next over so many bars, along the unit sphere.

Between two text vectors it is normalised linear interpolation, eased at both ends. Where there are no words the class
vector is the scene's own, and the words come and go by a share of it.
"""

import numpy as np

from livegan.core.types import FeatureFrame, Vector
from livegan.mapping.beat_position import BeatPosition

BEATS_PER_BAR = 4


class TextFollower:
    """Drift to the newest text vector; many small steps equal one large step."""

    def __init__(self, width: int) -> None:
        self._beats = BeatPosition()
        self._start = self._end = np.zeros(width, np.float32)
        self._presence = 0.0, 0.0  # at the start, at the end
        self._way, self._bars = 1.0, 1.0  # how much of the way is gone, 0..1; its length
        self._aimed: Vector | None = None

    def aim(self, vector: Vector | None, bars: float) -> None:
        """Drift to `vector` (width,), of length 1, from now on; None: back to no words. The same one is no news."""
        if vector is self._aimed:
            return
        now, presence = self._place(), self._share()
        self._aimed = vector
        self._end = now if vector is None else vector
        self._start = self._end if presence <= 0 else now
        self._presence = presence, float(vector is not None)
        self._way, self._bars = 0.0 if bars > 0 else 1.0, bars

    def step(self, heard: FeatureFrame, dt_s: float) -> tuple[Vector, float]:
        """Advance by `dt_s`; the text vector now, of length 1, and how far it counts, 0..1."""
        bars = max(self._beats.step(heard, dt_s), 0.0) / BEATS_PER_BAR
        if self._way < 1:
            self._way = min(self._way + bars / self._bars, 1.0)
        return self._place(), self._share()

    def _eased(self) -> float:
        return self._way * self._way * (3 - 2 * self._way)

    def _place(self) -> Vector:
        if self._way >= 1:
            return self._end
        mixed = self._start + (self._end - self._start) * np.float32(self._eased())
        length = float(np.linalg.norm(mixed))
        return np.asarray(mixed / length, np.float32) if length > 1e-6 else self._end

    def _share(self) -> float:
        start, end = self._presence
        return start + (end - start) * self._eased()


def worded(own: Vector, text: Vector, share: float) -> Vector:
    """A network's own class vector (c_dim,) drawn towards a text vector, by a share of 0..1; of length 1."""
    if share <= 0:
        return own
    length = float(np.linalg.norm(own))
    mixed = (own / max(length, 1e-12)) * np.float32(1 - share) + text * np.float32(share)
    return np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-12), np.float32)
