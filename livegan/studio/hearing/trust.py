"""Confidence of pseudo-labels: how far a teacher's beats are to be believed, every 10 s.

Votes, contrast, octave, phase and rigidity speak for or against them. A wrong beat teaches worse than a missing one,
so what is in doubt is dropped. Votes are beats that were decoded from
every network alone, and from the sound played slower and faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.studio.hearing.beat_grid import Grid
from livegan.studio.hearing.offline_beats import FRAME_RATE

WINDOW_S = 10.0
NEAR_S = 0.05  # a vote is for a beat if it is so near
ACCEPTED = 0.5  # windows less certain than this are dropped

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the beats of one window of a grid, each figure in plain terms."""

    votes: float  # mean F of the votes with the grid, 0..1
    least_vote: float  # the lowest of them
    octave_votes: float  # share of the voices that do not rather speak for half or twice the tempo
    contrast: float  # mean activation at beats, 0..1
    halves: float  # ... half way between beats, as a share of that at beats
    alternate: float  # ... at the weaker of every second beats, as a share of the stronger
    kick: float  # share of low attacks on beats among those on beats and half way, 0..1; 0.5 if there are none
    scatter_s: float  # of attacks about the grid

    @property
    def certain(self) -> float:
        """0..1: how far to believe the beats."""
        agreed = _ramp(self.votes, 0.6, 0.88) * (0.6 + 0.4 * _ramp(self.least_vote, 0.0, 0.5))
        octave = _ramp(self.halves, 1.0, 0.7) * _ramp(self.alternate, 0.25, 0.6) * _ramp(self.octave_votes, 0.5, 0.9)
        phase = 0.4 + 0.6 * _ramp(self.kick, 0.25, 0.45)
        rigid = 0.5 + 0.5 * _ramp(self.scatter_s, 0.02, 0.008)
        clear = _ramp(self.contrast, 0.15, 0.4)
        return float(agreed * octave * phase * rigid * clear)


def _ramp(value: float, nothing: float, whole: float) -> float:
    return float(np.clip((value - nothing) / (whole - nothing), 0.0, 1.0))


def f_measure(found: Floats, true: Floats, near_s: float = NEAR_S) -> float:
    """F-measure of ascending beats `found` against `true` [s]; 0 if either is empty.

    A true beat is found if any is within `near_s` of it. That is one to one where true beats are more than twice
    `near_s` apart, as those of a grid are; closer ones may share a found beat.
    """
    if not len(found) or not len(true):
        return 0.0
    at = np.clip(np.searchsorted(found, true), 1, len(found) - 1) if len(found) > 1 else np.zeros(len(true), int)
    nearest = np.minimum(np.abs(found[at] - true), np.abs(found[np.maximum(at - 1, 0)] - true))
    return 2.0 * min(int((nearest < near_s).sum()), len(found)) / (len(found) + len(true))


def evidence(
    grid: Grid,
    scatter_s: float,
    votes: Sequence[Floats],
    activation: NDArray[np.float32],
    kicks: tuple[Floats, Floats],
) -> list[tuple[float, Evidence]]:
    """Evidence for every 10 s of `grid`, after its start [s]; `activation` (frames,), `kicks`: times [s], heights."""
    beats = grid.beats
    out = []
    for start in np.arange(beats[0], beats[-1] - 0.6 * WINDOW_S, WINDOW_S):
        inside = beats[(beats >= start - 0.01) & (beats < start + WINDOW_S - 0.01)]
        low, high = start - 0.5 * grid.period_s, min(start + WINDOW_S, beats[-1] + grid.period_s) - 0.5 * grid.period_s
        agreed = [f_measure(vote[(vote >= low) & (vote < high)], inside) for vote in votes]
        at, between = _peak(activation, inside), _peak(activation, inside + 0.5 * grid.period_s)
        strong, weak = sorted((at[::2].mean(), at[1::2].mean()), reverse=True)
        on, off = _heights(kicks, inside), _heights(kicks, inside + 0.5 * grid.period_s)
        out.append(
            (
                float(start),
                Evidence(
                    float(np.mean(agreed)),
                    float(min(agreed)),
                    _of_this_octave(votes, agreed, inside, grid.period_s),
                    float(at.mean()),
                    float(between.mean() / max(at.mean(), 1e-3)),
                    float(weak / max(strong, 1e-3)),
                    (on + 0.1) / (on + off + 0.2),
                    scatter_s,
                ),
            )
        )
    return out


def _of_this_octave(votes: Sequence[Floats], agreed: Sequence[float], beats: Floats, period_s: float) -> float:
    twice = np.sort(np.concatenate((beats, beats + 0.5 * period_s)))
    kept = 0
    for vote, agreement in zip(votes, agreed, strict=True):
        near = vote[(vote > beats[0] - 0.3 * period_s) & (vote < beats[-1] + 0.8 * period_s)]
        kept += max(f_measure(near, other) for other in (beats[::2], beats[1::2], twice)) <= max(agreement, 0.75)
    return kept / max(len(votes), 1)


def _peak(activation: NDArray[np.float32], moments: Floats, near: int = 3) -> NDArray[np.float32]:
    """Greatest activation within `near` frames of each moment."""
    frames = np.round(moments * FRAME_RATE).astype(int)[:, None] + np.arange(-near, near + 1)
    return np.asarray(activation[np.clip(frames, 0, len(activation) - 1)].max(axis=1))


def _heights(attacks: tuple[Floats, Floats], moments: Floats, near_s: float = 0.03) -> float:
    """Sum of the heights of attacks near any of the moments."""
    times, heights = attacks
    if not len(times):
        return 0.0
    at = np.clip(np.searchsorted(moments, times), 1, len(moments) - 1)
    near = np.minimum(np.abs(moments[at] - times), np.abs(moments[at - 1] - times)) < near_s
    return float(heights[near].sum())
