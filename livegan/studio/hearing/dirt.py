"""Acoustic conditions of listening: clean, in a room with a crowd, through a phone; pure functions of sound and seed.

`CONDITIONS` are fixed, so that results can be compared; `rough` and `phoned` draw their own rooms, crowds, microphones
and codecs from the seed, to learn from.
"""

from collections.abc import Callable, Mapping

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from livegan.studio.hearing.codec import any_codec, transcode
from livegan.studio.hearing.crowds import cheer, unit
from livegan.studio.hearing.rooms import Room

Sound = NDArray[np.float32]  # (n,) mono, full scale is -1..1
Condition = Callable[[Sound, int, int], Sound]

CROWD_DB = -10.0  # of the benchmark's crowd, against the music
DRIVE = 2.5
LOUD = 0.7  # peak of what was driven
BAND_HZ = (300.0, 7000.0)  # of the benchmark's phone
BLOCK_S = 0.002  # of the automatic gain


def clean(sound: Sound, sample_rate: int, seed: int) -> Sound:
    """The sound (n,) as it is."""
    return np.asarray(sound, np.float32)


def room(sound: Sound, sample_rate: int, seed: int) -> Sound:
    """In a room of 0.6 s with a cheering crowd 10 dB below, driven into saturation; (n,), within -0.7..0.7."""
    rng = np.random.default_rng([seed, 1])
    heard = Room(rt60_s=0.6, wet=1.0, size_m=10.0)(sound, sample_rate, rng)
    return saturate(among(heard, sample_rate, rng, CROWD_DB), DRIVE)


def phone(sound: Sound, sample_rate: int, seed: int) -> Sound:
    """Through a phone: nothing below 300 Hz (24 dB an octave) or above 7 kHz, automatic gain, clipping, AAC; (n,)."""
    rng = np.random.default_rng([seed, 2])
    heard = microphone(Room(rt60_s=0.3, wet=0.3, size_m=4.0)(sound, sample_rate, rng), sample_rate, rng, BAND_HZ)
    clipped = 0.8 * np.clip(1.6 * automatic_gain(heard, sample_rate), -1, 1)
    return transcode(np.asarray(clipped, np.float32), sample_rate, "aac", 32000)


CONDITIONS: Mapping[str, Condition] = {"clean": clean, "room": room, "phone": phone}


def rough(sound: Sound, sample_rate: int, seed: int) -> Sound:
    """In some room (0.3-1.2 s) among some crowd (6-14 dB below), saturated more or less; (n,)."""
    rng = np.random.default_rng([seed, 3])
    place = Room(rng.uniform(0.3, 1.2), rng.uniform(0.3, 2.0), rng.uniform(4, 30))
    crowd = among(place(sound, sample_rate, rng), sample_rate, rng, -rng.uniform(6, 14))
    return saturate(crowd, rng.uniform(0.5, 4.0))


def phoned(sound: Sound, sample_rate: int, seed: int) -> Sound:
    """Through some phone: its band, bumps, automatic gain, clipping, handling and codec at random; (n,)."""
    rng = np.random.default_rng([seed, 4])
    place = Room(rng.uniform(0.2, 0.9), rng.uniform(0.0, 1.0), rng.uniform(3, 15))
    band = (rng.uniform(120, 450), rng.uniform(3500, 10000))
    heard = microphone(place(sound, sample_rate, rng), sample_rate, rng, band)
    if rng.random() < 0.7:
        heard = automatic_gain(heard, sample_rate, rng.uniform(0.03, 0.4))
    heard = unit(heard) * 0.15
    if rng.random() < 0.3:
        heard = heard + handling(len(heard), sample_rate, rng) * rng.uniform(0.02, 0.1)
    heard = np.clip(heard * 10 ** (rng.uniform(-6, 18) / 20), -1, 1)
    return any_codec(np.asarray(heard, np.float32), sample_rate, rng)


def among(
    sound: NDArray[np.float64], sample_rate: int, rng: np.random.Generator, crowd_db: float
) -> NDArray[np.float64]:
    """The sound (n,) with a cheering crowd at a level [dB] against its RMS."""
    if not len(sound):
        return sound
    rms = float(np.sqrt(np.mean(sound**2)))
    crowd = cheer(len(sound) / sample_rate, sample_rate, rng, people=int(rng.integers(15, 40)))
    return np.asarray(sound + crowd[: len(sound)] * rms * 10 ** (crowd_db / 20))


def saturate(sound: NDArray[np.float64], drive: float) -> Sound:
    """Bent by tanh as a loudspeaker or preamplifier bends it, (n,), within ±0.7: the loud peaks reach `drive`."""
    loud = float(np.quantile(np.abs(sound), 0.999)) if len(sound) else 0.0
    return np.asarray(LOUD * np.tanh(drive * sound / max(loud, 1e-6)), np.float32)


def microphone(
    sound: NDArray[np.float64], sample_rate: int, rng: np.random.Generator, band_hz: tuple[float, float]
) -> NDArray[np.float64]:
    """A small microphone, (n,): a band [Hz] with steep sides, three bumps of up to 6 dB, and its own hiss at -55 dB."""
    if not len(sound):
        return sound
    low, high = band_hz
    sections = [scipy.signal.butter(4, low, "highpass", fs=sample_rate, output="sos")]
    if high < 0.45 * sample_rate:
        sections.append(scipy.signal.butter(4, high, fs=sample_rate, output="sos"))
    heard = scipy.signal.sosfilt(np.vstack(sections), sound)
    for _ in range(3):
        centre = float(np.exp(rng.uniform(np.log(low * 1.5), np.log(min(high, 0.4 * sample_rate) / 1.3))))
        top, below = scipy.signal.iirpeak(centre, rng.uniform(1, 4), fs=sample_rate)
        heard = heard + rng.uniform(-0.4, 1.0) * scipy.signal.lfilter(top, below, heard)
    rms = float(np.sqrt(np.mean(heard**2)))
    return np.asarray(heard + rng.standard_normal(len(heard)) * rms * 10 ** (-55 / 20))


def automatic_gain(sound: NDArray[np.float64], sample_rate: int, release_s: float = 0.15) -> NDArray[np.float64]:
    """Automatic gain of a phone, (n,), most of it within ±1: falls in 5 ms when loud, back in `release_s`."""
    if not len(sound):
        return sound
    size = max(1, round(BLOCK_S * sample_rate))
    blocks = np.pad(np.abs(sound), (0, -len(sound) % size)).reshape(-1, size).max(axis=1)
    fall, rise = np.exp(-BLOCK_S / 0.005), np.exp(-BLOCK_S / release_s)
    level, levels = float(blocks[0]), np.empty(len(blocks))
    for index, block in enumerate(blocks.tolist()):
        keep = fall if block > level else rise
        level = block + (level - block) * keep
        levels[index] = level
    floor = 0.05 * float(levels.max())
    gains = 0.5 / np.maximum(levels, max(floor, 1e-6)) ** 0.7
    smooth = np.interp(np.arange(len(sound)) / size, np.arange(len(gains)) + 0.5, gains)
    heard = sound * smooth
    return np.asarray(heard / max(float(np.quantile(np.abs(heard), 0.995)), 1e-6))


def handling(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Bumps and rubs of a hand that holds the phone, (count,), RMS 1 or silence."""
    sound = np.zeros(count)
    for _ in range(rng.poisson(count / sample_rate / 3)):
        length = round(rng.uniform(0.03, 0.5) * sample_rate)
        band = scipy.signal.butter(1, rng.uniform(200, 1500), fs=sample_rate, output="sos")
        rub = scipy.signal.sosfilt(band, rng.standard_normal(length)) * np.hanning(length) * rng.uniform(0.2, 1)
        first = int(rng.integers(max(1, count)))
        sound[first : first + length] += rub[: count - first]
    return unit(sound)
