"""Pseudo-labels: beats of a recording that a teacher hears, where its voices agree on one rigid grid of beats.

Nobody listens here: the truth is a *pseudo* truth, kept only where five voices (three networks; the sound slower and
faster) decode to the same beats, and laid onto the attacks of the sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import soxr
from numpy.typing import NDArray

from livegan.studio.hearing.attacks import attack_strength, attack_times
from livegan.studio.hearing.bars import opens_bar
from livegan.studio.hearing.beat_grid import Grid, laid_grids
from livegan.studio.hearing.offline_beats import FRAME_RATE, decode_beats
from livegan.studio.hearing.teacher import Teacher
from livegan.studio.hearing.teacher_spectrum import SAMPLE_RATE
from livegan.studio.hearing.trust import ACCEPTED, WINDOW_S, evidence

SPEEDS = ((0.9, 0), (1.1, 2))  # the sound is also heard so fast, by that network
BRIDGED = 0.4  # ... where this share of the grid's windows are certain by themselves
BRIDGE = 0.85  # a doubtful window between two that are certain is so far believed
SAME_TEMPO = 0.03  # tempi that differ by a smaller share are alike
SHORTEST_S, LONGEST_S = 20.0, 60.0  # of a piece

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a recording whose beats are believed; times in seconds of the whole recording."""

    start_s: float
    end_s: float
    beats: Floats
    downbeats: Floats | None  # None: not known
    certain: float  # 0.5..1


@dataclass(frozen=True, slots=True)
class TeacherBeats:
    """What a teacher and the sound itself say of a recording."""

    voices: NDArray[np.float32]  # (5, frames, 2), 100 frames a second: any beat, a bar's first
    votes: Sequence[Floats]  # beats [s] that each of them alone speaks for
    beats: Floats  # ... and all together
    attacks: tuple[Floats, Floats]  # times [s], heights
    kicks: tuple[Floats, Floats]
    seconds: float


def listen(teacher: Teacher, sound: NDArray[np.float32]) -> TeacherBeats:
    """What `teacher` hears in mono `sound` (n,) at 22050 Hz."""
    voices = [*teacher(sound)]
    asked = np.arange(len(voices[0])) / FRAME_RATE
    for speed, number in SPEEDS:
        (other,) = teacher(soxr.resample(sound, SAMPLE_RATE * speed, SAMPLE_RATE), (number,))
        at = np.arange(len(other)) * (speed / FRAME_RATE)
        voices.append(np.stack([np.interp(asked, at, other[:, row]) for row in (0, 1)], axis=1))
    whole, low = attack_strength(sound)
    heard = np.asarray(voices, np.float32)
    votes = [decode_beats(voice[:, 0]) for voice in heard]
    beats = decode_beats(heard.mean(axis=0)[:, 0])
    return TeacherBeats(heard, votes, beats, attack_times(whole), attack_times(low), len(sound) / SAMPLE_RATE)


def believed_pieces(heard: TeacherBeats) -> list[Piece]:
    """The pieces of 20 to 60 s whose beats are believed, in order; [] where the voices disagree."""
    together = heard.voices.mean(axis=0)[:, 0]
    pieces: list[Piece] = []
    for grid, scatter in laid_grids(heard.beats, *heard.attacks):
        windows = [(at, known.certain) for at, known in evidence(grid, scatter, heard.votes, together, heard.kicks)]
        for run in _runs(bridged(windows)):
            pieces += _pieces(run, grid, heard)
    return of_one_octave(pieces)


def of_one_octave(pieces: Sequence[Piece]) -> list[Piece]:
    """Without pieces at a half, a third, two thirds of the tempo of most of the song, or the other way round."""
    share: dict[int, float] = {}
    tempi = [float(np.median(np.diff(piece.beats))) for piece in pieces]
    for mine, tempo in enumerate(tempi):
        alike = [k for k, other in enumerate(tempi) if abs(other / tempo - 1.0) < SAME_TEMPO]
        share[mine] = sum((pieces[k].end_s - pieces[k].start_s) * pieces[k].certain for k in alike)
    if not share:
        return []
    main = tempi[max(share, key=lambda mine: share[mine])]
    ratios = [2.0, 0.5, 1.5, 2 / 3, 3.0, 1 / 3]
    return [
        piece
        for piece, tempo in zip(pieces, tempi, strict=True)
        if not any(abs(tempo / (main * ratio) - 1.0) < SAME_TEMPO for ratio in ratios)
    ]


def bridged(windows: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Windows (start, certain) of one rigid grid, doubtful ones believed nearly as far as the surer on both sides.

    The click goes on through a break in which a teacher hears little.
    """
    certain = np.array([value for _, value in windows])
    if not len(certain) or np.mean(certain >= ACCEPTED) < BRIDGED:
        return list(windows)
    both = np.minimum(np.maximum.accumulate(certain), np.maximum.accumulate(certain[::-1])[::-1])
    raised = np.maximum(certain, BRIDGE * both)
    return [(at, float(value)) for (at, _), value in zip(windows, raised, strict=True)]


def _runs(windows: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Runs of neighbouring windows (start, certain) that are certain enough."""
    runs: list[list[tuple[float, float]]] = [[]]
    for window in windows:
        if window[1] >= ACCEPTED:
            runs[-1].append(window)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _pieces(run: Sequence[tuple[float, float]], grid: Grid, heard: TeacherBeats) -> list[Piece]:
    """A run of windows, cut into pieces of equal length between beats."""
    beats = grid.beats
    start = max(0.0, run[0][0] - 0.5 * grid.period_s)
    end = min(run[-1][0] + WINDOW_S, float(beats[-1])) + 0.5 * grid.period_s
    end = min(end, heard.seconds)
    if end - start < SHORTEST_S:
        return []
    edges = np.linspace(start, end, int(np.ceil((end - start) / LONGEST_S)) + 1)
    out = []
    for low, high in pairwise(edges):
        inside = beats[(beats >= low) & (beats < high)]
        certain = [value for at, value in run if low - WINDOW_S < at < high]
        first = opens_bar(inside, heard.voices)
        downbeats = None if first is None else inside[first]
        out.append(Piece(float(low), float(high), inside, downbeats, float(np.mean(certain))))
    return out
