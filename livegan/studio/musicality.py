"""Musicality of a film: cross-correlation of onset strength and picture change, onsets answered, stillness in silence.

Picture change of a frame is the mean absolute difference of its brightness (sRGB luma, averaged over 32 x 56 cells) to
the frame before, times the frame rate: a share of full white per second. An effect that jumps and decays changes much
in one frame and little in the next ones, so the change itself is what answers. Onset strength is the half-wave
rectified flux of log spectra (Boeck, Krebs & Schedl 2012), from the sound alone, without the live detector's delay.
How much a picture changes while music plays, and in silence, is taken over tenths of a second: what a network's
rounding makes of a movement too slow to be seen is the same in each frame, and no movement.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Samples

Series = NDArray[np.float64]  # (frames,)
Brightness = NDArray[np.float32]  # (frames, cells) of 0..1

ANSWER_S = 0.1  # an answer comes within so long
ANSWER_FACTOR = 2.0  # ... and is so many times the local median of the change
LOCAL_S = 1.0  # before and after
FAINT = 0.02  # a change of less than this share of white a second answers nothing
SMOOTH_S = 0.05  # both series, before they are correlated: the width of a Hann window, twice
RATE_S = 0.1  # over which the rate of change is taken
LAGS_S = (-0.1, 0.4)
BEAT_LAGS_S = (-0.12, 0.2)
BANDS, LOW_HZ, HIGH_HZ = 40, 30.0, 17000.0
WINDOW_S, HOPS_A_FRAME = 0.021, 4


@dataclass(frozen=True, slots=True)
class Musicality:
    """Figures of one scene."""

    lag_ms: float  # of the picture behind the sound, where the correlation is greatest
    correlation: float  # there, -1..1
    answered: float  # share of the drums (kick, snare) that the picture answers within 100 ms
    answered_all: float  # share of all onsets, hats among them
    anywhere: float  # share of all moments that would count as answered: what is left when nobody listens
    beat_lag_ms: float  # median, from a beat to the greatest change around it
    playing: float  # mean change while music plays [share of white a second]
    silence: float  # change after the music has ended, as a share of `playing`

    def facts(self) -> dict[str, Any]:
        """As JSON values, rounded."""
        return {name: round(value, 4 if name == "playing" else 3) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Score:
    """What there is to answer: times in seconds from the first frame."""

    drums_s: Sequence[float]  # kicks and snares
    onsets_s: Sequence[float]  # of any kind
    beats_s: Sequence[float]
    music_s: tuple[float, float]  # judged from, to
    silence_s: tuple[float, float]


def onset_strength(samples: Samples, sample_rate: int, fps: float) -> Series:
    """The greatest flux since the frame before, for each frame of a sound (n, channels)."""
    mono = samples.mean(axis=1)
    size, hop = round(WINDOW_S * sample_rate), sample_rate / fps / HOPS_A_FRAME
    count = int(len(mono) / hop)
    padded = np.concatenate((np.zeros(size // 2), mono, np.zeros(size)))
    starts = (np.arange(count) * hop).astype(int)
    edges: NDArray[Any] = np.geomspace(LOW_HZ, min(HIGH_HZ, sample_rate / 2), BANDS + 1) * size / sample_rate
    edges = np.unique(edges.astype(np.intp))
    window = np.hanning(size)
    spectra = np.abs(np.fft.rfft(np.stack([padded[s : s + size] for s in starts]) * window, axis=1))
    bands = np.log1p(1000 * np.add.reduceat(spectra, edges, axis=1)[:, :-1] / size)
    flux = np.maximum(np.diff(bands, axis=0, prepend=bands[:1]), 0).sum(axis=1)
    whole = flux[: count // HOPS_A_FRAME * HOPS_A_FRAME].reshape(-1, HOPS_A_FRAME).max(axis=1)
    return np.concatenate(([0.0], whole))  # frame 0 has heard nothing


def picture_change(brightness: Brightness, fps: float, frames: int = 1) -> Series:
    """Change of each frame since so many before it: 0 for the first ones."""
    steps = np.abs(brightness[frames:] - brightness[:-frames]).mean(axis=1)
    return np.concatenate((np.zeros(min(frames, len(brightness))), steps * fps / frames))


def judge(strength: Series, brightness: Brightness, score: Score, fps: float, delay_s: float = 0.0) -> Musicality:
    """The figures of a film; `delay_s`: from a frame's time to its light."""
    change = picture_change(brightness, fps)
    rate = picture_change(brightness, fps, max(1, round(RATE_S * fps)))
    first, last = (round(time_s * fps) for time_s in score.music_s)
    music = slice(first, last)
    lag_s, correlation = _correlation(strength[music], change[music], fps)
    bar = _bar(change, fps)
    answers = _answers(change, bar, fps)
    playing = float(rate[music].mean())
    quiet = rate[round(score.silence_s[0] * fps) : round(score.silence_s[1] * fps)]
    return Musicality(
        lag_ms=(lag_s + delay_s) * 1e3,
        correlation=correlation,
        answered=_share(answers, score.drums_s, score.music_s, fps, delay_s),
        answered_all=_share(answers, score.onsets_s, score.music_s, fps, delay_s),
        anywhere=float(answers[music].mean()),
        beat_lag_ms=(_beat_lag(change, score, fps) + delay_s) * 1e3,
        playing=playing,
        silence=float(quiet.mean()) / max(playing, 1e-9),
    )


def _smooth(series: Series, fps: float) -> Series:
    kernel = np.hanning(2 * max(1, round(SMOOTH_S * fps)) + 3)
    return np.convolve(series, kernel / kernel.sum(), "same")


def _correlation(strength: Series, change: Series, fps: float) -> tuple[float, float]:
    """Lag [s] and height of the peak of the cross-correlation (Pearson)."""
    x, y = _smooth(strength, fps), _smooth(change, fps)
    lags = range(round(LAGS_S[0] * fps), round(LAGS_S[1] * fps) + 1)
    values = []
    for lag in lags:
        a, b = (x[: len(x) - lag], y[lag:]) if lag >= 0 else (x[-lag:], y[:lag])
        spread = a.std() * b.std()
        values.append(float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-12 else 0.0)
    best = int(np.argmax(values))
    return lags[best] / fps, values[best]


def _bar(change: Series, fps: float) -> Series:
    """What an answer must exceed, at each frame."""
    reach = round(LOCAL_S * fps)
    padded = np.pad(change, reach, mode="edge")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    return np.maximum(ANSWER_FACTOR * local, FAINT)


def _answers(change: Series, bar: Series, fps: float) -> NDArray[np.bool_]:
    """Whether a sound at the time of each frame would count as answered by the frames after it."""
    over = np.concatenate((change > bar, np.zeros(round(ANSWER_S * fps) + 1, bool)))
    windows = np.lib.stride_tricks.sliding_window_view(over, int(ANSWER_S * fps + 1e-6))
    return np.asarray(windows[: len(change)].any(axis=1))


def _share(
    answers: NDArray[np.bool_], times_s: Sequence[float], music_s: tuple[float, float], fps: float, delay_s: float
) -> float:
    judged = [t for t in times_s if music_s[0] <= t < music_s[1]]
    places = [max(0, int(np.ceil((t - delay_s) * fps - 1e-6))) for t in judged]  # the first frame that is seen after it
    return float(np.mean([answers[place] for place in places if place < len(answers)])) if judged else 0.0


def _beat_lag(change: Series, score: Score, fps: float) -> float:
    """Median time from a beat to the frame with the greatest change around it [s]."""
    lags = []
    for beat_s in score.beats_s:
        if score.music_s[0] <= beat_s < score.music_s[1]:
            first, last = (int(np.ceil((beat_s + lag_s) * fps)) for lag_s in BEAT_LAGS_S)
            around = change[max(first, 0) : last]
            if len(around):
                lags.append((max(first, 0) + int(np.argmax(around))) / fps - beat_s)
    return float(np.median(lags)) if lags else 0.0
