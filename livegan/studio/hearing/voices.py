"""Singers, alone in free time or over a song: syllables by formant synthesis, with glides, vibrato and breath."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livegan.studio.hearing.crowds import put, unit
from livegan.studio.hearing.formants import TRACT, VOWELS, Mono, fricative, glottis, mouth, swell

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "pentatonic": (0, 2, 4, 7, 9)}
RANGES = {"man": (45, 64), "woman": (57, 77), "child": (60, 79)}  # MIDI notes
CONSONANTS = ("", "", "m", "n", "l", "s", "ʃ", "f", "h", "t", "k", "p")
PLOSIVES = "tkp"


@dataclass(frozen=True, slots=True)
class Syllable:
    """A sung syllable: when its vowel begins [s], how long it lasts [s], its MIDI pitch, consonant and vowel."""

    at_s: float
    length_s: float
    pitch: float
    consonant: str  # of CONSONANTS
    vowel: str  # of VOWELS


@dataclass(frozen=True, slots=True)
class Singer:
    """A voice: "man", "woman" or "child"; vibrato [Hz, semitones]; glide from note to note [s]; breath 0..1."""

    body: str = "woman"
    vibrato_hz: float = 5.5
    vibrato: float = 0.4
    glide_s: float = 0.06
    breath: float = 0.05
    hum: bool = False  # with closed lips: low, without consonants


def any_singer(rng: np.random.Generator, hum: bool = False) -> Singer:
    """Any singer."""
    body = str(rng.choice(("man", "woman", "child"), p=(0.45, 0.45, 0.1)))
    return Singer(
        body,
        rng.uniform(4.5, 6.5),
        rng.choice((0.0, 0.2, 0.5, 0.9)),
        rng.uniform(0.02, 0.15),
        rng.uniform(0.01, 0.3),
        hum,
    )


def rubato(seconds: float, rng: np.random.Generator, body: str = "woman") -> list[Syllable]:
    """A line without a beat: phrases of notes whose lengths have no common measure, with breaths between."""
    steps = _Line(rng, body)
    at, syllables = rng.uniform(0.1, 1.0), []
    while at < seconds:
        pace = rng.uniform(0.15, 0.9)
        for _ in range(rng.integers(2, 12)):
            length = pace * float(np.exp(rng.normal(0, 0.55)))
            syllables.append(_syllable(at, length, next(steps), rng))
            at += length * rng.uniform(1.0, 1.15)
            pace *= rng.uniform(0.85, 1.18)
        at += rng.uniform(0.4, 2.2)
    return [syllable for syllable in syllables if syllable.at_s + 0.1 < seconds]


def on_beats(
    beats: Sequence[float], rng: np.random.Generator, body: str = "woman", pitch_classes: Sequence[int] = ()
) -> list[Syllable]:
    """A line over a song with these beats [s]: syllables on beats and halves, loosely (±60 ms), in phrases of 4-16.

    `pitch_classes` 0..11 of the key or the chords, a scale at random if there are none.
    """
    steps = _Line(rng, body, pitch_classes)
    moments = np.asarray(beats, np.float64)
    halves = np.sort(np.concatenate((moments, (moments[1:] + moments[:-1]) / 2)))
    syllables: list[Syllable] = []
    index = int(rng.integers(0, 8))
    while index < len(halves) - 2:
        lag = rng.normal(0.02, 0.02)
        for _ in range(rng.integers(4, 16)):
            held = int(rng.choice((1, 1, 1, 2, 2, 3, 4)))
            if index + held >= len(halves):
                return syllables
            at, until = halves[index], halves[index + held]
            length = (until - at) * rng.uniform(0.7, 1.0)
            syllables.append(_syllable(at + lag + rng.normal(0, 0.02), length, next(steps), rng))
            index += held
        index += int(rng.integers(1, 8))
    return syllables


def sing(
    syllables: Sequence[Syllable],
    seconds: float,
    sample_rate: int,
    rng: np.random.Generator,
    singer: Singer | None = None,
) -> Mono:
    """Sing syllables, (n,), RMS 1 (silence without any): the pitch glides between notes that touch and trembles."""
    singer = singer or Singer()
    sound = np.zeros(round(seconds * sample_rate))
    before: Syllable | None = None
    for number, syllable in enumerate(syllables):
        joined = before is not None and syllable.at_s - before.at_s - before.length_s < 0.08
        if not joined and number and not singer.hum and rng.random() < 0.6:
            inhale = fricative("h", round(0.3 * sample_rate), sample_rate, rng)
            put(sound, 0.03 * inhale, syllable.at_s - 0.4, sample_rate)
        start = before.pitch if joined and before is not None else syllable.pitch - abs(rng.normal(0, 0.7))
        voice = _sung(syllable, start, sample_rate, rng, singer)
        put(sound, voice * rng.uniform(0.6, 1), syllable.at_s, sample_rate)
        if not singer.hum and syllable.consonant in ("s", "ʃ", "f", "h", "t", "k", "p"):
            length = 0.03 if syllable.consonant in PLOSIVES else rng.uniform(0.06, 0.14)
            noise = fricative(syllable.consonant, round(length * sample_rate), sample_rate, rng)
            put(sound, rng.uniform(0.05, 0.25) * noise, syllable.at_s - length, sample_rate)
        before = syllable
    return unit(sound)


def choir(
    syllables: Sequence[Syllable], seconds: float, sample_rate: int, rng: np.random.Generator, people: int = 4
) -> Mono:
    """Several sing the same line, (n,), RMS 1: a little apart in time and pitch, some of them an octave away."""
    sound = np.zeros(round(seconds * sample_rate))
    for _ in range(people):
        singer = any_singer(rng)
        octave = 12 * round((np.mean(RANGES[singer.body]) - np.mean([note.pitch for note in syllables] or [60])) / 12)
        late, off = rng.normal(0, 0.025), rng.normal(0, 0.12)
        own = [
            Syllable(
                note.at_s + late + rng.normal(0, 0.012),
                note.length_s,
                note.pitch + octave + off,
                note.consonant,
                note.vowel,
            )
            for note in syllables
        ]
        sound += sing(own, seconds, sample_rate, rng, singer) * rng.uniform(0.5, 1)
    return unit(sound)


def onsets(syllables: Sequence[Syllable]) -> list[float]:
    """When the vowels begin [s]."""
    return [note.at_s for note in syllables]


def _sung(note: Syllable, start: float, sample_rate: int, rng: np.random.Generator, singer: Singer) -> Mono:
    count = max(64, round((note.length_s + 0.08) * sample_rate))
    time_s = np.arange(count) / sample_rate
    pitch = note.pitch + (start - note.pitch) * np.exp(-time_s / singer.glide_s)
    trembling = singer.vibrato * np.clip((time_s - 0.15) / 0.3, 0, 1)
    pitch = pitch + trembling * np.sin(2 * np.pi * singer.vibrato_hz * time_s + rng.uniform(0, 6))
    drift = np.interp(time_s, np.linspace(0, max(time_s[-1], 0.1), 8), rng.normal(0, 0.06, 8))
    source = glottis(440.0 * 2 ** ((pitch + drift - 69) / 12), sample_rate, rng, singer.breath)
    tract = TRACT[singer.body]
    if singer.hum:
        return unit(mouth(source, (250.0, 1000.0, 2200.0), sample_rate, tract)) * swell(count, sample_rate, 0.09, 0.12)
    spoken = mouth(source, VOWELS[note.vowel], sample_rate, tract)
    rise = 0.02 if note.consonant in PLOSIVES and note.consonant else 0.05
    if note.consonant in ("m", "n", "l"):
        nasal = mouth(source, (280.0, 1100.0 if note.consonant == "m" else 1500.0, 2300.0), sample_rate, tract)
        opening = np.clip((time_s - 0.05) / 0.04, 0, 1)
        spoken = spoken * opening + 0.5 * nasal * (1 - opening)
    return unit(np.asarray(spoken)) * swell(count, sample_rate, rise, 0.08)


def _syllable(at_s: float, length_s: float, pitch: float, rng: np.random.Generator) -> Syllable:
    return Syllable(at_s, max(length_s, 0.08), pitch, str(rng.choice(CONSONANTS)), str(rng.choice(list(VOWELS))))


class _Line:
    """Pitches that walk by steps, sometimes leap, and stay within a voice's range."""

    def __init__(self, rng: np.random.Generator, body: str, pitch_classes: Sequence[int] = ()) -> None:
        scale = SCALES[str(rng.choice(list(SCALES)))]
        key = int(rng.integers(12))
        wanted = {number % 12 for number in pitch_classes} or {(key + step) % 12 for step in scale}
        low, high = RANGES[body]
        self._notes = [note for note in range(low, high + 1) if note % 12 in wanted]
        self._at, self._rng = len(self._notes) // 2, rng

    def __next__(self) -> float:
        step = int(self._rng.choice((-3, -2, -1, -1, 0, 1, 1, 2, 3)))
        self._at = min(max(self._at + step, 0), len(self._notes) - 1)
        return float(self._notes[self._at])
