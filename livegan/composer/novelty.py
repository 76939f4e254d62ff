"""Novelty: how long the longest run is that a phrase has copied, in all its voices, from other music.

A run is what sounds in every voice, step by step. It may begin at any step of either, and be in another key: chords are
compared by their intervals, and by how their lowest voice moves. Repeated notes are as good as held ones.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from livegan.composer.harmony import Pitches

_BASE = np.uint64(0x9E3779B97F4A7C15)  # of the rolling hash (Rabin & Karp 1987), modulo 2**64
_MIX = np.uint64(0xBF58476D1CE4E5B9)

Hashes = NDArray[np.uint64]


class CopyFinder:
    """Longest common substrings with a body of music, by rolling hashes: milliseconds a phrase for 70 000 steps."""

    def __init__(self, music: Iterable[Pitches]) -> None:
        """`music`: pieces of it, each int (steps, voices) of MIDI pitches, -1 for silence."""
        pieces = [pitches for pitches in music if len(pitches)]
        self.voices = frozenset(pitches.shape[1] for pitches in pieces)  # what has others can have copied nothing
        hashed = [_hashes(pitches) for pitches in pieces]
        self._shapes = [shapes for shapes, _ in hashed]
        self._prefixes = [_prefixes(moves) for _, moves in hashed]
        self._known: dict[int, Hashes] = {}

    def longest(self, pitches: Pitches) -> int:
        """Steps of the longest run of `pitches` (steps, voices) that is in the music too; 0 if not one step is."""
        if not len(pitches):
            return 0
        shapes, moves = _hashes(pitches)
        prefixes = _prefixes(moves)
        low, high = 0, len(pitches)  # a run of `low` steps is found: so are all shorter ones
        while low < high:
            middle = (low + high + 1) // 2
            known, windows = self._windows(middle), _window_hashes(shapes, prefixes, middle)
            places = np.searchsorted(known, windows)
            found = places < len(known)
            if (known[places[found]] == windows[found]).any():
                low = middle
            else:
                high = middle - 1
        return low

    def _windows(self, length: int) -> Hashes:
        """Hashes of all runs of so many steps, sorted."""
        if length not in self._known:
            rows = [
                _window_hashes(shapes, prefixes, length)
                for shapes, prefixes in zip(self._shapes, self._prefixes, strict=True)
                if len(shapes) >= length
            ]
            self._known[length] = np.unique(np.concatenate(rows)) if rows else np.empty(0, np.uint64)
        return self._known[length]


def run_hashes(pitches: Pitches, length: int) -> Hashes:
    """Hashes of all runs of so many steps of a piece (steps, voices), equal where they are equal but for the key."""
    if not 0 < length <= len(pitches):
        return np.empty(0, np.uint64)
    shapes, moves = _hashes(pitches)
    return _window_hashes(shapes, _prefixes(moves), length)


def _hashes(pitches: Pitches) -> tuple[Hashes, Hashes]:
    """Hash of each step's chord, whatever its key, and of the chord with how it was reached: (steps,) twice."""
    heard = pitches >= 0
    lowest = np.where(heard, pitches, 127).min(1).astype(np.int64)
    lowest[~heard.any(1)] = -1
    shape = np.where(heard, pitches - lowest[:, None], -1).astype(np.int64)
    moved = np.diff(lowest, prepend=lowest[:1])
    shapes = np.full(len(pitches), _MIX)
    for voice in range(pitches.shape[1]):
        shapes = _mixed(shapes * _BASE + (shape[:, voice] + 2).astype(np.uint64))
    return shapes, _mixed(shapes * _BASE + (moved + 256).astype(np.uint64))


def _mixed(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(30))) * _MIX
    return values ^ (values >> np.uint64(27))


def _prefixes(moves: Hashes) -> Hashes:
    """Rolling hash of the first 0, 1, 2 ... steps: (steps + 1,)."""
    powers = np.cumprod(np.full(len(moves), _INVERSE))
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(moves * powers)])


def _window_hashes(shapes: Hashes, prefixes: Hashes, length: int) -> Hashes:
    """Hash of the run of `length` steps from each step on. How its first chord was reached does not matter."""
    starts = np.arange(len(shapes) - length + 1)
    run = (prefixes[starts + length] - prefixes[starts + 1]) * np.cumprod(np.full(len(shapes), _BASE))[starts]
    return _mixed(shapes[starts]) + run


_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))
