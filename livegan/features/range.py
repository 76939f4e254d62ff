"""Rolling normalisation of levels: quiet and loud sets both reach 0..1. No whole-song statistics."""

from math import exp

import numpy as np

from livegan.core.types import Vector

ZERO, ONE = np.float32(0.0), np.float32(1.0)


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
        self.place: Vector = np.zeros(count, np.float32)  # as `step` returned it
        self._fast: Vector = np.zeros(count, np.float32)
        self._slow: Vector = np.zeros(count, np.float32)

    def step(self, level_db: Vector, least_db: Vector | float, listening: bool = True) -> Vector:
        """Each level's place in its range, 0..1; lent until the next step.

        `least_db`: no ceiling counts as lower than this. Unless `listening`, the range stays as it is: silence teaches
        nothing.
        """
        ceiling, floor, fast, slow, place = self.ceiling_db, self.floor_db, self._fast, self._slow, self.place
        if listening:
            np.subtract(level_db, ceiling, out=slow)
            np.multiply(slow, self._rise, out=fast)
            slow *= self._sink
            ceiling += np.maximum(fast, slow, out=slow)  # whichever is higher: it rises faster
            np.subtract(level_db, floor, out=slow)
            np.multiply(slow, self._fall, out=fast)
            slow *= self._creep
            floor += np.minimum(fast, slow, out=slow)
            np.subtract(ceiling, self._wide_db, out=slow)
            np.maximum(floor, slow, out=floor)
        top = np.maximum(ceiling, least_db, out=fast)
        width = np.subtract(top, floor, out=slow)
        np.maximum(width, self._narrow_db, out=width)
        np.minimum(width, self._wide_db, out=width)
        np.subtract(level_db, top, out=place)
        place /= width
        place += ONE
        np.maximum(place, ZERO, out=place)
        return np.minimum(place, ONE, out=place)
