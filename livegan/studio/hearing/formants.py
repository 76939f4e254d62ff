"""Formant synthesis: a glottal source through the resonances of a mouth; vowels, and consonants of noise.

Source and filter after Fant, "Acoustic Theory of Speech Production" (1960); the pulse after Rosenberg, "Effect of
Glottal Pulse Shape on the Quality of Natural Vowels" (1971), type C; formants of vowels after Peterson and Barney,
"Control Methods Used in a Study of the Vowels" (1952), table II, men; bandwidths after Dunn (1961), rounded.
"""

import numpy as np
import scipy.signal
from numpy.typing import NDArray

Mono = NDArray[np.float64]  # (n,)

VOWELS: dict[str, tuple[float, float, float]] = {  # F1, F2, F3 [Hz] of a man
    "i": (270, 2290, 3010),
    "ɪ": (390, 1990, 2550),
    "ɛ": (530, 1840, 2480),
    "æ": (660, 1720, 2410),
    "ɑ": (730, 1090, 2440),
    "ɔ": (570, 840, 2410),
    "ʊ": (440, 1020, 2240),
    "u": (300, 870, 2240),
    "ʌ": (640, 1190, 2390),
    "ɝ": (490, 1350, 1690),
}
HIGHER = (3500.0, 4500.0)  # F4, F5 [Hz]
BANDWIDTHS = (60.0, 90.0, 130.0, 200.0, 300.0)  # [Hz]
FRICATIVES: dict[str, tuple[float, float]] = {  # band of the noise [Hz]
    "s": (4500, 9500),
    "ʃ": (2000, 6500),
    "f": (1200, 9000),
    "h": (500, 3500),
    "t": (2500, 8000),
    "k": (1200, 3800),
    "p": (300, 1500),
}
OPENING, CLOSING = 0.4, 0.16  # shares of a period in which the glottis opens, and closes
TRACT = {"man": 1.0, "woman": 1.17, "child": 1.35}  # how much higher the formants are


def glottis(hertz: Mono, sample_rate: int, rng: np.random.Generator, breath: float = 0.02) -> Mono:
    """Sound of the vocal folds: (n,) at the pitch (n,) [Hz] of each sample, RMS about 1; `breath`: noise, 0..1."""
    phase = (rng.random() + np.cumsum(hertz) / sample_rate) % 1.0
    closing = np.clip((phase - OPENING) / CLOSING, 0.0, 1.0)
    flow = np.where(phase < OPENING, 0.5 - 0.5 * np.cos(np.pi * phase / OPENING), np.cos(0.5 * np.pi * closing))
    pulse = np.diff(flow, prepend=flow[:1]) * (sample_rate / np.maximum(hertz, 1.0))
    return np.asarray(0.6 * pulse + breath * 3.0 * flow * rng.standard_normal(len(hertz)))


def mouth(source: Mono, formants: tuple[float, ...], sample_rate: int, tract: float = 1.0) -> Mono:
    """A source (n,) through a chain of resonators, each 1 at 0 Hz; `tract` moves all formants up (Klatt 1980, 1a)."""
    sections = []
    for hertz, bandwidth in zip((*formants, *HIGHER), BANDWIDTHS, strict=True):
        centre = hertz * tract
        if centre > 0.45 * sample_rate:
            continue
        radius = np.exp(-np.pi * bandwidth * tract / sample_rate)
        poles = [1.0, -2.0 * radius * np.cos(2 * np.pi * centre / sample_rate), radius**2]
        sections.append([sum(poles), 0.0, 0.0, *poles])
    return np.asarray(scipy.signal.sosfilt(np.array(sections), source))


def fricative(name: str, count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Noise of a consonant of FRICATIVES, (count,), RMS about 1 in its middle: stops t, k, p begin at once."""
    low, high = FRICATIVES[name]
    band = scipy.signal.butter(2, (low, min(high, 0.45 * sample_rate)), "bandpass", fs=sample_rate, output="sos")
    noise = scipy.signal.sosfilt(band, rng.standard_normal(count))
    shape = np.hanning(count + 2)[1:-1] if name not in "tkp" else np.exp(-np.arange(count) * 5.0 / max(count, 1))
    return np.asarray(noise * shape / max(float(np.std(noise)), 1e-9))


def swell(count: int, sample_rate: int, rise_s: float, fall_s: float) -> Mono:
    """Envelope (count,) 0..1: a raised cosine up, 1, a raised cosine down."""
    rise, fall = (max(1, min(round(part * sample_rate), count // 2)) for part in (rise_s, fall_s))
    shape = np.ones(count)
    if count > 1:
        shape[:rise] = 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
        shape[count - fall :] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / fall)
    return shape
