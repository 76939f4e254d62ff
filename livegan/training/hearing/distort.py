"""Data augmentation of band power: rooms, noise, microphones, compressors, tempo and pitch.

Powers of independent sounds add up, so a crowd is mixed in, a room's tail appended and a microphone's curve applied
without touching a sample, thousands of times faster than in sound.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import scipy.signal
from numpy.random import Generator
from numpy.typing import NDArray

from livegan.networks.hearing_bands import AUDIBLE, BANDS, FRAME_RATE, MIDDLES_HZ, QUIETEST, power_bands

Floats = NDArray[np.float32]
OCTAVES = np.log2(MIDDLES_HZ / 1000.0)
TEXTURE_S, TEXTURE_RATE = 120, 44100  # of noise


def stretched(power: Floats, stretch: float, frames: int, first: float) -> Floats:
    """`frames` of log power (n, BANDS) from frame `first` on, read `stretch` times as fast; silence around it."""
    at = first + np.arange(frames) * stretch
    low = np.floor(at).astype(int)
    share = np.asarray(at - low, np.float32)[:, None]
    padded = np.concatenate((power, np.full((1, BANDS), QUIETEST, np.float32)))
    outside = len(power)
    before = np.where((low >= 0) & (low < len(power)), low, outside)
    after = np.where((low + 1 >= 0) & (low + 1 < len(power)), low + 1, outside)
    if not share.any():
        return np.asarray(padded[before])
    return np.asarray(padded[before] * (1.0 - share) + padded[after] * share)


def transposed(power: Floats, steps: int) -> Floats:
    """Shifted by so many bands, 1.5 semitones each; the edge bands are repeated."""
    return np.asarray(power[:, np.clip(np.arange(BANDS) - steps, 0, BANDS - 1)])


def equaliser(rng: Generator, depth: float = 1.0) -> Floats:
    """A smooth random curve over the bands [decades of power], a few bumps and a tilt."""
    curve = rng.normal(0.0, 0.12) * OCTAVES
    for _ in range(rng.integers(1, 5)):
        middle, width = rng.uniform(-4.5, 4.0), rng.uniform(0.4, 2.0)
        curve += rng.normal(0.0, 0.5) * np.exp(-0.5 * ((OCTAVES - middle) / width) ** 2)
    return np.asarray(curve * depth, np.float32)


def microphone(rng: Generator) -> Floats:
    """A bad microphone's curve [decades of power]: no bass, few trebles, a resonance."""
    curve = equaliser(rng, 0.7)
    if rng.random() < 0.8:
        low_hz, slope = np.exp(rng.uniform(np.log(100), np.log(500))), rng.uniform(0.6, 2.4)  # 6..24 dB an octave
        curve -= slope * np.clip(np.log2(low_hz / MIDDLES_HZ), 0.0, None)
    if rng.random() < 0.6:
        high_hz, slope = np.exp(rng.uniform(np.log(2500), np.log(11000))), rng.uniform(0.8, 4.0)
        curve -= slope * np.clip(np.log2(MIDDLES_HZ / high_hz), 0.0, None)
    return np.asarray(np.maximum(curve, -9.0), np.float32)


def room(linear: Floats, rng: Generator) -> Floats:
    """Power with the tail of a room: 0.15 to 1.8 s to -60 dB, less for trebles."""
    rt60_s = np.exp(rng.uniform(np.log(0.15), np.log(1.8)))
    per_band_s = rt60_s * 2.0 ** (-rng.uniform(0.0, 0.3) * np.clip(OCTAVES, -1.0, None))
    keep = 10.0 ** (-6.0 / (np.maximum(per_band_s, 0.05) * FRAME_RATE))
    tail = np.empty_like(linear)
    late = int(rng.integers(0, 4))
    for band in range(BANDS):
        tail[:, band] = scipy.signal.lfilter([1.0 - keep[band]], [1.0, -keep[band]], linear[:, band])
    reverberant = 10.0 ** rng.uniform(-1.0, 0.6)  # tail against direct sound, as energy
    if late:
        tail = np.concatenate((np.zeros((late, BANDS), np.float32), tail[:-late]))
    return np.asarray(linear + reverberant * tail, np.float32)


@cache
def _noise_texture() -> Floats:
    """Power in bands of white noise against its mean, (frames, BANDS): how it flickers, low bands most."""
    noise = np.random.default_rng(0).standard_normal(TEXTURE_S * TEXTURE_RATE).astype(np.float32)
    power = np.power(10.0, power_bands(noise, TEXTURE_RATE).astype(np.float32))
    return np.asarray(power / power.mean(axis=0))


def walled(linear: Floats, rng: Generator) -> Floats:
    """Power behind a wall of sound of the same colour, as of distorted guitars: hits hardly rise above it."""
    texture = _noise_texture()
    flicker = texture[(int(rng.integers(len(texture))) + np.arange(len(linear))) % len(texture)]
    wall = linear.mean(axis=0) * np.power(flicker, rng.uniform(0.5, 1.0))
    steps = np.cumsum(rng.random(len(linear)) < 1.0 / rng.uniform(10.0, 60.0))  # notes
    wall *= np.power(10.0, rng.normal(0.0, 0.15, (steps[-1] + 1, BANDS)))[steps]
    return np.asarray(linear + wall * 10.0 ** rng.uniform(-0.6, 1.0), np.float32)


def compressed(power: Floats, rng: Generator) -> Floats:
    """Log power through a compressor: what is loud is turned down, for a while."""
    level = np.log10(np.power(10.0, power).mean(axis=1))
    release = np.exp(-1.0 / (rng.uniform(0.05, 0.5) * FRAME_RATE))
    smooth = scipy.signal.lfilter([1.0 - release], [1.0, -release], level - level[0]) + level[0]
    above = np.clip(smooth - np.quantile(level, rng.uniform(0.2, 0.7)), 0.0, None)
    return np.asarray(power - rng.uniform(0.3, 0.9) * above[:, None], np.float32)


def levelled(power: Floats, rng: Generator) -> Floats:
    """Log power at another level, sometimes drifting or jumping."""
    gain = np.full(len(power), rng.uniform(-3.0, 0.3))
    if rng.random() < 0.25:
        gain += np.linspace(0.0, rng.normal(0.0, 0.8), len(power))
    if rng.random() < 0.15:
        gain[int(rng.integers(len(power))) :] += rng.normal(0.0, 0.8)
    return np.asarray(power + gain[:, None], np.float32)


def distorted(power: Floats, rng: Generator, noise: Callable[[Generator], Floats], strength: float) -> Floats:
    """Log power (frames, BANDS) as it may reach a microphone; `strength` 0..1: how often anything happens to it.

    `noise` gives other sound of the same length, as log power.
    """

    def happens(share: float) -> bool:
        return bool(rng.random() < share * strength)

    if happens(0.3):
        power = transposed(power, int(rng.integers(-3, 4)))
    if happens(0.7):
        power = power + equaliser(rng)
    dense, in_room, noisy = happens(0.3), happens(0.45), happens(0.45)
    if dense or in_room or noisy:
        linear = np.power(np.float32(10.0), power)
        if dense:
            linear = walled(linear, rng)
        if in_room:
            linear = room(linear, rng)
        if noisy:
            other = np.power(np.float32(10.0), noise(rng) + equaliser(rng))
            ratio = 10.0 ** (-rng.uniform(-0.2, 2.5))
            usual = max(float(linear.mean()), 1e-12)
            linear = linear + other * np.float32(ratio * usual / max(float(other.mean()), 1e-12))
        power = np.log10(np.maximum(linear, np.float32(10.0**QUIETEST)))
    if happens(0.35):
        power = power + microphone(rng)
    if happens(0.35):
        power = compressed(power, rng)
    power = levelled(power, rng)
    floor = np.float32(rng.uniform(AUDIBLE - 1.5, AUDIBLE + 1.0)) if happens(0.7) else np.float32(QUIETEST)
    return np.asarray(np.logaddexp(power * np.log(10), floor * np.log(10)) / np.log(10), np.float32)
