"""Rolling normalisation of levels: quiet and loud sets both reach 0..1. No whole-song statistics."""

from math import exp

import numpy as np

from livegan.core.types import Vector


class Range:
    """Rolling range: follows the ceiling and the floor of some levels [dB] and says where between them each one is.

    The ceiling rises in `RISE_S` and sinks in `SINK_S`; the floor falls and creeps up likewise (all time constants
    [s]). They stay `NARROW_DB` to `WIDE_DB` apart, so a steady sound is not blown up into noise. In the manner of
    Stowell & Plumbley 2007 (adaptive whitening), in dB and with a floor.
    """

    RISE_S, SINK_S = 0.03, 3.0
    FALL_S, CREEP_S = 0.3, 4.0
    NARROW_DB, WIDE_DB = 18.0, 40.0

    def __init__(self, count: int, hop_s: float, start_db: float | Vector) -> None:
        """`count` levels; before anything is heard the ceiling is at `start_db`, so the first sound reaches high."""
        self.ceiling_db: Vector = np.zeros(count, np.float32) + np.asarray(start_db, np.float32)
        self.floor_db: Vector = self.ceiling_db - np.float32(self.NARROW_DB)
        self._narrow_db, self._wide_db = np.float32(self.NARROW_DB), np.float32(self.WIDE_DB)
        self._rise, self._sink, self._fall, self._creep = (
            np.float32(1.0 - exp(-hop_s / time_s)) for time_s in (self.RISE_S, self.SINK_S, self.FALL_S, self.CREEP_S)
        )

    def step(self, level_db: Vector, least_db: Vector | float, listening: bool = True) -> Vector:
        """Each level's place in its range, 0..1.

        `least_db`: no ceiling counts as lower than this. Unless `listening`, the range stays as it is: silence teaches
        nothing.
        """
        if listening:
            over = level_db - self.ceiling_db
            self.ceiling_db += np.maximum(over * self._rise, over * self._sink)  # whichever is higher: it rises faster
            under = level_db - self.floor_db
            self.floor_db += np.minimum(under * self._fall, under * self._creep)
            np.maximum(self.floor_db, self.ceiling_db - self._wide_db, out=self.floor_db)
        top = np.maximum(self.ceiling_db, least_db, dtype=np.float32)
        width = np.minimum(np.maximum(top - self.floor_db, self._narrow_db), self._wide_db)
        place = (level_db - top) / width
        place += np.float32(1.0)
        return np.asarray(np.minimum(np.maximum(place, np.float32(0.0)), np.float32(1.0)))
