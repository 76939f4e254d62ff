"""Multi-pitch estimation of the newest sound as notes of a score, for drawings of music whose score is not known.

Pitches are found one after another in a spectrum on a logarithmic axis, and the harmonics of each are taken away before
the next is looked for (Klapuri 2006, "Multiple fundamental frequency estimation by summing harmonic amplitudes",
section 2.3). It is no transcription: of a dense mix it shows the tones that stand out.
"""

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from math import exp

import numpy as np
from numpy.typing import NDArray

from livegan.core.score import COLUMNS, NOTES_AT_MOST, Score
from livegan.core.sound import SoundWindow
from livegan.core.types import Vector

LOWEST, HIGHEST = 33, 96  # MIDI pitches that are looked for: A1 to C7
FINE = 3  # places of the spectrum for each semitone
HARMONICS = 6
VOICES_AT_MOST = 6  # notes at a time
STANDS_OUT = 2.6  # of a peak to the median around it
TILT_DB = 3.5  # an octave
QUIET = 0.11  # of the loudest of late: what is quieter is no note
HOLD = 0.55  # of what opens a note: down to that it goes on
AGAIN = 1.7  # rise of a level within ATTACK_S that is another attack
ATTACK_S, RELEASE_S = 0.05, 0.09
SHORTEST_S = 0.05  # of a note that is remembered
PEAK_S = 5.0  # how slowly the loudest of late is forgotten
FLOOR = 0.002  # the loudest of late is at least this; 1 is a full-scale sine
KEPT_S = 8.0  # of notes that have ended
REGISTERS = (72, 62, 50)  # lowest pitches of the first three voices


@dataclass(slots=True)
class _Sounding:
    """A note that sounds."""

    age_s: float
    loudest: float
    level: float  # a little late, for attacks
    missing_s: float = 0.0


class HeardScore:
    """Tracker of notes in the sound. Causal; the same windows and steps give the same scores."""

    def __init__(self) -> None:
        """Begins in silence."""
        self._peak = FLOOR
        self._sounding: dict[int, _Sounding] = {}
        self._ended: deque[list[float]] = deque(maxlen=NOTES_AT_MOST)  # start, length, pitch, voice, velocity

    def step(self, window: SoundWindow | None, dt_s: float) -> Score:
        """The notes of late, `dt_s` after the step before; those that sound now end a moment from now."""
        for note in self._ended:
            note[0] -= dt_s
        while self._ended and self._ended[0][0] < -KEPT_S:
            self._ended.popleft()
        for held in self._sounding.values():
            held.age_s += dt_s
        found = pitches(window) if window is not None and len(window.samples) else {}
        self._peak = max(self._peak * exp(-dt_s / PEAK_S), max(found.values(), default=0.0), FLOOR)
        for pitch in list(self._sounding):
            self._follow(pitch, found.pop(pitch, 0.0), dt_s)
        for pitch, level in found.items():
            if level > QUIET * self._peak and len(self._sounding) < VOICES_AT_MOST:
                self._sounding[pitch] = _Sounding(0.0, level, level)
        rows = [[-held.age_s, held.age_s + 0.05, *self._look(pitch, held)] for pitch, held in self._sounding.items()]
        notes = np.array(sorted([*self._ended, *rows]), np.float32).reshape(-1, COLUMNS)
        return Score(notes[-NOTES_AT_MOST:], ahead_s=0.0)

    def _follow(self, pitch: int, level: float, dt_s: float) -> None:
        """Go on with a note, end it, or strike it again."""
        held = self._sounding[pitch]
        held.missing_s = 0.0 if level > HOLD * QUIET * self._peak else held.missing_s + dt_s
        if held.missing_s > RELEASE_S:
            self._end(pitch, held.missing_s)
            return
        if level > AGAIN * held.level and held.age_s > 2 * ATTACK_S and level > QUIET * self._peak:
            self._end(pitch, 0.0)
            self._sounding[pitch] = _Sounding(0.0, level, level)
            return
        held.level = level + (held.level - level) * exp(-dt_s / ATTACK_S)
        if held.age_s < 2 * ATTACK_S:
            held.loudest = max(held.loudest, level)

    def _end(self, pitch: int, before_s: float) -> None:
        held = self._sounding.pop(pitch)
        if held.age_s - before_s >= SHORTEST_S:
            self._ended.append([-held.age_s, held.age_s - before_s, *self._look(pitch, held)])

    def _look(self, pitch: int, held: _Sounding) -> tuple[float, float, float]:
        """Pitch, voice by its register, and velocity."""
        voice = sum(pitch < lowest for lowest in REGISTERS)
        return float(pitch), float(voice), min((held.loudest / self._peak) ** 0.5, 1.0)


def pitches(window: SoundWindow) -> dict[int, float]:
    """MIDI pitches that stand out in a sound, the strongest first, and their levels; a full-scale C4 is 1."""
    samples = window.samples
    taper, size = _taper(len(samples)), 1 << max(len(samples) - 1, 1).bit_length()
    magnitudes = np.abs(np.fft.rfft(samples * taper, size)).astype(np.float32) * np.float32(2 / taper.sum())
    places, starts = _places(size, window.sample_rate)
    level = np.maximum.reduceat(magnitudes, starts)[: len(places)]
    level = np.where(places[1:] - places[:-1] > 1, level[:-1], np.interp(_middles(places), _bins(size), magnitudes))
    return _picked((level * _tilt(len(level))).astype(np.float32))


def _picked(level: Vector) -> dict[int, float]:
    """Pitches in a spectrum on the axis of `_places`, one after another."""
    level = level.copy()
    count = (HIGHEST - LOWEST) * FINE + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(level, 9, mode="edge"), 19)
    clear = level > STANDS_OUT * np.median(around, axis=1)
    clear[1:-1] &= (level[1:-1] >= level[:-2]) & (level[1:-1] >= level[2:])
    found: dict[int, float] = {}
    for _ in range(VOICES_AT_MOST):
        candidates = np.flatnonzero(clear[:count])
        if not len(candidates):
            break
        salience = level[candidates[:, None] + _OFFSETS[None]] @ _WEIGHTS
        best = int(candidates[int(np.argmax(salience * np.sqrt(level[candidates])))])
        strength = float(level[best])
        if strength <= 1e-5 or (found and strength < 0.1 * max(found.values())):
            break
        pitch = LOWEST + round(best / FINE)
        found[pitch] = max(found.get(pitch, 0.0), strength)
        for offset, weight in zip(_OFFSETS, _LEFT, strict=True):  # what this note explains is taken away
            part = slice(max(best + offset - 2, 0), best + offset + 3)
            level[part] = np.maximum(level[part] - strength * weight, 0.05 * level[part])
        clear[max(best - 3, 0) : best + 4] = False
        clear &= level > 0.1 * strength
    return found


_OFFSETS: NDArray[np.intp] = np.round(12 * FINE * np.log2(np.arange(1, HARMONICS + 1))).astype(np.intp)
_WEIGHTS: Vector = (0.8 ** np.arange(HARMONICS)).astype(np.float32)
_LEFT = [1.0, *(0.9 / n**0.2 for n in range(2, HARMONICS + 1))]  # the most that harmonics are of a note's own level


@lru_cache(4)
def _taper(count: int) -> Vector:
    """Window whose weight lies late, so that notes are seen soon."""
    way = (np.arange(count, dtype=np.float64) + 0.5) / count
    return np.asarray(way**2 * (1 - way) * 6.75, np.float32)


@lru_cache(4)
def _places(size: int, rate: int) -> tuple[Vector, NDArray[np.intp]]:
    """Edges of the places of the logarithmic axis, in bins of the spectrum, and the first bin of each."""
    count = (HIGHEST - LOWEST) * FINE + 1 + int(_OFFSETS[-1]) + 4
    pitch = LOWEST + (np.arange(count + 1) - 0.5) / FINE
    edges = np.asarray(np.minimum(440.0 * 2 ** ((pitch - 69) / 12) * size / rate, size / 2 - 1), np.float32)
    return edges, np.ceil(edges).astype(np.intp)


@lru_cache(4)
def _tilt(count: int) -> Vector:
    """Weights that lift high notes, which are softer in music than low ones."""
    octaves = (LOWEST + np.arange(count) / FINE - 60) / 12
    return np.asarray(10 ** (TILT_DB * octaves / 20), np.float32)


def _middles(edges: Vector) -> Vector:
    return np.asarray((edges[1:] + edges[:-1]) / 2)


@lru_cache(4)
def _bins(size: int) -> NDArray[np.float64]:
    return np.arange(size // 2 + 1, dtype=np.float64)
