"""Offline beat decoding by Viterbi: the best path of a bar pointer through an activation, the end known.

The state space of Krebs, Boeck and Widmer 2015 (An efficient state-space model for joint tempo and meter tracking,
section 3): a pointer runs through a beat of a whole number of frames and may change its speed at beats only. A path is
then a row of beats, and the best one is found beat by beat instead of state by state, with the same result.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livegan.core.tempo_range import FASTEST_BPM, SLOWEST_BPM

FRAME_RATE: Final = 100  # of an activation [1/s]
BEAT_SHARE = 16  # one in so many frames of a beat is "on the beat" (the paper's observation lambda)
STEADINESS = 100.0  # the paper's transition lambda: how unlikely another tempo is
FARTHEST = 8  # frames that an interval changes by at most from one beat to the next
LEAST = 1e-4  # activations are kept so far from 0 and 1

Floats = NDArray[np.float64]


def _intervals() -> NDArray[np.int64]:
    shortest, longest = 60.0 * FRAME_RATE / FASTEST_BPM, 60.0 * FRAME_RATE / SLOWEST_BPM
    return np.arange(round(shortest), round(longest) + 1)


INTERVALS: Final = _intervals()  # between beats [frames]


def _changes() -> Floats:
    """log of the probability to come to an interval (to,) from one that is -8 to 8 frames longer (17,)."""
    ratio = INTERVALS[None, :] / INTERVALS[:, None]
    probability = np.exp(-STEADINESS * np.abs(ratio - 1.0))  # (from, to)
    probability = np.pad(np.log(probability / probability.sum(axis=1, keepdims=True)), ((FARTHEST, FARTHEST), (0, 0)))
    return np.stack([probability[to : to + 2 * FARTHEST + 1, to] for to in range(len(INTERVALS))])


def decode_beats(activation: NDArray[np.float32]) -> NDArray[np.float64]:
    """Times of the beats [s], ascending, that explain `activation` (frames,), 0..1, best; [] if it is under 2.4 s."""
    # A path is free to pass the top of a beat's activation anywhere in the first 1/16; the top is the beat.
    frames, shortest, longest = len(activation), int(INTERVALS[0]), int(INTERVALS[-1])
    if frames < 2 * longest:
        return np.zeros(0)
    beat = np.clip(np.asarray(activation, np.float64), LEAST, 1.0 - LEAST)
    on = np.concatenate(([0.0], np.cumsum(np.log(beat))))
    off = np.concatenate(([0.0], np.cumsum(np.log((1.0 - beat) / (BEAT_SHARE - 1)))))
    near = -(-INTERVALS // BEAT_SHARE)  # frames of an interval that count as the beat
    changes, states = _changes(), len(INTERVALS)
    best = np.full((frames + longest, states), -np.inf)  # of paths with a beat here, that go on with that interval
    came = np.zeros((frames + longest, states), np.int16)  # index of the interval before
    start = np.arange(longest)
    best[:longest] = np.where(start[:, None] <= INTERVALS, off[start][:, None], -np.inf)
    came[:longest] = -1
    columns = np.arange(states)
    for at in range(shortest, frames, shortest):  # so many beats at once: none of them comes of another of them
        here = np.arange(at, min(at + shortest, frames))
        before = here[:, None] - INTERVALS  # (frames here, states)
        known = before >= 0
        before = np.maximum(before, 0)
        run = on[before + near] - on[before] + off[here][:, None] - off[before + near]
        arrived = np.where(known, best[before, columns] + run, -np.inf)
        arrived = np.pad(arrived, ((0, 0), (FARTHEST, FARTHEST)), constant_values=-np.inf)
        onwards = np.lib.stride_tricks.sliding_window_view(arrived, 2 * FARTHEST + 1, axis=1) + changes
        step = onwards.argmax(axis=2)
        value = np.take_along_axis(onwards, step[:, :, None], axis=2)[:, :, 0]
        chosen = columns + step - FARTHEST
        better = value > best[here]
        best[here] = np.where(better, value, best[here])
        came[here] = np.where(better, chosen, came[here])
    path, states_of = _walk_back(best, came, on, off, near, frames)
    tops = [at + int(beat[at : at + near[state]].argmax()) for at, state in zip(path, states_of, strict=True)]
    return np.array(tops, np.float64) / FRAME_RATE


def _walk_back(
    best: Floats, came: NDArray[np.int16], on: Floats, off: Floats, near: NDArray[np.int64], frames: int
) -> tuple[list[int], list[int]]:
    """Frames of the beats of the best path, ascending, and the states that they go on in."""
    last = np.arange(frames - int(INTERVALS[-1]), frames)[:, None]
    until = np.minimum(last + near, frames)
    total = best[last[:, 0]] + on[until] - on[last] + off[frames] - off[until]
    total = np.where(last + INTERVALS >= frames, total, -np.inf)
    row, state = np.unravel_index(int(total.argmax()), total.shape)
    frame, interval = int(last[row, 0]), int(state)
    beats, states = [frame], [interval]
    while (before := int(came[frame, interval])) >= 0:
        frame -= int(INTERVALS[before])
        interval = before
        beats.append(frame)
        states.append(interval)
    return beats[::-1], states[::-1]
