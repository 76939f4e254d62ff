"""Demo track composer: synthesises every sound from numbers. `python -m tools.make_demo_track [FILE]`."""

import sys
from collections.abc import Iterator
from functools import cache

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from livegan.audio.demo import BAR_S, BEAT_S, CHORDS, FILLS_FROM_S, LENGTH_S, ROOTS, SECTIONS, demo_track
from livegan.core.types import Samples

RATE = 48_000
LENGTH = round(LENGTH_S * RATE)
PEAK = 10 ** (-2.5 / 20)  # a little room: Vorbis overshoots by about a decibel
Sound = NDArray[np.float64]  # (n,) or (n, 2)

NOTES = {name: i for i, name in enumerate(["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"])}
# A melody of (beat in the phrase of eight bars, note, length in beats).
MELODY = (
    *((0, "E5", 1.5), (1.5, "D5", 0.5), (2, "C5", 2), (4, "A4", 1.5), (5.5, "C5", 0.5), (6, "F5", 2)),
    *((8, "E5", 1.5), (9.5, "G5", 0.5), (10, "E5", 2), (12, "D5", 3), (15, "E5", 1)),
    *((16, "F5", 1.5), (17.5, "E5", 0.5), (18, "D5", 2), (20, "C5", 1.5), (21.5, "B4", 0.5), (22, "A4", 2)),
    *((24, "C5", 1), (25, "E5", 1), (26, "A5", 2), (28, "G#5", 2), (30, "B5", 2)),
)


def hertz(note: str) -> float:
    """Frequency of a note such as "G#3" [Hz]; A4 is 440."""
    return float(440.0 * 2.0 ** ((NOTES[note[:-1]] + 12 * int(note[-1]) - 57) / 12))


def seconds(length_s: float) -> Sound:
    """Times of the samples of a sound so long [s]."""
    return np.arange(round(length_s * RATE)) / RATE


def noise(name: str, length_s: float, channels: int = 1) -> Sound:
    """White noise with a name: the same name gives the same noise."""
    rng = np.random.default_rng(list(name.encode()))
    return rng.standard_normal((round(length_s * RATE), channels))


def passed(sound: Sound, kind: str, *edges_hz: float, order: int = 2) -> Sound:
    """Through a Butterworth filter: "low", "high" or "band"."""
    edge = edges_hz[0] if len(edges_hz) == 1 else edges_hz
    return np.asarray(sosfilt(butter(order, edge, kind, fs=RATE, output="sos"), sound, axis=0))


def saw(frequency_hz: float, length_s: float, cutoff_hz: float, phase: float = 0.0) -> Sound:
    """A sawtooth without aliasing, its harmonics above `cutoff_hz` falling by 12 dB per octave."""
    at = np.arange(2048) / 2048
    harmonics = range(1, max(2, int(min(12_000, 8 * cutoff_hz) / frequency_hz)))
    table = sum(np.sin(2 * np.pi * k * at) / k / (1 + (k * frequency_hz / cutoff_hz) ** 2) for k in harmonics)
    turn = (seconds(length_s) * frequency_hz + phase) % 1 * 2048
    return np.asarray(np.interp(turn, np.arange(2049), np.append(table, 0.0)))


def shaped(length_s: float, attack_s: float, release_s: float) -> Sound:
    """Rises within `attack_s`, falls over the last `release_s`."""
    t = seconds(length_s)
    fall = np.sin(np.pi / 2 * np.clip((length_s - t) / release_s, 0, 1)) ** 2
    return np.asarray(np.clip(t / attack_s, 0, 1) * fall)


def panned(sound: Sound, place: float) -> Sound:
    """Mono to stereo: `place` -1 left, 1 right, equal power."""
    angle = (place + 1) * np.pi / 4
    return np.stack([sound * np.cos(angle), sound * np.sin(angle)], axis=-1)


# --- instruments: each gives one short sound


def kick() -> Sound:
    """A sine that falls from 190 to 47 Hz, and a click."""
    t = seconds(0.38)
    body = np.sin(2 * np.pi * (47 * t + 143 * 0.028 * (1 - np.exp(-t / 0.028)))) * np.exp(-t / 0.13)
    click = passed(noise("kick", 0.38), "band", 1500, 6000)[:, 0] * np.exp(-t / 0.003)
    return panned(np.tanh(1.6 * body + 0.35 * click) * np.clip((0.38 - t) / 0.03, 0, 1), 0)


def snare() -> Sound:
    """Noise over a short tone."""
    t = seconds(0.26)
    tone = np.sin(2 * np.pi * (185 * t + 1.2 * (1 - np.exp(-t / 0.02)))) * np.exp(-t / 0.06)
    rattle = passed(noise("snare", 0.26, 2), "band", 900, 9000) * np.exp(-t / 0.075)[:, None]
    return 0.55 * panned(tone, 0) + 0.42 * rattle


def hat(open_: bool) -> Sound:
    """High noise: closed 50 ms, open 200 ms."""
    length_s = 0.3 if open_ else 0.08
    fade = np.exp(-seconds(length_s) / (0.085 if open_ else 0.016))
    return passed(noise(f"hat {open_}", length_s, 2), "high", 7500, order=4) * fade[:, None]


@cache
def bass_note(note: str, length_s: float) -> Sound:
    """A dark sawtooth over a sine at the same pitch."""
    t, frequency = seconds(length_s), hertz(note)
    edge = saw(frequency, length_s, 260) * 0.45 + saw(frequency, length_s, 1200) * 0.3 * np.exp(-t / 0.09)
    return panned((edge + 0.8 * np.sin(2 * np.pi * frequency * t)) * shaped(length_s, 0.004, 0.04), 0)


@cache
def chord(notes: str, length_s: float, cutoff_hz: float, attack_s: float, release_s: float) -> Sound:
    """Detuned sawtooths, spread wide."""
    out = np.zeros((round(length_s * RATE), 2))
    for i, note in enumerate(notes.split()):
        for j, (cents, place) in enumerate(((-7, -0.9), (6, 0.9), (-3, 0.35), (4, -0.35))):
            tuned = hertz(note) * 2 ** (cents / 1200)
            out += panned(saw(tuned, length_s, cutoff_hz, phase=(0.37 * i + 0.23 * j) % 1), place)
    return out * shaped(length_s, attack_s, release_s)[:, None]


@cache
def pluck(note: str, place: float) -> Sound:
    """A short bright string."""
    t, frequency = seconds(0.4), hertz(note)
    bright = saw(frequency, 0.4, 4000) * np.exp(-t / 0.05) + saw(frequency, 0.4, 900) * np.exp(-t / 0.13)
    return panned(bright * shaped(0.4, 0.002, 0.05), place)


@cache
def lead(note: str, length_s: float) -> Sound:
    """A soft voice with a late vibrato, an octave doubled below."""
    t = seconds(length_s + 0.15)
    swing = 0.006 * np.clip((t - 0.2) / 0.4, 0, 1) * np.sin(2 * np.pi * 5.2 * t)
    phase = 2 * np.pi * np.cumsum(hertz(note) * (1 + swing)) / RATE
    wave = np.sin(phase) + np.sin(3 * phase) / 7 + np.sin(2 * phase) / 4 + 0.4 * np.sin(phase / 2)
    return panned(wave * shaped(length_s + 0.15, 0.02, 0.18), 0.08)


def riser(length_s: float) -> Sound:
    """Noise and a tone that climb."""
    t = seconds(length_s) / length_s
    out = np.zeros((len(t), 2))
    hiss = noise("riser", length_s, 2)
    for low_hz, start in ((500, 0.0), (1200, 0.3), (3000, 0.6)):
        grown = np.clip((t - start) / (1 - start), 0, 1) ** 2
        out += passed(hiss, "band", low_hz, 3 * low_hz) * grown[:, None]
    climb = np.sin(2 * np.pi * np.cumsum(110 * 2 ** (3 * t)) / RATE) * t**2
    return 0.5 * out + 0.35 * panned(climb, 0)


def crash() -> Sound:
    """What falls on the first beat of the drop."""
    t = seconds(2.5)
    return passed(noise("crash", 2.5, 2), "high", 3000) * (np.exp(-t / 0.55) * shaped(2.5, 0.002, 0.5))[:, None]


# --- the score


class Part:
    """A line of the score: sounds laid at times. What rings past the end rings on at the beginning."""

    def __init__(self) -> None:
        """Silence, as long as the track."""
        self.sound = np.zeros((LENGTH, 2))

    def lay(self, time_s: float, sound: Sound, gain: float = 1.0) -> None:
        """Add a sound that begins at `time_s`."""
        where = (round(time_s * RATE) + np.arange(len(sound))) % LENGTH
        self.sound[where] += gain * sound


def bars(part: str) -> Iterator[tuple[int, float, float]]:
    """Bars in which `part` plays: number, start, and end of its section [s]."""
    for section in SECTIONS:
        if part in section.parts:
            first, last = int(section.start_s // BAR_S), int(np.ceil(section.end_s / BAR_S))
            for bar in range(first, last):
                yield bar, bar * BAR_S, section.end_s


def drums() -> tuple[Part, list[float]]:
    """Kick on every beat, snare on two and four, hats between; and the times of the kicks [s]."""
    part, kicks = Part(), []
    sounds = kick(), snare(), hat(False), hat(True)
    for _, start_s, end_s in bars("kick"):
        last = start_s + BAR_S >= end_s
        for beat in range(4):
            time_s = start_s + beat * BEAT_S
            kicks.append(time_s)
            part.lay(time_s, sounds[0], 0.95)
            if beat % 2:
                part.lay(time_s, sounds[1], 0.75)
            part.lay(time_s + BEAT_S / 2, sounds[3], 0.30)
            for quarter in (0, 1, 3):
                part.lay(time_s + quarter * BEAT_S / 4, sounds[2], 0.26 if quarter == 0 else 0.14)
        if last and start_s >= FILLS_FROM_S:  # a fill
            for i in range(4):
                part.lay(start_s + (3 + i / 4) * BEAT_S, sounds[1], 0.3 + 0.1 * i)
    part.lay(48.0, crash(), 0.35)
    part.lay(24.0, crash(), 0.22)
    return part, kicks


def bass() -> Part:
    """Eighths on the root, an octave up before the bar line."""
    part = Part()
    for bar, start_s, _ in bars("bass"):
        root = ROOTS[CHORDS[bar]]
        up = f"{root[:-1]}{int(root[-1]) + 1}"
        for eighth, note in enumerate((root, root, root, up, root, root, up, root)):
            if eighth:  # the kick has the first one
                part.lay(start_s + eighth * BEAT_S / 2, bass_note(note, 0.23), 0.8)
            else:
                part.lay(start_s, bass_note(note, 0.24), 0.9)
    return part


def chords() -> Part:
    """Pads that swell and stabs off the beat."""
    part = Part()
    for bar, start_s, end_s in bars("pad"):
        name = next(section.name for section in SECTIONS if section.start_s <= start_s < section.end_s)
        cutoff_hz = {"intro": 700 + 150 * bar, "breakdown": 350 * 2 ** ((bar - 20) * 0.9), "outro": 1200}.get(name, 900)
        length_s = min(BAR_S + 0.5, end_s - start_s + 0.4)
        part.lay(start_s, chord(CHORDS[bar], length_s, cutoff_hz, 0.15, 0.6), 0.05 if name == "drop" else 0.085)
    for bar, start_s, _ in bars("stabs"):
        for beat in (0.5, 1.5, 2.75, 3.5):
            part.lay(start_s + beat * BEAT_S, chord(CHORDS[bar], 0.3, 1500, 0.004, 0.2), 0.085)
    return part


def arp() -> Part:
    """Sixteenths up and down the chord, left and right, with an echo."""
    part = Part()
    for bar, start_s, end_s in bars("arp"):
        notes = CHORDS[bar].split()
        ladder = [*notes, *(f"{note[:-1]}{int(note[-1]) + 1}" for note in notes)]
        order = (0, 2, 4, 6, 7, 5, 3, 1, 0, 3, 5, 7, 6, 4, 2, 1)
        for step, rung in enumerate(order):
            time_s = start_s + step * BEAT_S / 4
            if time_s < end_s:
                for echo, gain in enumerate((0.16, 0.07, 0.03)):
                    side = 0.7 if (step + echo) % 2 else -0.7
                    part.lay(time_s + echo * 0.75 * BEAT_S, pluck(ladder[rung], side), gain)
    return part


def melody() -> Part:
    """The tune, over the groove; its first six bars again over the drop."""
    part = Part()
    for section in SECTIONS:
        if "melody" in section.parts:
            for beat, note, length in MELODY:
                time_s = section.start_s + beat * BEAT_S
                if time_s < section.end_s:
                    for echo, gain in enumerate((0.2, 0.06, 0.03)):
                        part.lay(time_s + echo * 1.5 * BEAT_S, lead(note, length * BEAT_S * 0.95), gain)
    return part


# --- the desk


def ducked(sound: Sound, kicks: list[float], depth: float) -> Sound:
    """Quieter right after every kick: the pumping of a side chain."""
    gain = np.ones(LENGTH)
    dip = 1 - depth * np.exp(-seconds(0.5) / 0.11)
    for time_s in kicks:
        at = round(time_s * RATE)
        gain[at : at + len(dip)] = np.minimum(gain[at : at + len(dip)], dip[: LENGTH - at])
    return sound * gain[:, None]


def reverb(sound: Sound, length_s: float) -> Sound:
    """A hall: decaying noise, darker with time, convolved; its end rings on at the beginning."""
    t = seconds(length_s)
    hall = noise("hall", length_s, 2)
    dark = passed(hall, "low", 2200) * 2
    blend = np.clip(t / 0.5, 0, 1)[:, None]
    hall = (
        (hall * (1 - blend) + dark * blend) * np.exp(-6.9 * t / length_s)[:, None] * np.clip(t / 0.012, 0, 1)[:, None]
    )
    hall = passed(hall, "high", 180) / np.sqrt(np.sum(hall**2, axis=0))
    wet = np.stack([fftconvolve(sound[:, side], hall[:, side]) for side in (0, 1)], axis=-1)
    out = wet[:LENGTH].copy()
    out[: len(wet) - LENGTH] += wet[LENGTH:]
    return out


def hush(sound: Sound) -> Sound:
    """True silence where the score has none; it falls within 8 ms and ends at once."""
    for section in SECTIONS:
        if not section.parts:
            start, end, fade = round(section.start_s * RATE), round(section.end_s * RATE), round(0.008 * RATE)
            sound[start - fade : start] *= np.linspace(1, 0, fade)[:, None]
            sound[start:end] = 0
    return sound


def compose() -> Samples:
    """The whole track, (n, 2) float32, peaks at -2.5 dBFS."""
    beat, kicks = drums()
    rise = Part()
    start_s, end_s = next((s.start_s, s.end_s) for s in SECTIONS if "riser" in s.parts)
    rise.lay(start_s + 2, riser(end_s - start_s - 2), 0.22)
    harmony = ducked(chords().sound, kicks, 0.65)
    tune = ducked(arp().sound + melody().sound, kicks, 0.35)
    low = ducked(bass().sound, kicks, 0.75)
    hall = reverb(0.35 * harmony + 0.3 * tune + 0.04 * beat.sound + 0.2 * rise.sound, 2.4)
    mix = beat.sound + 0.42 * low + 0.72 * harmony + 0.8 * tune + rise.sound + 0.4 * hall
    mix = np.tanh(0.75 * passed(np.concatenate([mix[-RATE:], mix]), "high", 25)[RATE:])
    return np.asarray(hush(mix) * (PEAK / np.abs(mix).max()), np.float32)


def write(samples: Samples, path: str) -> None:
    """As OGG Vorbis, a second at a time: libsndfile fails on long single writes."""
    with soundfile.SoundFile(path, "w", RATE, 2, format="OGG", subtype="VORBIS", compression_level=0.5) as file:
        for start in range(0, len(samples), RATE):
            file.write(samples[start : start + RATE])


if __name__ == "__main__":
    target = sys.argv[1] if len(sys.argv) > 1 else str(demo_track())
    write(compose(), target)
    print(f"written: {target}")
