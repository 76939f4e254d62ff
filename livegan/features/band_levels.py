"""Band levels: the whole, three broad bands and the mel bands, in dB and normalised to rolling ranges."""

from math import log10

import numpy as np

from livegan.core.types import Vector
from livegan.features.mel import slices, triangles
from livegan.features.range import Range
from livegan.features.registry import Setup

EDGES_HZ = {"bass": (20.0, 150.0), "mid": (150.0, 2000.0), "treble": (2000.0, 16000.0)}
BROAD = len(EDGES_HZ)
LEAK = 0.008  # of a neighbour's power that the window lets into a broad band at most (-21 dB): subtracted
DEPTH_DB = (20.0, 18.0, 26.0)  # a band this far below the whole sound has no ceiling of its own any more
MEL_DEPTH_DB = 45.0
SILENT, TEN = np.float32(1e-12), np.float32(10.0)


class BandLevels:
    """Levels of all bands with one vectorised rolling range."""

    def __init__(self, setup: Setup) -> None:
        """Before the first sound every ceiling is at the gate, those of mel bands 10 dB below."""
        broad = slices(list(EDGES_HZ.values()), setup.window, setup.sample_rate)
        leak = LEAK * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
        mels = triangles(setup.bands, setup.window, setup.sample_rate)
        self._weights = np.concatenate((broad - leak @ broad, mels)).astype(np.float32)
        count = 1 + len(self._weights)
        start_db = np.full(count, setup.gate_db - 10.0, np.float32)
        start_db[: 1 + BROAD] = setup.gate_db
        self._range = Range(count, setup.hop_s, start_db)
        self._depth_db = np.array([0.0, *DEPTH_DB, *(MEL_DEPTH_DB,) * setup.bands], np.float32)
        self._energy: Vector = np.zeros(count - 1, np.float32)
        self._db: Vector = np.zeros(count, np.float32)
        self._bands_db = self._db[1:]
        self._least_db: Vector = np.zeros(count, np.float32)
        self.normalised = self._range.place  # whole, broad and mel bands: 0..1 in their ranges; lent
        self.bands = self._energy[BROAD:]  # mean squares; lent
        self.db = -120.0  # of the whole [dBFS]

    def measure(self, power: Vector) -> float:
        """The whole in dBFS, -120 at the least, of mean squares per bin (bins,)."""
        self.db = 10.0 * log10(max(float(np.add.reduce(power)), 1e-12))
        return self.db

    def step(self, power: Vector, open_db: float, recently_open: bool) -> float:
        """Normalise everything just measured; returns the ceiling of the whole [dBFS], at least `open_db`."""
        np.dot(self._weights, power, out=self._energy)
        np.maximum(self._energy, SILENT, out=self._bands_db)
        np.log10(self._bands_db, out=self._bands_db)
        self._bands_db *= TEN
        self._db[0] = self.db
        loud_db = max(float(self._range.ceiling_db[0]), open_db)
        np.subtract(np.float32(loud_db), self._depth_db, out=self._least_db)
        self._least_db[0] = open_db
        self._range.step(self._db, self._least_db, recently_open)
        return max(float(self._range.ceiling_db[0]), open_db)
