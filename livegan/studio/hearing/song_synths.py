"""Synthesizers of made songs: supersaw, acid, FM, chip, 808; knobs turned at random, a whole part at a time."""

from collections.abc import Callable

import numpy as np
import scipy.signal

from livegan.core.types import Samples
from livegan.studio.hearing.song_score import ScoreNote

RATE = 44100
LONGEST_S = 6.0

Tone = Callable[[float, int], np.ndarray]  # (Hz, samples) -> (samples,)


def play(kind: str, notes: tuple[ScoreNote, ...], seconds: float, seed: int) -> Samples:
    """Sound of a part, (n,) mono. KeyError for a synthesizer that is not here."""
    rng = np.random.default_rng([seed, len(kind)])
    tone, release_s, low_hz = MAKERS[kind](rng)
    sound = np.zeros(round(seconds * RATE) + 1, np.float32)
    kept: dict[tuple[int, int], np.ndarray] = {}
    for note in notes:
        length = round(min(note.length_s + release_s, LONGEST_S) * RATE)
        key = (note.pitch, -(-length // 4410) * 4410)
        if key not in kept:
            kept[key] = tone(440 * 2 ** ((note.pitch - 69) / 12), key[1])
        wave = kept[key][:length] * np.float32(0.3 + 0.7 * note.velocity)
        attack, release = min(40, length), min(round(release_s * RATE), length)
        wave[:attack] *= np.linspace(0, 1, attack)
        wave[length - release :] *= np.linspace(1, 0, release) ** 2
        start = round(note.start_s * RATE)
        since = max(0, -start)
        wave = wave[since:]
        start = max(start, 0)
        room = len(sound) - start
        if room > 0 and len(wave):
            sound[start : start + len(wave)] += wave[:room]
    if low_hz < 15000:
        filters = scipy.signal.butter(2, low_hz, fs=RATE, output="sos")
        sound = np.asarray(scipy.signal.sosfilt(filters, sound), np.float32)
    return sound


def _saw(hertz: float, count: int, phase: float = 0.0) -> np.ndarray:
    return 2 * ((np.arange(count) * (hertz / RATE) + phase) % 1.0) - 1


def _supersaw(rng: np.random.Generator) -> tuple[Tone, float, float]:
    spread = rng.uniform(0.002, 0.012)
    detunes = 1 + spread * np.linspace(-1, 1, int(rng.choice([3, 5, 7])))
    phases = rng.random(len(detunes))

    def tone(hertz: float, count: int) -> np.ndarray:
        saws = [_saw(hertz * d, count, p) for d, p in zip(detunes, phases, strict=True)]
        return np.asarray(np.mean(np.array(saws), axis=0))

    return tone, float(rng.uniform(0.03, 0.3)), float(rng.uniform(2500, 16000))


def _saw_bass(rng: np.random.Generator) -> tuple[Tone, float, float]:
    detune = rng.uniform(1.002, 1.02)

    def tone(hertz: float, count: int) -> np.ndarray:
        return np.asarray(np.tanh(1.5 * (_saw(hertz, count) + _saw(hertz * detune, count, 0.4))))

    return tone, 0.03, float(np.exp(rng.uniform(np.log(180), np.log(3000))))


def _acid(rng: np.random.Generator) -> tuple[Tone, float, float]:
    base, peak, decay, sharp = (
        rng.uniform(150, 500),
        rng.uniform(800, 4000),
        rng.uniform(0.05, 0.25),
        rng.uniform(1.5, 5),
    )

    def tone(hertz: float, count: int) -> np.ndarray:
        time = np.arange(count) / RATE
        cut = base + peak * np.exp(-time / decay)
        sound = np.zeros(count)
        for k in range(1, int(min(30, 9000 / hertz)) + 1):
            ratio = k * hertz / cut
            weight = (1 / (1 + ratio**4) + sharp * np.exp(-((ratio - 1) ** 2) * 12)) / k
            sound += weight * np.sin(2 * np.pi * k * hertz * time)
        return np.tanh(sound)

    return tone, 0.02, 16000.0


def _bass_808(rng: np.random.Generator) -> tuple[Tone, float, float]:
    drive, decay, drop = rng.uniform(1, 6), rng.uniform(0.3, 1.6), rng.uniform(0, 2.5)

    def tone(hertz: float, count: int) -> np.ndarray:
        time = np.arange(count) / RATE
        turns = np.cumsum(hertz * (1 + drop * np.exp(-time / 0.015))) / RATE
        return np.tanh(drive * np.sin(2 * np.pi * turns) * np.exp(-time / decay))

    return tone, 0.04, 16000.0


def _fm(rng: np.random.Generator) -> tuple[Tone, float, float]:
    ratio, index = float(rng.choice([1, 2, 3, 3.5, 7, 1.41])), rng.uniform(1, 7)
    dull, decay = rng.uniform(0.05, 0.6), rng.uniform(0.2, 1.6)

    def tone(hertz: float, count: int) -> np.ndarray:
        time = np.arange(count) / RATE
        bent = index * np.exp(-time / dull) * np.sin(2 * np.pi * ratio * hertz * time)
        return np.sin(2 * np.pi * hertz * time + bent) * np.exp(-time / decay)

    return tone, 0.15, 16000.0


def _chip(rng: np.random.Generator) -> tuple[Tone, float, float]:
    width = float(rng.choice([0.125, 0.25, 0.5, 0.0]))
    decay = float(rng.choice([0.1, 0.3, 5.0]))

    def tone(hertz: float, count: int) -> np.ndarray:
        phase = (np.arange(count) * (hertz / RATE)) % 1.0
        wave = np.where(phase < width, 1.0, -1.0) if width else np.round(8 * np.abs(2 * phase - 1)) / 4 - 1
        return wave * np.exp(-np.arange(count) / RATE / decay)

    return tone, 0.005, 16000.0


def _pluck(rng: np.random.Generator) -> tuple[Tone, float, float]:
    decay, bright = rng.uniform(0.1, 0.7), rng.uniform(0.3, 3)
    odd = rng.random() < 0.3

    def tone(hertz: float, count: int) -> np.ndarray:
        time = np.arange(count) / RATE
        sound = np.zeros(count)
        for k in range(1, int(min(20, 12000 / hertz)) + 1, 2 if odd else 1):
            sound += np.sin(2 * np.pi * k * hertz * time) / k * np.exp(-time * (1 + k / bright) / decay)
        return sound

    return tone, 0.05, 16000.0


def _plain(rng: np.random.Generator) -> tuple[Tone, float, float]:
    square, decay = rng.random() < 0.5, rng.uniform(0.15, 3.0)

    def tone(hertz: float, count: int) -> np.ndarray:
        wave = np.sign(_saw(hertz, count)) if square else _saw(hertz, count)
        return wave * np.exp(-np.arange(count) / RATE / decay)

    return tone, 0.03, float(np.exp(rng.uniform(np.log(500), np.log(7000))))


MAKERS: dict[str, Callable[[np.random.Generator], tuple[Tone, float, float]]] = {
    "supersaw": _supersaw,
    "saw bass": _saw_bass,
    "acid": _acid,
    "808 bass": _bass_808,
    "fm bell": _fm,
    "chip": _chip,
    "pluck": _pluck,
    "synth bass": _plain,
    "synth lead": _plain,
}
