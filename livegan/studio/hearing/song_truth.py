"""Truth of a made song: which of its onsets are audible in the mix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples

RATE = 44100
TOGETHER_S = 0.03  # notes so close are one onset
WINDOW = 2048  # [samples]
EDGES_HZ = (40, 120, 250, 500, 1000, 2000, 4000, 8000, 16000)
SHARE = 0.12  # a part is heard in a band of which it has so much power
BELOW = 1e-3  # ... if the band is not so far under the loudest band lately [power]
RISE = 1.4  # and it has grown so much

Times = NDArray[np.float64]
Powers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SongTruth:
    """What is to be heard in a song [s]."""

    style: str
    beats: Times
    downbeats: Times
    onsets: Times
    kick: Times
    snare: Times
    hat: Times


def merged(times: NDArray[np.floating]) -> Times:
    """Onsets [s] in order, of which none is within TOGETHER_S of the one before; the first of a group stays."""
    kept: list[float] = []
    for time in np.sort(times):
        if not kept or time - kept[-1] > TOGETHER_S:
            kept.append(float(time))
    return np.array(kept)


def audible(part: Samples, mix: Samples, times: Times) -> NDArray[np.bool_]:
    """Of notes of a part that begin at `times` [s], whether they are heard in the mix.

    `stands_out` says of the WINDOW after it began; the loudest band is that of the other notes of the last second.
    """
    if not len(times):
        return np.zeros(0, bool)
    pad = np.zeros(WINDOW, np.float32)
    padded, whole = (np.concatenate([pad, sound, pad, pad]) for sound in (part, mix))
    starts = np.clip((times * RATE).astype(int), 0, len(part))
    after, before = _bands(padded, starts + WINDOW + 64), _bands(padded, starts)
    around = _bands(whole, starts + WINDOW + 64)
    loudest = np.array([around[(times > t - 1.0) & (times <= t + 0.2)].max() for t in times])[:, None]
    return np.asarray(stands_out(after, before, around, loudest))


def stands_out(after: Powers, before: Powers, around: Powers, loudest: Powers | float) -> NDArray[np.bool_]:
    """Whether what a part begins is audible, (...), from its power (..., bands) after and before it.

    It is where, in some band, the part has SHARE of the mix `around` it and RISE times what it had before, and the band
    is not under the `loudest` of lately by more than 30 dB.
    """
    heard = (after > SHARE * around) & (after > RISE * before) & (around > BELOW * loudest)
    return np.asarray(heard.any(axis=-1))


def _bands(sound: Samples, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Power of (len(starts), 8) bands in the WINDOW samples from each start on."""
    windows = sound[starts[:, None] + np.arange(WINDOW)[None]] if len(starts) else np.zeros((0, WINDOW))
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW), axis=1)) ** 2
    edges = (np.array(EDGES_HZ) * WINDOW / RATE).astype(int)
    return np.add.reduceat(power, edges[:-1], axis=1)
