"""Song follower: where in a rehearsed song the music is now, by a hidden Markov model over the song's positions.

Online alignment as in score following (Raphael 1999; Dixon 2005, "Live tracking of musical performances using on-line
time warping"): the states are moments of the rehearsed song, STEP_S apart; from step to step the music goes on by
about one of them; what is heard is compared with what was heard at rehearsal by the cosine of notes and bands. A small
share of the belief begins anew everywhere, so that a cut, a repeat or a lost place is found again.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import FeatureFrame, Layout

STEP_S: Final = 0.1
NOTES: Final = 12
BANDS: Final = 8  # means of neighbouring bands
COLUMNS: Final = NOTES + BANDS
ADVANCES: Final = (0.1, 0.8, 0.1)  # probability to go on by 0, 1 and 2 positions in a step: tempi from half to twice
ANYWHERE: Final = 1e-4  # probability of a jump, in a step
BEGINNING: Final = 0.2  # share of jumps that lead to the first moments
SHARPNESS: Final = 1.0  # of the likelihood: exp(SHARPNESS * cosine)
FIRST_S: Final = 1.0  # time constant of the belief in the first moments before anything is heard
NEAR_S: Final = 1.5  # the confidence is the belief within so much of the likeliest moment
SILENT_S: Final = 2.0  # of silence after which the song may begin anew

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SongRows:
    """Rehearsed song as the follower sees it."""

    rows: Rows  # (n, COLUMNS) raw: 0..1 each, one row each STEP_S

    @property
    def seconds(self) -> float:
        """Length of the song."""
        return len(self.rows) * STEP_S


def columns_of(layout: Layout) -> NDArray[np.int64] | None:
    """Where in a layout the notes and the bands are, (12 + bands,); None if it has none."""
    notes = [at for at, name in enumerate(layout.names) if name.startswith("chroma.")]
    bands = [at for at, name in enumerate(layout.names) if name.startswith("band.")]
    return np.array(notes + bands) if len(notes) == NOTES and len(bands) >= BANDS else None


def folded(values: NDArray[np.floating]) -> Rows:
    """Notes and bands (..., 12 + bands) as rows (..., COLUMNS): neighbouring bands are averaged."""
    bands = np.array_split(values[..., NOTES:], BANDS, axis=-1)
    means = np.stack([band.mean(axis=-1) for band in bands], axis=-1)
    return np.asarray(np.concatenate((values[..., :NOTES], means), axis=-1), np.float32)


class SongFollower:
    """Follower of one rehearsed song; steps on the engine's thread, some 0.1 ms each STEP_S for ten minutes of song."""

    def __init__(self, song: SongRows) -> None:
        """Before anything is heard it is at the beginning. ValueError without at least 2 rows of COLUMNS numbers."""
        rows = np.asarray(song.rows, np.float32)
        if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] != COLUMNS or not np.isfinite(rows).all():
            raise ValueError(f"a rehearsed song has rows of {COLUMNS} finite numbers, not {rows.shape}")
        self.seconds = len(rows) * STEP_S
        self._mean, self._spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 0.02)
        self._rows = self._described(rows)
        self._start: NDArray[np.float64] = np.exp(-np.arange(len(rows)) * (STEP_S / FIRST_S))
        self._start /= self._start.sum()
        self._jumps = BEGINNING * self._start + (1 - BEGINNING) / len(rows)
        self._belief: NDArray[np.float64] = self._start.copy()
        self._spare: NDArray[np.float64] = np.zeros(len(rows))
        self._first = True  # the next row is the first: nothing has passed before it
        self._columns: tuple[Layout, NDArray[np.int64] | None] | None = None
        self._sum, self._heard_s = np.zeros(COLUMNS), 0.0
        self._silent_s, self._since_s = 0.0, 0.0
        self.position_s = 0.0
        self.confidence = 0.0  # 0..1
        self.begun = False  # whether music was heard
        self.heard_s = 0.0  # of music, since it was begun

    def step(self, heard: FeatureFrame | None, dt_s: float) -> None:
        """Advance by `dt_s` of what is heard; in silence it stands, and after SILENT_S the song may begin anew."""
        values = self._values(heard)
        if values is None:
            self._rest(dt_s)
            return
        self._silent_s, self.begun = 0.0, True
        self.heard_s += dt_s
        self._sum += values * dt_s
        self._heard_s += dt_s
        self._since_s += dt_s
        while self._heard_s >= STEP_S - 1e-9:
            self._advance(np.asarray(self._sum / self._heard_s, np.float32))
            self._heard_s = max(self._heard_s - STEP_S, 0.0)
            self._sum = np.asarray(values * self._heard_s, np.float64)
            self._since_s = self._heard_s
        self.position_s = min((self._mode() + 1) * STEP_S + self._since_s, self.seconds)

    def _values(self, heard: FeatureFrame | None) -> Rows | None:
        """A row of what is heard; None in silence."""
        if heard is None:
            return None
        if self._columns is None or self._columns[0] is not heard.layout:
            self._columns = heard.layout, columns_of(heard.layout)
        gate = heard.layout.index.get("gate")
        where = self._columns[1]
        if where is None or (gate is not None and heard.values[gate] <= 0):
            return None
        return folded(heard.values[where])

    def _rest(self, dt_s: float) -> None:
        self._silent_s += dt_s
        if self._silent_s >= SILENT_S and self.begun:
            self._belief = 0.5 * self._belief + 0.5 * self._start
            self.begun, self._first, self.heard_s = False, True, 0.0
            self._sum, self._heard_s, self._since_s = np.zeros(COLUMNS), 0.0, 0.0

    def _described(self, rows: Rows) -> Rows:
        """Rows against the whole song, each of length 1."""
        standard = (rows - self._mean) / self._spread
        return np.asarray(standard / np.maximum(np.linalg.norm(standard, axis=-1, keepdims=True), 1e-6), np.float32)

    def _advance(self, row: Rows) -> None:
        """One step of the forward algorithm."""
        belief, moved = self._belief, self._spare
        stay, one, two = (1.0, 0.0, 0.0) if self._first else ADVANCES
        self._first = False
        np.multiply(belief, stay, out=moved)
        moved[1:] += one * belief[:-1]
        moved[2:] += two * belief[:-2]
        moved[-1] += (one + two) * belief[-1] + two * belief[-2]  # the end stays the end
        moved *= 1 - ANYWHERE
        moved += ANYWHERE * self._jumps
        moved *= np.exp(SHARPNESS * (self._rows @ self._described(row)))
        total = float(moved.sum())
        if total > 0 and np.isfinite(total):
            moved /= total
            self._belief, self._spare = moved, belief
        near = round(NEAR_S / STEP_S)
        at = int(self._belief.argmax())
        self.confidence = float(self._belief[max(0, at - near) : at + near + 1].sum())

    def _mode(self) -> float:
        """The likeliest place, between positions: the mean of the belief near the greatest."""
        at = int(self._belief.argmax())
        first = max(0, at - 5)
        part = self._belief[first : at + 6]
        return first + float((part * np.arange(len(part))).sum() / max(float(part.sum()), 1e-300))
