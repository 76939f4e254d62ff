"""Log-mel spectrogram of the music taggers (Pons & Serra 2019): 16 kHz, 96 Slaney bands, 62.5 frames a second."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.sparse import csr_array

from livegan.core.types import Samples, Vector

SAMPLE_RATE = 16000
WINDOW, HOP, BANDS = 512, 256, 96
PATCH = 187  # frames that the networks were trained on: 3 s
PATCH_SAMPLES = (PATCH - 1) * HOP + WINDOW  # of a patch with whole windows: 48128, 3.008 s
LOUDNESS_DB = -18.0  # [dBFS] of tens of seconds: quieter metal is ambient, louder harps are rock
MOST_GAIN = 30.0
_LINEAR_HZ, _KNEE_HZ, _LOG_STEP = 200.0 / 3.0, 1000.0, np.log(6.4) / 27.0  # Slaney's scale [mel]


def log_mel(samples: Vector) -> Samples:
    """log10(1 + 10000 mel power) of mono sound at 16 kHz, (frames, 96), about 0..5.8: of every whole window in it.

    Frame k is of samples 256 k .. 256 k + 512.
    """
    if len(samples) < WINDOW:
        return np.zeros((0, BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    bins = scipy.fft.rfft(windows * _HANN, axis=1)
    power = bins.real**2 + bins.imag**2
    return np.asarray(np.log10(1.0 + 1e4 * (_MEL @ power.T).T), np.float32, order="C")


def reflected(samples: Vector) -> Vector:
    """The sound with half a window of its mirror image at both ends, so that frame k is centred on sample 256 k."""
    return np.pad(samples, WINDOW // 2, mode="reflect") if len(samples) > WINDOW // 2 else samples


def loudness_gain(mean_square: float) -> float:
    """Factor that brings sound of this mean square, of tens of seconds, to the loudness that the networks know best."""
    if mean_square <= 0:
        return 1.0
    return float(np.clip(10 ** (LOUDNESS_DB / 20) / np.sqrt(mean_square), 1 / MOST_GAIN, MOST_GAIN))


def _slaney(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mel numbers of frequencies: linear below 1 kHz, logarithmic above (Slaney 1998, Auditory Toolbox)."""
    knee = _KNEE_HZ / _LINEAR_HZ
    return np.where(hz < _KNEE_HZ, hz / _LINEAR_HZ, knee + np.log(np.maximum(hz, 1e-9) / _KNEE_HZ) / _LOG_STEP)


def _slaney_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _KNEE_HZ / _LINEAR_HZ
    return np.where(mel < knee, mel * _LINEAR_HZ, _KNEE_HZ * np.exp((mel - knee) * _LOG_STEP))


def _bank() -> csr_array:
    """Triangles of area 1 (2 / width [Hz] high) over the bins, (96, 257). Sparse: BLAS would wake threads."""
    top = float(_slaney(np.array([SAMPLE_RATE / 2]))[0])
    edges = _slaney_hz(np.linspace(0.0, top, BANDS + 2))
    bins = np.arange(WINDOW // 2 + 1) * (SAMPLE_RATE / WINDOW)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rising, falling), 0, None) * 2.0 / (edges[2:] - edges[:-2])
    return csr_array(weights.T.astype(np.float32))


_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
_MEL = _bank()
