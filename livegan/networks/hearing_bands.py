"""Input of the hearing network: power in logarithmic bands a hundred times a second, whitened, and its rise.

Whitening by each band's own loudest moment (Stowell & Plumbley 2007) makes gain and the colour of a microphone cancel
out; the rise is compared with the greatest of three neighbours (SuperFlux, Boeck & Widmer 2013, section 2.2).
"""

from math import log, log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livegan.core.window import asymmetric_window, bin_hz, scaled_window

FRAME_RATE: Final = 100  # frames a second
LOW_HZ, HIGH_HZ = 30.0, 16_000.0
APART_HZ = 25.0  # two neighbouring bands are at least so far apart
PER_OCTAVE = 8
WINDOW_48K = 2048  # [samples] at 44.1 and 48 kHz, scaled for other rates
QUIETEST = -12.0  # log10 of a power that is silence
AUDIBLE = -8.0  # ... of one that a band is measured against at the least
LAST = 0.48  # of the sample rate: no band is centred above
RANGE = 4.0  # of whitened bands [decades of power]: so far below its loudest moment a band is silent
BELOW_LOUDEST = 3.5  # no band is measured against less than so many decades below the whole sound's loudest moment
FALL_PER_FRAME = 1.0 / (6.0 * FRAME_RATE)  # how fast the loudest moment is forgotten [decades]
LAG = 2  # frames that a rise is measured over
FALL, LN_10, ZERO, ONE = (np.float32(number) for number in (FALL_PER_FRAME, log(10.0), 0.0, 1.0))

Floats = NDArray[np.float32]


def _middles() -> NDArray[np.float64]:
    middles = [LOW_HZ]
    while middles[-1] < HIGH_HZ:
        middles.append(max(middles[-1] + APART_HZ, middles[-1] * 2.0 ** (1.0 / PER_OCTAVE)))
    return np.array(middles)


MIDDLES_HZ: Final = _middles()[1:-1]  # of the bands; the two outermost are edges only
BANDS: Final = len(MIDDLES_HZ)
INPUTS: Final = 2 * BANDS + 1  # whitened bands, their rise, the level


def filter_bank(window: int, sample_rate: int) -> Floats:
    """Triangles of sum 1 over the bins, (BANDS, window // 2 + 1); above half the sample rate a row is zero."""
    edges, bins = _middles(), bin_hz(window, sample_rate)
    half = sample_rate / window  # a triangle is at least a bin wide on either side
    low = np.minimum(edges[:-2], MIDDLES_HZ - half)[:, None]
    high = np.maximum(edges[2:], MIDDLES_HZ + half)[:, None]
    middle = MIDDLES_HZ[:, None]
    weights = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0.0, None)
    weights[LAST * sample_rate < MIDDLES_HZ] = 0.0
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12), np.float32)


class HearingBands:
    """Power in bands of the newest samples, live."""

    def __init__(self, sample_rate: int) -> None:
        """Of sound at `sample_rate` [Hz], 8000 or more."""
        self.window = max(64, scaled_window(WINDOW_48K, sample_rate))
        shape = asymmetric_window(self.window) * self.window  # "forward" transforms divide by that
        self.shape = shape.astype(np.float32)
        self._of_dc = np.fft.rfft(self.shape, norm="forward")
        self._of_dc /= self._of_dc[0]
        self._bank = filter_bank(self.window, sample_rate).T.copy()
        self._windowed: Floats = np.zeros(self.window, np.float32)

    def __call__(self, newest: Floats) -> Floats:
        """log10 of the power, (BANDS,), of the newest `window` samples, oldest first."""
        return self.of(np.multiply(newest, self.shape, out=self._windowed))

    def of(self, windowed: Floats) -> Floats:
        """The same of windowed sound, (..., BANDS) of (..., window). The mean under the window does not count."""
        bins = np.fft.rfft(windowed, norm="forward")  # in single precision, which others are not
        bins -= bins[..., :1] * self._of_dc
        power = np.square(bins.real)
        power += np.square(bins.imag)
        bands = power @ self._bank
        bands += np.float32(10.0**QUIETEST)
        return np.asarray(np.log10(bands, out=bands))


def power_bands(sound: Floats, sample_rate: int) -> NDArray[np.float16]:
    """log10 of the power, (frames, BANDS), of mono `sound` (n,): what `HearingBands` gives at every 10 ms.

    Frame k ends at sample (k + 1) * sample_rate / 100; before the sound there was silence.
    """
    live = HearingBands(sample_rate)
    frames = len(sound) * FRAME_RATE // sample_rate
    padded = np.concatenate((np.zeros(live.window, np.float32), np.asarray(sound, np.float32)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, live.window)
    ends = (np.arange(1, frames + 1) * sample_rate) // FRAME_RATE
    out = np.empty((frames, BANDS), np.float16)
    for at in range(0, frames, 512):
        out[at : at + 512] = live.of(windows[ends[at : at + 512]] * live.shape)
    return out


class HearingInput:
    """Conditioned input of the network, frame by frame."""

    def __init__(self) -> None:
        """Before the first frame there was silence."""
        self._loudest: Floats = np.full(BANDS + 1, AUDIBLE, np.float32)  # of every band, and of the whole
        self._ceilings: Floats = np.zeros((LAG, BANDS), np.float32)
        self._at = 0
        self.values: Floats = np.zeros(INPUTS, np.float32)
        self._now, self._rise = self.values[:BANDS], self.values[BANDS : 2 * BANDS]

    def step(self, log_power: Floats) -> Floats:
        """The input (INPUTS,) after one more frame (BANDS,); lent until the next step."""
        loudest, now, rise = self._loudest, self._now, self._rise
        whole = log10(float(np.add.reduce(np.exp(log_power * LN_10))) / BANDS)
        loudest -= FALL
        np.maximum(loudest[:BANDS], log_power, out=loudest[:BANDS])
        loudest[BANDS] = max(float(loudest[BANDS]), whole)
        np.maximum(loudest, np.float32(AUDIBLE), out=loudest)
        at_most = float(loudest[BANDS])
        np.maximum(loudest[:BANDS], np.float32(at_most - BELOW_LOUDEST), out=now)
        np.subtract(log_power, now, out=now)
        now *= np.float32(1.0 / RANGE)
        now += ONE
        np.maximum(now, ZERO, out=now)
        np.minimum(now, ONE, out=now)
        past = self._ceilings[self._at]
        np.subtract(now, past, out=rise)
        np.maximum(rise, ZERO, out=rise)
        self.values[2 * BANDS] = min(max((whole - at_most) / RANGE + 1.0, 0.0), 1.0)
        past[:] = now
        np.maximum(past[1:], now[:-1], out=past[1:])
        np.maximum(past[:-1], now[1:], out=past[:-1])
        self._at = (self._at + 1) % LAG
        return self.values


def condition(log_power: Floats) -> Floats:
    """The input of every frame, (frames, INPUTS), of all (frames, BANDS): what `HearingInput` gives step by step."""
    log_power = np.asarray(log_power, np.float32)
    whole = np.log10(np.power(10.0, log_power).mean(axis=1, keepdims=True))
    both = np.concatenate((log_power, whole), axis=1)
    fallen = FALL_PER_FRAME * np.arange(len(both), dtype=np.float32)[:, None]
    loudest = np.maximum(np.maximum.accumulate(both + fallen, axis=0) - fallen, AUDIBLE)
    against = np.maximum(loudest[:, :BANDS], loudest[:, BANDS:] - BELOW_LOUDEST)
    now = np.clip((log_power - against) / RANGE + 1.0, 0.0, 1.0)
    ceiling = now.copy()
    np.maximum(ceiling[:, 1:], now[:, :-1], out=ceiling[:, 1:])
    np.maximum(ceiling[:, :-1], now[:, 1:], out=ceiling[:, :-1])
    past = np.concatenate((np.zeros((LAG, BANDS), np.float32), ceiling[:-LAG]))[: len(now)]
    level = np.clip((whole - loudest[:, BANDS:]) / RANGE + 1.0, 0.0, 1.0)
    return np.concatenate((now, np.maximum(now - past, 0.0), level), axis=1, dtype=np.float32)
