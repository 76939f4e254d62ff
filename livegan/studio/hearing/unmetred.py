"""Sounds without a beat that are no noise either: singers, talkers, free solos, plinks, drones, textures, effects.

`UNMETRED` is the table of them all: maker(seconds, sample_rate, rng) -> Unmetred, its sound with RMS 1.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.signal

from livegan.audio.fluidsynth import DRUMS, Synth
from livegan.audio.soundfont import find_soundfont
from livegan.studio.hearing.crowds import put, talk, unit
from livegan.studio.hearing.formants import Mono, swell
from livegan.studio.hearing.noises import band, coloured, wander
from livegan.studio.hearing.rooms import Room
from livegan.studio.hearing.voices import SCALES, any_singer, choir, rubato, sing

KITS: Mapping[str, tuple[int, ...]] = {"kick": (35, 36), "snare": (38, 40), "hat": (42, 44, 46)}
BLOWN = (40, 41, 42, 56, 57, 60, 64, 65, 66, 68, 70, 71, 73, 74, 75, 77, 78, 79)  # programs of General MIDI from 0
STRUCK = (0, 4, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 46, 107, 108, 112)
PADS = (48, 49, 50, 52, 88, 89, 90, 91, 92, 93, 94, 95, 97, 99, 101)


class Unmetred(NamedTuple):
    """A sound (n,) without a beat, and when it has what onsets [s]; those not named are not known."""

    sound: Mono
    events: Mapping[str, Sequence[float]] = {}


Maker = Callable[[float, int, np.random.Generator], Unmetred]


def _room(sound: Mono, sample_rate: int, rng: np.random.Generator) -> Mono:
    """In a room of any size, or in none."""
    if rng.random() < 0.3:
        return unit(sound)
    return unit(Room(rng.uniform(0.2, 2.5), rng.uniform(0.1, 1.5), rng.uniform(3, 25))(sound, sample_rate, rng))


def _singer(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    singer = any_singer(rng)
    return Unmetred(_room(sing(rubato(seconds, rng, singer.body), seconds, sample_rate, rng, singer), sample_rate, rng))


def _humming(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    singer = any_singer(rng, hum=True)
    return Unmetred(_room(sing(rubato(seconds, rng, singer.body), seconds, sample_rate, rng, singer), sample_rate, rng))


def _chant(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """A choir that sings in free time, as plainsong is."""
    line = rubato(seconds, rng, "man")
    return Unmetred(_room(choir(line, seconds, sample_rate, rng, int(rng.integers(3, 7))), sample_rate, rng))


def _talkers(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """One who talks, or two or three at once."""
    sound = np.zeros(round(seconds * sample_rate))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        talk(sound, sample_rate, rng)
    return Unmetred(_room(sound, sample_rate, rng))


def _played(
    notes: Sequence[tuple[float, float, int, int]], programs: Sequence[int], seconds: float, sample_rate: int,
    rng: np.random.Generator, drums: bool = False,
) -> Mono:  # fmt: skip
    """Notes (begin [s], length [s], pitch, velocity) of the usual SoundFont, each by one of `programs`."""
    events = []
    for begin, length, pitch, velocity in notes:
        channel = DRUMS if drums else int(rng.integers(len(programs)))
        events += [(begin, 1, channel, pitch, velocity), (begin + length, 0, channel, pitch, 0)]
    parts, done = [], 0
    with Synth(find_soundfont(None), sample_rate) as synth:
        for channel, program in enumerate(programs):
            synth.program(channel, program)
        synth.room(rng.random(), rng.random() * 0.8)
        for moment, on, channel, pitch, velocity in sorted(events):
            until = max(done, min(round(moment * sample_rate), round(seconds * sample_rate)))
            parts.append(synth.render(until - done).mean(axis=1))
            done = until
            if on:
                synth.note_on(channel, pitch, velocity)
            else:
                synth.note_off(channel, pitch)
        parts.append(synth.render(round(seconds * sample_rate) - done).mean(axis=1))
    sound = np.concatenate(parts).astype(np.float64)
    steady = scipy.signal.butter(2, 20, "highpass", fs=sample_rate, output="sos")  # some instruments are off centre
    return unit(np.asarray(scipy.signal.sosfilt(steady, sound)))


def _free_times(seconds: float, rng: np.random.Generator, slow: float, fast: float) -> list[float]:
    """Moments without a measure: each waits for a time of its own, whose scale drifts, with rests."""
    at, moments, pace = rng.uniform(0.1, 1.0), [], np.exp(rng.uniform(np.log(fast), np.log(slow)))
    while at < seconds - 0.1:
        moments.append(float(at))
        at += max(0.04, pace * np.exp(rng.normal(0, 0.7)))
        pace = float(np.clip(pace * np.exp(rng.normal(0, 0.15)), fast, slow))
        if rng.random() < 0.06:
            at += rng.uniform(0.5, 3.0)
    return moments


def _solo(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """A flute, violin, saxophone that plays freely: long and short notes, quick scales, held ends."""
    times = _free_times(seconds, rng, 1.2, 0.12)
    pitch, notes = int(rng.integers(58, 78)), []
    for moment, after in zip(times, [*times[1:], seconds], strict=True):
        pitch = int(np.clip(pitch + rng.choice((-5, -3, -2, -1, 1, 2, 3, 5)), 55, 88))
        notes.append((moment, min(after - moment, 4.0) * rng.uniform(0.8, 1.05), pitch, int(rng.integers(50, 110))))
    sound = _played(notes, (int(rng.choice(BLOWN)),), seconds, sample_rate, rng)
    return Unmetred(_room(sound, sample_rate, rng), {"onset": times})


def _noodling(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """Struck and plucked notes at random moments, alone or in clusters."""
    times = _free_times(seconds, rng, 0.9, 0.09)
    notes = [
        (moment, rng.uniform(0.1, 2), int(rng.integers(45, 90)), int(rng.integers(40, 115)))
        for moment in times
        for _ in range(rng.choice((1, 1, 1, 2, 3)))
    ]
    programs = [int(program) for program in rng.choice(STRUCK, int(rng.integers(1, 4)))]
    return Unmetred(_room(_played(notes, programs, seconds, sample_rate, rng), sample_rate, rng), {"onset": times})


def _tapping(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """A drummer who tries the kit: hits at random moments."""
    times = _free_times(seconds, rng, 1.0, 0.1)
    names = [str(rng.choice(list(KITS))) for _ in times]
    notes = [
        (at, 0.2, int(rng.choice(KITS[name])), int(rng.integers(45, 120)))
        for at, name in zip(times, names, strict=True)
    ]
    sound = _room(_played(notes, (), seconds, sample_rate, rng, drums=True), sample_rate, rng)
    each = {drum: [at for at, name in zip(times, names, strict=True) if name == drum] for drum in KITS}
    return Unmetred(sound, {"onset": times, **each})


def _pads(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """Chords of strings and synthesizers that fade into each other every 3-9 s."""
    notes, at = [], 0.0
    scale = SCALES[str(rng.choice(list(SCALES)))]
    key = int(rng.integers(40, 52))
    while at < seconds:
        length = rng.uniform(3, 9)
        for degree in rng.choice(len(scale), int(rng.integers(2, 5)), replace=False):
            pitch = key + scale[degree] + 12 * int(rng.integers(0, 3))
            notes.append((at + rng.uniform(0, 0.6), length + rng.uniform(0, 2), pitch, int(rng.integers(40, 90))))
        at += length
    programs = [int(program) for program in rng.choice(PADS, int(rng.integers(1, 4)))]
    sound = _played(notes, programs, seconds, sample_rate, rng)
    dull = scipy.signal.sosfilt(scipy.signal.butter(2, rng.uniform(800, 6000), fs=sample_rate, output="sos"), sound)
    return Unmetred(_room(np.asarray(dull), sample_rate, rng))


def _tuning(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """An orchestra that tunes: many instruments on A, fifths and scales, each in its own time."""
    notes = []
    for _ in range(rng.integers(8, 20)):
        at = rng.uniform(0, 4)
        while at < seconds:
            length = rng.uniform(0.2, 4)
            notes.append(
                (at, length, int(rng.choice((45, 50, 55, 57, 62, 64, 69, 69, 69, 76, 81))), int(rng.integers(30, 90)))
            )
            at += length + rng.exponential(1.0)
    programs = [int(program) for program in rng.choice(BLOWN, 8)]
    return Unmetred(_room(_played(notes, programs, seconds, sample_rate, rng), sample_rate, rng))


def _drone(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """Tones that stay, and whose overtones come and go: singing bowls, engines of ships, feedback."""
    count = round(seconds * sample_rate)
    base = float(np.exp(rng.uniform(np.log(45), np.log(220))))
    time_s = np.arange(count) / sample_rate
    sound = np.zeros(count)
    for number in range(1, int(rng.integers(6, 16))):
        hertz = base * number * (1 + rng.normal(0, rng.choice((0.0005, 0.02))))
        strength = wander(count, sample_rate, rng, rng.uniform(0.05, 0.4), 0, 1) ** 2 / number
        sound += strength * np.sin(2 * np.pi * hertz * time_s + rng.uniform(0, 6))
    breath = band(coloured(count, sample_rate, rng, -3), sample_rate, base * 2, base * 12)
    return Unmetred(_room(unit(sound) + rng.uniform(0, 0.4) * unit(breath), sample_rate, rng))


def _grains(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """Granular texture: thousands of grains of 20-200 ms, whose pitch and density drift."""
    count = round(seconds * sample_rate)
    sound = np.zeros(count)
    base = np.exp(rng.uniform(np.log(150), np.log(900)))
    ratios = rng.choice((0.5, 1, 1.5, 2, 2.5, 3, 4), 5)
    for _ in range(round(seconds * rng.uniform(15, 90))):
        size = round(rng.uniform(0.02, 0.2) * sample_rate)
        hertz = base * rng.choice(ratios) * (1 + rng.normal(0, 0.01))
        tone = np.sin(2 * np.pi * hertz * np.arange(size) / sample_rate) + 0.2 * rng.standard_normal(size)
        put(sound, rng.uniform(0.1, 1) * np.hanning(size) * tone, rng.uniform(0, seconds), sample_rate)
    return Unmetred(_room(sound * wander(count, sample_rate, rng, 0.2, 0.3, 1), sample_rate, rng))


def _effects(seconds: float, sample_rate: int, rng: np.random.Generator) -> Unmetred:
    """Effects of a film or a game: sweeps, booms, whooshes, zaps and bells at random moments."""
    sound = np.zeros(round(seconds * sample_rate))
    for moment in _free_times(seconds, rng, 3.0, 0.5):
        size = round(rng.uniform(0.2, 2.5) * sample_rate)
        time_s = np.arange(size) / sample_rate
        first, last = np.exp(rng.uniform(np.log(60), np.log(4000), 2))
        tone = np.sin(2 * np.pi * np.cumsum(np.geomspace(first, last, size)) / sample_rate)
        noise = band(rng.standard_normal(size), sample_rate, min(first, last), max(first, last) * 1.5)
        kind = rng.integers(4)
        if kind == 0:
            part = tone * swell(size, sample_rate, 0.02, 0.1)
        elif kind == 1:
            part = unit(noise) * np.hanning(size)
        elif kind == 2:
            part = unit(band(noise + rng.standard_normal(size), sample_rate, 30, 400)) * np.exp(-time_s * 4)
        else:
            bell = sum(np.sin(2 * np.pi * first * ratio * time_s) for ratio in (1, 2.76, 5.4, 8.93))
            part = np.asarray(bell) * np.exp(-time_s * rng.uniform(2, 8))
        put(sound, rng.uniform(0.2, 1) * part, moment, sample_rate)
    return Unmetred(_room(sound, sample_rate, rng))


UNMETRED: Mapping[str, Maker] = {
    maker.__name__[1:]: maker
    for maker in (
        _singer,
        _humming,
        _chant,
        _talkers,
        _solo,
        _noodling,
        _tapping,
        _pads,
        _tuning,
        _drone,
        _grains,
        _effects,
    )
}
