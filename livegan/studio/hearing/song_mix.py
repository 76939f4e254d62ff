"""Mixing of made songs: levels, drive, equalizer, bus compression, a little room, limiter; all at random."""

import numpy as np
import scipy.signal

from livegan.core.types import Samples

RATE = 44100


def loudness(sound: Samples) -> float:
    """RMS of the louder tenths of seconds: what a mixer would bring to a level."""
    hop = RATE // 10
    if len(sound) < hop:
        return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    rms = np.sqrt((sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1))
    loud = rms[rms > 0.1 * rms.max()] if rms.max() > 0 else rms
    return float(np.sqrt(np.mean(loud**2)))


def levelled(sound: Samples, level_db: float) -> Samples:
    """The sound brought to a loudness of `level_db` [dBov]."""
    now = loudness(sound)
    return sound * np.float32(10 ** (level_db / 20) / now) if now > 1e-7 else sound


def driven(sound: Samples, gain: float, rng: np.random.Generator) -> Samples:
    """A guitar amplifier: gain, a tube, a loudspeaker."""
    tight = scipy.signal.butter(1, rng.uniform(70, 250), "high", fs=RATE, output="sos")
    hard = np.tanh(gain * scipy.signal.sosfilt(tight, sound) / max(loudness(sound) * 4, 1e-6))
    speaker = scipy.signal.butter(2, (rng.uniform(70, 120), rng.uniform(3500, 6500)), "bandpass", fs=RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(speaker, hard), np.float32)


def equalized(sound: Samples, rng: np.random.Generator, most_db: float = 6.0) -> Samples:
    """Shelves at both ends and a bell, up and down at random."""
    return equalized_alike([sound], rng, most_db)[0]


def equalized_alike(sounds: list[Samples], rng: np.random.Generator, most_db: float = 6.0) -> list[Samples]:
    """Several sounds through one and the same equalizer."""
    sections = []
    for kind in ("low", "high", "peak"):
        gain_db = float(rng.normal(0, most_db / 2))
        if abs(gain_db) < 1:
            continue
        hertz = {
            "low": rng.uniform(80, 300),
            "high": rng.uniform(2500, 8000),
            "peak": np.exp(rng.uniform(np.log(250), np.log(5000))),
        }[kind]
        sections.append(_biquad(kind, float(hertz), float(np.clip(gain_db, -2 * most_db, 2 * most_db))))
    return [filtered(sound, np.array(sections)) for sound in sounds] if sections else sounds


def filtered(sound: Samples, sections: np.ndarray) -> Samples:
    """Through second-order sections (n, 6)."""
    return np.asarray(scipy.signal.sosfilt(sections, sound), np.float32)


def _biquad(kind: str, hertz: float, gain_db: float) -> np.ndarray:
    """Section (6,) of a shelf or bell (R. Bristow-Johnson, Cookbook formulae for audio EQ)."""
    root, turn = 10 ** (gain_db / 40), 2 * np.pi * hertz / RATE
    cos, alpha = np.cos(turn), np.sin(turn) / 2 / 0.8
    if kind == "peak":
        b, a = [1 + alpha * root, -2 * cos, 1 - alpha * root], [1 + alpha / root, -2 * cos, 1 - alpha / root]
        return np.asarray(np.array(b + a) / a[0])
    side, slope = (1 if kind == "low" else -1), 2 * np.sqrt(root) * alpha
    b = [
        root * ((root + 1) - side * (root - 1) * cos + slope),
        side * 2 * root * ((root - 1) - side * (root + 1) * cos),
        root * ((root + 1) - side * (root - 1) * cos - slope),
    ]
    a = [
        (root + 1) + side * (root - 1) * cos + slope,
        side * -2 * ((root - 1) + side * (root + 1) * cos),
        (root + 1) + side * (root - 1) * cos - slope,
    ]
    return np.asarray(np.array(b + a) / a[0])


def compressed(sound: Samples, threshold_db: float, ratio: float, release_s: float) -> Samples:
    """A bus compressor with an attack of some 5 ms: louder hits push the rest down."""
    hop = 220
    count = -(-len(sound) // hop)
    padded = np.pad(np.abs(sound), (0, count * hop - len(sound))).reshape(count, hop).max(axis=1)
    keep = float(np.exp(-hop / RATE / release_s))
    level = np.empty(count)
    last = 0.0
    for at, peak in enumerate(padded.tolist()):
        last = max(peak, last * keep)
        level[at] = last
    over_db = np.maximum(20 * np.log10(level + 1e-9) - threshold_db, 0)
    gain = 10 ** (-over_db * (1 - 1 / ratio) / 20)
    return np.asarray(sound * np.interp(np.arange(len(sound)), np.arange(count) * hop + hop, gain), np.float32)


def roomy(sound: Samples, rng: np.random.Generator, seconds: float, share: float) -> Samples:
    """With a little room: a tail of noise that dies away."""
    time = np.arange(round(1.2 * seconds * RATE)) / RATE
    tail = rng.standard_normal(len(time)) * np.exp(-6.9 * time / seconds) * (time > 0.008)
    tail = scipy.signal.sosfilt(scipy.signal.butter(1, (250, 5000), "bandpass", fs=RATE, output="sos"), tail)
    tail *= 1 / np.sqrt(np.sum(tail**2))
    wet = scipy.signal.oaconvolve(sound, tail)[: len(sound)]
    return np.asarray(sound + share * wet, np.float32)


def ducked(sound: Samples, kicks: np.ndarray, depth: float, release_s: float) -> Samples:
    """Pushed down by every kick, as a side chain does."""
    gain = np.ones(len(sound), np.float32)
    shape = 1 - depth * np.exp(-np.arange(round(3 * release_s * RATE)) / RATE / release_s)
    for kick in kicks:
        at = round(float(kick) * RATE)
        if 0 <= at < len(gain):
            part = gain[at : at + len(shape)]
            np.minimum(part, shape[: len(part)], out=part)
    return sound * gain


def mastered(sound: Samples, rng: np.random.Generator) -> Samples:
    """The finished mix, peak at most 1, from a quiet demo to a loud master."""
    sound = equalized(sound, rng, 4.0)
    if rng.random() < 0.12:  # no bass at all, as a small loudspeaker
        sound = np.asarray(
            scipy.signal.sosfilt(scipy.signal.butter(2, rng.uniform(150, 500), "high", fs=RATE, output="sos"), sound),
            np.float32,
        )
    if rng.random() < 0.12:  # dull
        sound = np.asarray(
            scipy.signal.sosfilt(scipy.signal.butter(2, rng.uniform(2500, 8000), fs=RATE, output="sos"), sound),
            np.float32,
        )
    if rng.random() < 0.5:
        sound = roomy(sound, rng, float(rng.uniform(0.15, 1.6)), float(rng.uniform(0.03, 0.35)))
    sound = sound / max(float(np.abs(sound).max()), 1e-6)
    if rng.random() < 0.6:
        sound = compressed(
            sound, float(rng.uniform(-26, -8)), float(rng.uniform(1.5, 6)), float(rng.uniform(0.05, 0.3))
        )
        sound = sound / max(float(np.abs(sound).max()), 1e-6)
    if rng.random() < 0.5:
        sound = np.tanh(float(rng.uniform(1, 6)) * sound)
    if rng.random() < 0.15:
        limit = float(rng.uniform(0.2, 0.7))
        sound = np.clip(sound, -limit, limit)
    peak_db = float(rng.choice([rng.uniform(-3, 0), rng.uniform(-24, 0)]))
    return np.asarray(sound * (10 ** (peak_db / 20) / max(float(np.abs(sound).max()), 1e-6)), np.float32)
