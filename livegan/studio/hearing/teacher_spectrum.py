"""The spectrogram that BeatNet's networks were trained on: 24 bands an octave, and how they rise, every 20 ms.

M. Heydari, F. Cwitkowitz, Z. Duan 2021, BeatNet: CRNN and particle filtering for online joint beat downbeat and meter
tracking, section 3.1; the bands are those of Boeck, Krebs and Widmer 2016 (Joint beat and downbeat tracking with
recurrent neural networks, section 2.1): triangles on semitone quarters about 440 Hz, each of sum 1.
"""

from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SAMPLE_RATE: Final = 22_050  # [Hz]
WINDOW: Final = 1411  # [samples], 64 ms
HOP: Final = 441  # [samples], 20 ms
LOW_HZ, HIGH_HZ, CENTRE_HZ, PER_OCTAVE = 30.0, 17_000.0, 440.0, 24
AT_ONCE = 1000  # frames that are transformed together

Floats = NDArray[np.float32]


def _bank() -> Floats:
    """Triangles (bins, bands); a band narrower than a bin is one bin, and no bin is the middle of two bands."""
    bins = WINDOW // 2
    hz = np.arange(bins) * (SAMPLE_RATE / (2 * bins))
    first = np.floor(np.log2(LOW_HZ / CENTRE_HZ) * PER_OCTAVE)
    past = np.ceil(np.log2(HIGH_HZ / CENTRE_HZ) * PER_OCTAVE)
    middles = CENTRE_HZ * 2.0 ** (np.arange(first, past) / PER_OCTAVE)
    middles = middles[(middles >= LOW_HZ) & (middles <= HIGH_HZ)]
    nearest = np.clip(np.searchsorted(hz, middles), 1, bins - 1)
    nearest = np.unique(nearest - (middles - hz[nearest - 1] < hz[nearest] - middles))
    bank = np.zeros((bins, len(nearest) - 2), np.float32)
    for band, (low, middle, high) in enumerate(zip(nearest[:-2], nearest[1:-1], nearest[2:], strict=True)):
        if high - low < 2:
            middle, high = low, low + 1
        bank[low:middle, band] = np.linspace(0.0, 1.0, middle - low, endpoint=False)
        bank[middle:high, band] = np.linspace(1.0, 0.0, high - middle, endpoint=False)
    return np.asarray(bank / bank.sum(axis=0))


def teacher_spectrum(sound: Floats) -> Floats:
    """log10(1 + magnitude) and its positive rise, (frames, 272), of mono `sound` (n,) at 22050 Hz.

    Frame k is centred on sample 441 k; sound is silent before its start and after its end.
    """
    frames = -(-len(sound) // HOP)
    bank, shape = _bank(), np.hanning(WINDOW).astype(np.float32)
    padded = np.pad(np.asarray(sound, np.float32), (WINDOW // 2, WINDOW + HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    bands = np.empty((frames, bank.shape[1]), np.float32)
    for at in range(0, frames, AT_ONCE):
        bins = scipy.fft.rfft(windows[at : min(at + AT_ONCE, frames)] * shape, axis=1)
        bands[at : at + AT_ONCE] = np.log10(1.0 + np.abs(bins[:, : WINDOW // 2]) @ bank)
    rise = np.zeros_like(bands)
    np.maximum(bands[1:] - bands[:-1], 0.0, out=rise[1:])
    return np.concatenate((bands, rise), axis=1)
