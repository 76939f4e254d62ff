"""Cadences: how well bars end a piece, by the rules of chorale writing (leading tone, dominant, root in the bass)."""

import numpy as np
from numpy.typing import NDArray

from livegan.composer.voices import LOWEST, VOICES, Tokens, attacks, sounding

LOW_BASS = 50  # a last bass note up to here has weight [MIDI]
OPEN = 5  # semitones at least between the last bass note and the tenor


def cadence_scores(history: Tokens, bars: NDArray[np.int8], end: int, root: int, third: int) -> NDArray[np.float64]:
    """Points, about -20..15, of each of n last bars (n, steps, VOICES) whose last chord begins at step `end`.

    `root`: pitch class of the tonic; `third`: 3 in minor, 4 in major. What sounds before is taken from `history`.
    """
    return np.array([_score(np.concatenate([history, bar]), len(history) + end, root, third) for bar in bars])


def _score(tokens: Tokens, end: int, root: int, third: int) -> float:
    pitches = sounding(tokens).astype(int)
    last = pitches[end]
    if (last < 0).any():
        return -20.0
    classes = set((last - root) % 12)
    points = 2.0 * (third in classes) + 1.0 * (7 in classes) - 3.0 * len(classes - {0, third, 7})
    points += 2.0 * ((last[0] - root) % 12 == 0) + 0.5 * ((last[0] - root) % 12 == third)
    points += 2.0 * (last[VOICES - 2] - last[VOICES - 1] >= OPEN) + 1.0 * (last[VOICES - 1] <= LOW_BASS)
    return float(points) + _approach(tokens, pitches, end, root, third)


def _approach(tokens: Tokens, pitches: NDArray[np.int_], end: int, root: int, third: int) -> float:
    """Points for the chord before the last one, and for how the voices go on from it."""
    struck = np.flatnonzero(attacks(tokens[:end]).any(1))
    if len(struck) == 0:
        return 0.0
    before, last = pitches[end - 1], pitches[end]
    sounds = before[before >= 0]
    classes, bass = set((sounds - root) % 12), (before[VOICES - 1] - root) % 12
    if classes <= {0, third, 7}:
        return -4.0  # the tonic already: nothing is resolved
    points = 0.0
    if 11 in classes and classes <= {7, 11, 2, 5}:
        points += 4.0 + 3.0 * (bass == 7)  # dominant, with or without seventh
    elif classes <= {5, 8, 9, 0} and 5 in classes:
        points += 1.5  # plagal
    leading = (before >= 0) & ((before - root) % 12 == 11)
    points += 1.5 * bool((last[leading] == before[leading] + 1).any())
    return float(points + 0.5 * (end - struck[-1] <= 4))  # it has moved within the beat


def last_of_tune(given: Tokens, root: int, third: int) -> int | None:
    """Step at which the last note of the one given voice begins, if that is a note of the tonic chord.

    What is given after it, holds and rests, is then given to the voices to be written too (in place).
    """
    tune = [voice for voice in range(VOICES) if (given[:, voice] >= 0).all()]
    others = [voice for voice in range(VOICES) if voice not in tune]
    if len(tune) != 1 or (given[:, others] >= 0).any() or not attacks(given[:, tune]).any():
        return None
    last = int(np.flatnonzero(attacks(given[:, tune]).any(1))[-1])
    if (int(given[last, tune[0]]) + LOWEST - root) % 12 not in (0, third, 7):
        return None
    given[last + 1 :] = given[last + 1 :, tune]
    return last
