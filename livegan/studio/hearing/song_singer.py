"""Singer of made songs: a pulse train through vowels that change, vibrato, slides, consonants, breath; no words."""

import numpy as np
import scipy.signal

from livegan.core.types import Samples
from livegan.studio.hearing.song_score import ScoreNote

RATE = 44100
VOICE_RATE = RATE // 2  # of the voice itself, which has nothing high
CONTROL = 441  # points a second of pitch and loudness
VOWELS = {  # formants [Hz] of a speaker (Peterson and Barney 1952, table II, rounded)
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
WIDTHS_HZ = (80, 100, 140)


def sing(kind: str, notes: tuple[ScoreNote, ...], seconds: float, seed: int) -> Samples:
    """Sound of a sung part, (n,) mono; `kind` is "sung", "rapped" or "growl". One note at a time."""
    rng = np.random.default_rng([seed, 31])
    count = round(seconds * RATE) + 1
    lines = _one_at_a_time(notes)
    lower = 12 if rng.random() < 0.5 or kind != "sung" else 0
    points = int(count / RATE * CONTROL) + 2
    pitch = np.full(points, 60.0)
    loud, noise = np.zeros(points), np.zeros(points)
    vowel = np.zeros((len(VOWELS), points))
    time = np.arange(points) / CONTROL
    depth, rate = rng.uniform(0.1, 0.6), rng.uniform(4.8, 6.4)
    mouths = rng.choice(len(VOWELS), 3, replace=False)
    before = None
    for note, end in lines:
        inside = (time >= note.start_s) & (time < end)
        at = time[inside] - note.start_s
        key = note.pitch - lower
        bend = np.zeros(len(at))
        if before is not None:
            bend = (before - key) * np.exp(-at / rng.uniform(0.015, 0.05)) * (rng.random() < 0.7)
        if kind == "sung":
            bend += depth * np.clip(at / 0.35 - 0.5, 0, 1) * np.sin(2 * np.pi * rate * at) - rng.choice(
                [0, 0, 1]
            ) * np.exp(-at / 0.06)
        else:
            bend += rng.uniform(-4, 4) * at / max(end - note.start_s, 0.05) + rng.uniform(-2, 2)
        pitch[inside] = key + bend
        rise = rng.uniform(0.01, 0.05)
        shape = np.clip(at / rise, 0, 1) * np.clip((end - note.start_s - at) / 0.05, 0, 1)
        loud[inside] = note.velocity * shape * (0.75 + 0.25 * np.exp(-at / 0.3))
        if rng.random() < (0.5 if kind == "sung" else 0.8):  # a consonant before the vowel
            hiss = (time >= note.start_s - rng.uniform(0.01, 0.07)) & (time < note.start_s + 0.015)
            noise[hiss] = note.velocity * rng.uniform(0.1, 0.6)
        chosen = int(rng.choice(mouths))
        vowel[:, inside] = 0
        vowel[chosen, inside] = 1
        before = key
    kernel = np.hanning(13)[1:-1] / np.hanning(13).sum()
    hertz = (
        440 * 2 ** ((np.convolve(pitch, np.ones(5) / 5, "same") - 69) / 12) * (1 + 0.004 * rng.standard_normal(points))
    )
    fine = np.arange(-(-count // 2) + 1) / VOICE_RATE * CONTROL
    coarse = np.arange(points)
    turns = np.cumsum(np.interp(fine, coarse, hertz)) / VOICE_RATE
    breath = rng.standard_normal(len(fine))
    pulse = 1 - 2 * (turns % 1.0)
    if kind == "growl":
        pulse = pulse * 0.4 + breath * (0.5 + 0.5 * pulse)
    source = pulse + rng.uniform(0.01, 0.12) * breath
    source *= np.interp(fine, coarse, np.convolve(loud, kernel, "same"))
    size = float(rng.uniform(0.95, 1.2))
    voice = np.zeros(len(fine))
    for row, formants in enumerate(VOWELS.values()):
        if not vowel[row].any():
            continue
        part = source * np.interp(fine, coarse, np.convolve(vowel[row], kernel, "same"))
        for level, (centre, width) in enumerate(zip(formants, WIDTHS_HZ, strict=True)):
            section = np.concatenate(scipy.signal.iirpeak(centre * size, centre * size / width, fs=VOICE_RATE))
            voice += scipy.signal.sosfilt(section[None], part) * (1.0, 0.6, 0.35)[level]
    sound = np.interp(np.arange(count), 2 * np.arange(len(fine)), voice)
    if noise.any():
        high = scipy.signal.butter(2, rng.uniform(2500, 5000), "high", fs=RATE, output="sos")
        hiss = scipy.signal.sosfilt(high, rng.standard_normal(count))
        sound += hiss * np.interp(np.arange(count) / RATE * CONTROL, coarse, noise) * 0.25
    return np.asarray(sound, np.float32)


def _one_at_a_time(notes: tuple[ScoreNote, ...]) -> list[tuple[ScoreNote, float]]:
    """Notes that end where the next begins."""
    found = []
    for at, note in enumerate(notes):
        end = note.start_s + note.length_s
        if at + 1 < len(notes):
            end = min(end, notes[at + 1].start_s)
        if end > note.start_s + 0.03:
            found.append((note, end))
    return found
