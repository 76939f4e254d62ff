"""Downbeat selection: the metre and its place that a teacher's activations speak for, all of them alike."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livegan.studio.hearing.offline_beats import FRAME_RATE

METRES: Final = {2: 0.1, 3: 0.15, 4: 0.68, 6: 0.07}  # beats in a bar -> how common it is in produced music
SURE = 3.0  # log of how much likelier the bar must be than any other place of it
AGREED = 0.8  # share of the voices that must hear the same bar

Floats = NDArray[np.float64]


def opens_bar(beats: Floats, voices: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """For each of the `beats` [s], whether it opens a bar; None where the voices disagree or are not sure.

    `voices`: activations (voices, frames, 2), 100 frames a second: of any beat, and of those that open a bar.
    """
    if len(beats) < 12:
        return None
    shares = [_shares(beats, voice) for voice in voices]
    (metre, place), margin = _best(np.mean(shares, axis=0))
    same = [_best(share)[0] == (metre, place) for share in shares]
    if metre == 2 or margin < SURE or np.mean(same) < AGREED:  # two in a bar is too often four whose half is heard
        return None
    return np.asarray(np.arange(len(beats)) % metre == place)


def _shares(beats: Floats, voice: NDArray[np.float32]) -> Floats:
    """How much of the activation at each beat is that of a bar's first, 0.03..0.97."""
    frames = np.round(beats * FRAME_RATE).astype(int)[:, None] + np.arange(-3, 4)
    near = voice[np.clip(frames, 0, len(voice) - 1)]  # (beats, 7, 2)
    share = near[:, :, 1].max(axis=1) / np.maximum(near[:, :, 0].max(axis=1), 0.05)
    return np.asarray(np.clip(share.astype(np.float64), 0.03, 0.97))


def _best(shares: Floats) -> tuple[tuple[int, int], float]:
    """The likeliest (metre, place of the first bar), and by how much (log) it beats all that it contradicts."""
    likely = {}
    for metre, place in ((m, p) for m in METRES for p in range(m)):
        first = np.arange(len(shares)) % metre == place
        likely[metre, place] = float(np.log(METRES[metre]) + np.log(np.where(first, shares, 1.0 - shares)).sum())
    best = max(likely, key=lambda bar: likely[bar])
    return best, likely[best] - max(value for bar, value in likely.items() if bar != best)
