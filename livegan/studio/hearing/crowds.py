"""Crowds: cheers, babble, whistles and applause of many people, each with a voice, hands and a place of their own."""

import numpy as np
import scipy.signal

from livegan.studio.hearing.formants import TRACT, VOWELS, Mono, fricative, glottis, mouth, swell
from livegan.studio.hearing.rooms import Room

BODIES = ("man", "woman", "child")
CHEERS = ("ɛ", "æ", "ɑ", "u", "ɔ", "i")
CALLS = 60  # that differ, in one crowd
HALL = Room(rt60_s=1.2, wet=0.9, size_m=25.0)


def cheer(seconds: float, sample_rate: int, rng: np.random.Generator, people: int = 30, hall: Room = HALL) -> Mono:
    """A cheering crowd, (n,), RMS 1: calls of 0.4-2.5 s, some whistles, a roar of noise behind, claps in between."""
    count = round(seconds * sample_rate)
    sound = np.zeros(count)
    number = round(people * seconds / 2.5)
    calls = [_call(rng.uniform(0.4, 2.5), sample_rate, rng) for _ in range(min(number, CALLS))]
    for index in range(number):  # where there are many, each is heard again, from elsewhere
        put(sound, calls[index % CALLS] * _distance(rng), rng.uniform(-1.0, seconds), sample_rate)
    for _ in range(rng.poisson(seconds * people / 120)):
        put(sound, whistle(sample_rate, rng) * _distance(rng), rng.uniform(-0.5, seconds), sample_rate)
    roar = unit(_roar(count, sample_rate, rng)) * rng.uniform(0.5, 1.5)
    clapping = unit(applause(seconds, sample_rate, rng, rng.uniform(20, 120), hall)) * rng.uniform(0.1, 0.6)
    return unit(hall(unit(sound) + roar, sample_rate, rng) + clapping)


def babble(seconds: float, sample_rate: int, rng: np.random.Generator, people: int = 20, hall: Room = HALL) -> Mono:
    """Many who talk at once, (n,), RMS 1: syllables of 0.1-0.3 s from each, with pauses of their own."""
    count = round(seconds * sample_rate)
    sound = np.zeros(count)
    for _ in range(people):
        talk(sound, sample_rate, rng, _distance(rng))
    return unit(hall(sound, sample_rate, rng))


def talk(sound: Mono, sample_rate: int, rng: np.random.Generator, level: float = 1.0) -> None:
    """Add one who talks to a sound (n,): phrases of syllables, whose pitch falls and wanders, with pauses."""
    body = BODIES[rng.integers(2)]
    base = rng.uniform(85, 140) if body == "man" else rng.uniform(160, 250)
    at, end = rng.uniform(0, 2), len(sound) / sample_rate
    rate = rng.uniform(0.75, 1.3)
    while at < end:
        fall = 1.0
        for _ in range(rng.integers(3, 18)):
            length = rate * rng.uniform(0.09, 0.28)
            if rng.random() < 0.6:
                noise = fricative(str(rng.choice(list("sʃfhtkp"))), round(0.07 * sample_rate), sample_rate, rng)
                put(sound, 0.15 * level * rng.uniform(0.3, 1) * noise, at - 0.06, sample_rate)
            pitch = base * fall * rng.uniform(0.88, 1.16)
            put(sound, level * rng.uniform(0.4, 1) * _syllable(length, pitch, body, sample_rate, rng), at, sample_rate)
            at += length * rng.uniform(0.9, 1.5)
            fall *= rng.uniform(0.97, 1.005)
        at += rng.exponential(0.5) + 0.12


def whistle(sample_rate: int, rng: np.random.Generator) -> Mono:
    """A whistle with two fingers, (n,), peak about 1: 0.3-1.2 s that glides between 1.2 and 3.5 kHz."""
    count = round(rng.uniform(0.3, 1.2) * sample_rate)
    bends = np.interp(np.linspace(0, 3, count), range(4), rng.uniform(1200, 3500, 4))
    phase = 2 * np.pi * np.cumsum(bends * (1 + 0.004 * rng.standard_normal(count))) / sample_rate
    breath = fricative("ʃ", count, sample_rate, rng) * 0.08
    return np.asarray((np.sin(phase) + 0.1 * np.sin(2 * phase) + breath) * swell(count, sample_rate, 0.05, 0.15))


def applause(
    seconds: float, sample_rate: int, rng: np.random.Generator, claps_per_s: float = 80.0, hall: Room = HALL
) -> Mono:
    """Applause, (n,), RMS 1: each pair of hands has its own pace of 2.5-5 claps a second and its own resonance.

    `claps_per_s`: of all hands together, 0.5 for one who claps now and then, 1000 for a full hall (Peltola and others,
    "Synthesis of Hand Clapping Sounds", IEEE TASLP 15(3), 2007).
    """
    count = round(seconds * sample_rate)
    sound = np.zeros(count)
    hands = max(1, round(claps_per_s / 3.8))
    swells = np.interp(np.linspace(0, 6, 64), range(7), rng.uniform(0.5, 1.0, 7))
    for _ in range(hands):
        pace, level = rng.uniform(2.5, 5.0), _distance(rng)
        clap = _clap(sample_rate, rng)
        at = rng.uniform(-0.5, 0.5)
        while at < seconds:
            if rng.random() < min(1.0, claps_per_s / 3.8):
                now = level * rng.uniform(0.5, 1) * swells[min(63, int(max(at, 0) / seconds * 64))]
                put(sound, clap * now, at, sample_rate)
            at += max(0.08, rng.normal(1.0, 0.09)) / pace
            if rng.random() < 0.02:
                at += rng.exponential(0.8)
            if rng.random() < 0.15:
                clap = _clap(sample_rate, rng)
    return unit(hall(sound, sample_rate, rng))


def put(sound: Mono, part: Mono, at_s: float, sample_rate: int) -> None:
    """Add a part to a sound in place, beginning at a time [s]; what lies outside is left off."""
    first = round(at_s * sample_rate)
    begin, end = max(first, 0), min(first + len(part), len(sound))
    if end > begin:
        sound[begin:end] += part[begin - first : end - first]


def unit(sound: Mono) -> Mono:
    """The sound with RMS 1; silence stays silence."""
    rms = float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    return np.asarray(sound / rms if rms > 1e-9 else sound)


def _distance(rng: np.random.Generator) -> float:
    """Level of someone in a crowd: few are near."""
    return float(1.0 / rng.uniform(1.0, 8.0))


def _call(seconds: float, sample_rate: int, rng: np.random.Generator) -> Mono:
    """One who cheers: a loud vowel, or one that becomes another ("woo", "yeah"), whose pitch rises and falls."""
    count = round(seconds * sample_rate)
    body = BODIES[rng.choice(3, p=(0.45, 0.4, 0.15))]
    base = {"man": 220.0, "woman": 420.0, "child": 550.0}[body] * rng.uniform(0.7, 1.5)
    bends = np.interp(np.linspace(0, 3, count), range(4), base * rng.uniform((0.75, 1, 1, 0.6), (1, 1.3, 1.3, 0.95)))
    source = glottis(bends * (1 + 0.01 * np.sin(np.arange(count) * 33 / sample_rate)), sample_rate, rng, 0.1)
    shapes = [VOWELS[vowel] for vowel in rng.choice(CHEERS, 2)]
    mix = swell(count, sample_rate, seconds / 2, 0.01)
    first, second = (mouth(source, shape, sample_rate, TRACT[body]) for shape in shapes)
    return unit(first * (1 - mix) + second * mix) * swell(count, sample_rate, 0.06, 0.3)


def _syllable(seconds: float, pitch: float, body: str, sample_rate: int, rng: np.random.Generator) -> Mono:
    count = max(8, round(seconds * sample_rate))
    source = glottis(np.linspace(pitch * rng.uniform(0.94, 1.08), pitch, count), sample_rate, rng)
    vowel = VOWELS[str(rng.choice(list(VOWELS)))]
    return unit(mouth(source, vowel, sample_rate, TRACT[body])) * swell(count, sample_rate, 0.025, 0.05)


def _roar(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """What hundreds of far voices become: noise of 250-2500 Hz that swells slowly."""
    band = scipy.signal.butter(
        1, (rng.uniform(200, 400), rng.uniform(1500, 3000)), "band", fs=sample_rate, output="sos"
    )
    points = max(3, round(count / sample_rate / 1.5))
    slow = np.interp(np.linspace(0, points - 1, count), range(points), rng.uniform(0.4, 1.0, points))
    return np.asarray(scipy.signal.sosfilt(band, rng.standard_normal(count)) * slow)


def _clap(sample_rate: int, rng: np.random.Generator) -> Mono:
    """One clap of two hands: 30 ms of noise through the resonance of the hollow between them, 600-2500 Hz."""
    count = round(0.03 * sample_rate)
    centre, quality = rng.uniform(600, 2500), rng.uniform(1.0, 3.0)
    top, below = scipy.signal.iirpeak(centre, quality, fs=sample_rate)
    noise = rng.standard_normal(count)
    time_s = np.arange(count) / sample_rate
    struck = (scipy.signal.lfilter(top, below, noise) * 3 + 0.3 * noise) * np.exp(-time_s / rng.uniform(0.003, 0.008))
    return np.asarray(struck / max(float(np.abs(struck).max()), 1e-9))
