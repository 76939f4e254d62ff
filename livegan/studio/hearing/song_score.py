"""Score of a made song: parts whose notes are in seconds, and its truth; and the time map that made it so."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

GRID = 8  # points of a time map per beat


@dataclass(frozen=True, slots=True, order=True)
class ScoreNote:
    """One note or hit."""

    start_s: float
    pitch: int  # MIDI key; of drums 0
    velocity: float  # 0..1
    length_s: float
    piece: str = ""  # of drums: letter of the piece, see `song_grooves.PIECES`


@dataclass(frozen=True, slots=True)
class ScorePart:
    """What one player plays."""

    name: str
    sound: str  # family of instruments, or "drums"
    notes: tuple[ScoreNote, ...]
    level_db: float = 0.0  # beside the other parts
    slur: bool = False  # notes may glide into each other, with vibrato


@dataclass(frozen=True, slots=True)
class Score:
    """A whole song, and when its beats are [s]. Times may lie before 0: what is before 0 is not heard."""

    style: str
    seed: int
    seconds: float
    bpm: float  # the most usual
    beats: Times
    downbeats: Times
    parts: tuple[ScorePart, ...]
    kit: str = ""  # kind of drums wanted: "acoustic", "electronic", "any", "percussion"
    pulse: bool = True  # whether there is a beat to be told


@dataclass(slots=True)
class TimeMap:
    """Seconds of every beat: tempo that may drift, step, breathe and slow down."""

    bpm: float
    beats: int
    factors: Times = field(default_factory=lambda: np.ones(0))  # (beats * GRID,) tempo beside `bpm`
    _grid: Times = field(init=False)  # (beats * GRID + 1,) [beats]
    _times: Times = field(init=False)  # (beats * GRID + 1,) [s]

    def __post_init__(self) -> None:
        if not len(self.factors):
            self.factors = np.ones(self.beats * GRID)
        spans = 60 / (self.bpm * self.factors) / GRID
        self._times = np.concatenate([[0.0], np.cumsum(spans)])
        self._grid = np.arange(self.beats * GRID + 1) / GRID

    def seconds(self, beat: NDArray[np.float64] | float) -> Times:
        """Seconds at beats; linear beyond both ends."""
        found = np.interp(beat, self._grid, self._times)
        over = np.maximum(np.asarray(beat, float) - self.beats, 0) + np.minimum(np.asarray(beat, float), 0)
        return np.asarray(found + over * 60 / self.bpm)


def drifting(rng: np.random.Generator, beats: int, share: float) -> Times:
    """Tempo factors of a band that drifts: a slow random walk whose standard deviation is `share`."""
    steps = rng.standard_normal(beats + 8)
    kernel = np.hanning(17)[1:-1]
    walk = np.convolve(np.cumsum(steps), kernel / kernel.sum(), "same")[:beats]
    walk -= np.linspace(walk[0], walk[-1], beats) * rng.random() + walk.mean() * 0.5
    walk *= share / (np.std(walk) + 1e-9)
    return np.repeat(np.exp(np.clip(walk, -0.2, 0.2)), GRID)


def stepping(rng: np.random.Generator, beats: int) -> Times:
    """Tempo factors with one or two steps of 4 to 25 %, or a slide."""
    factors = np.ones(beats * GRID)
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(beats // 5, beats)) * GRID
        ratio = float(np.exp(rng.choice([-1, 1]) * rng.uniform(0.04, 0.22)))
        slide = int(rng.choice([1, 1, 4, 16])) * GRID
        ramp = np.clip((np.arange(beats * GRID) - at) / slide, 0, 1)
        factors *= ratio**ramp
    return np.clip(factors, 0.75, 1.33)


def breathing(rng: np.random.Generator, beats: int, share: float, phrase: int) -> Times:
    """Tempo factors of a player's rubato: faster in the middle of a phrase, slower at its end, no two alike."""
    at = np.arange(beats * GRID) / GRID
    phase = at / phrase + 0.05 * rng.standard_normal()
    arch = np.sin(np.pi * (phase % 1)) ** float(rng.uniform(0.6, 1.4)) - 0.6
    each = np.repeat(rng.uniform(0.5, 1.3, beats // phrase + 3), phrase * GRID)[: beats * GRID]
    end = np.exp(-((1 - phase % 1) * phrase)) * rng.uniform(0.3, 1.0)  # the last beat of a phrase waits
    single = np.repeat(rng.standard_normal(beats) * 0.25, GRID)
    return np.exp(np.clip(share * (1.6 * arch * each - end + single), -0.35, 0.3))
