"""Drum machine: strokes of sine, noise and metal, each kit's knobs turned at random."""

import numpy as np
import scipy.signal

from livegan.core.types import Samples

RATE = 44100


def synthesized(piece: str, rng: np.random.Generator, chip: bool = False) -> list[Samples]:
    """One stroke of a piece, (n,) in a list; of a piece a machine has not, none."""
    if chip and piece in "KSHOCR":
        return [_chip(piece, rng)]
    makers = {
        "K": _kick,
        "j": _kick,
        "S": _snare,
        "F": _snare,
        "C": _clap,
        "H": _hat,
        "O": _hat,
        "P": _hat,
        "D": _metal,
        "Y": _metal,
        "B": _metal,
    }
    makers |= dict.fromkeys("TMLQqbnt", _tom) | dict.fromkeys("RcwWGgZ", _click) | dict.fromkeys("VA", _hat)
    if piece not in makers:
        return []
    return [np.asarray(makers[piece](piece, rng), np.float32)]


def _time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def _kick(piece: str, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.7)
    low, high = rng.uniform(38, 65), rng.uniform(90, 420)
    hertz = low + (high - low) * np.exp(-time / rng.uniform(0.008, 0.05))
    body = np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-time / rng.uniform(0.06, 0.35))
    click = rng.standard_normal(len(time)) * np.exp(-time / rng.uniform(0.001, 0.006)) * rng.uniform(0, 0.5)
    return np.tanh(rng.uniform(1, 5) * (body + click))


def _snare(piece: str, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.5)
    tone = sum(np.sin(2 * np.pi * hertz * time) for hertz in (rng.uniform(150, 240), rng.uniform(280, 420)))
    noise = _passed(rng.standard_normal(len(time)), rng.uniform(600, 2500), rng.uniform(6000, 16000))
    share = rng.uniform(0.2, 0.9)
    sound = (1 - share) * tone * np.exp(-time / rng.uniform(0.03, 0.12)) + share * 2 * noise * np.exp(
        -time / rng.uniform(0.04, 0.2)
    )
    return np.tanh(rng.uniform(1, 3) * sound)


def _clap(piece: str, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.5)
    gap = rng.uniform(0.007, 0.013)
    envelope = sum(np.where(time >= k * gap, np.exp(-(time - k * gap) / 0.004), 0) for k in range(3))
    envelope = envelope + np.where(time >= 3 * gap, np.exp(-(time - 3 * gap) / rng.uniform(0.04, 0.15)), 0)
    centre = rng.uniform(900, 1800)
    return _passed(rng.standard_normal(len(time)), centre * 0.6, centre * 2.5) * envelope


def _hat(piece: str, rng: np.random.Generator) -> np.ndarray:
    decay = {"H": rng.uniform(0.012, 0.06), "P": rng.uniform(0.02, 0.07), "O": rng.uniform(0.12, 0.4)}.get(
        piece, rng.uniform(0.02, 0.06)
    )
    time = _time(min(1.2, decay * 6))
    ring = sum(np.sign(np.sin(2 * np.pi * hertz * time)) for hertz in rng.uniform(300, 900, 6) * rng.uniform(3, 8))
    share = rng.uniform(0, 1)
    sound = _passed(share * rng.standard_normal(len(time)) + (1 - share) * ring / 3, rng.uniform(4000, 8500), 18000)
    attack = np.clip(time / (0.012 if piece == "V" else 0.0005), 0, 1)
    return sound * np.exp(-time / decay) * attack


def _metal(piece: str, rng: np.random.Generator) -> np.ndarray:
    time = _time(1.4)
    ring = sum(
        np.sin(2 * np.pi * hertz * time + rng.uniform(0, 6))
        for hertz in np.exp(rng.uniform(np.log(500), np.log(12000), 24))
    )
    noise = rng.standard_normal(len(time)) * np.exp(-time / rng.uniform(0.05, 0.3))
    return np.asarray((ring / 5 + noise) * np.exp(-time / rng.uniform(0.2, 0.7)))


def _tom(piece: str, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.6)
    low = {"T": 180, "M": 130, "L": 90, "Q": 220, "q": 160, "b": 340, "n": 260, "t": 300}[piece] * rng.uniform(
        0.8, 1.25
    )
    hertz = low * (1 + rng.uniform(0.1, 0.7) * np.exp(-time / 0.03))
    return np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-time / rng.uniform(0.08, 0.25))


def _click(piece: str, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.25)
    centre = {"R": 1700, "c": 2500, "w": 900, "W": 560, "G": 900, "g": 650, "Z": 500}[piece] * rng.uniform(0.8, 1.3)
    sound = np.sin(2 * np.pi * centre * time) + 0.7 * np.sin(2 * np.pi * centre * rng.uniform(1.4, 1.6) * time)
    return sound * np.exp(-time / (0.1 if piece in "WGg" else rng.uniform(0.01, 0.04)))


def _chip(piece: str, rng: np.random.Generator) -> Samples:
    time = _time(0.25)
    hold = {"K": 60, "S": 6, "C": 6}.get(piece, 2)
    noise = np.repeat(rng.choice([-1.0, 1.0], len(time) // hold + 1), hold)[: len(time)]
    if piece == "K":
        hertz = 40 + 240 * np.exp(-time / 0.025)
        noise = np.sign(np.sin(2 * np.pi * np.cumsum(hertz) / RATE))
    decay = {"K": 0.08, "S": 0.07, "C": 0.07, "O": 0.08}.get(piece, 0.02)
    return np.asarray(noise * np.exp(-time / decay), np.float32)


def _passed(sound: np.ndarray, low: float, high: float) -> np.ndarray:
    filters = scipy.signal.butter(2, (low, min(high, 20000)), "bandpass", fs=RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(filters, sound))
