"""Drum grooves of made songs: their notation, what may happen to them, and fills.

A groove is words such as ``K:X...x... S:....X...``: a letter of `PIECES`, and a bar cut into as many equal steps as
there are signs. ``X`` is an accent, ``x`` a stroke, ``o`` a soft stroke, ``g`` a ghost note, ``?`` a stroke one time in
three, ``r`` a roll of two strokes within the step, ``R`` of three, ``.`` nothing. ``|`` is for the reader's eye.
"""

from functools import cache

import numpy as np

PIECES = {  # letter: (name, General MIDI key, class of the truth)
    "K": ("kick", 36, "kick"),
    "S": ("snare", 38, "snare"),
    "R": ("rim", 37, "snare"),
    "C": ("clap", 39, "snare"),
    "H": ("closed", 42, "hat"),
    "O": ("open", 46, "hat"),
    "P": ("pedal", 44, "hat"),
    "D": ("ride", 51, "hat"),
    "B": ("bell", 53, "hat"),
    "Y": ("crash", 49, "hat"),
    "T": ("tom high", 50, ""),
    "M": ("tom mid", 47, ""),
    "L": ("tom low", 43, ""),
    "W": ("cowbell", 56, ""),
    "A": ("tambourine", 54, "hat"),
    "V": ("shaker", 70, "hat"),
    "Q": ("conga open", 63, ""),
    "q": ("conga low", 64, ""),
    "Z": ("conga slap", 62, ""),
    "b": ("bongo high", 60, ""),
    "n": ("bongo low", 61, ""),
    "G": ("agogo high", 67, ""),
    "g": ("agogo low", 68, ""),
    "c": ("clave", 75, ""),
    "w": ("woodblock", 76, ""),
    "t": ("timbale", 65, ""),
    "i": ("triangle", 81, "hat"),
    "j": ("surdo", 41, "kick"),
    "z": ("guiro", 73, ""),
    "F": ("brush", 40, "snare"),
}
STRENGTHS = {"X": 1.0, "x": 0.8, "o": 0.58, "g": 0.33, "?": 0.72, "r": 0.62, "R": 0.55}

Stroke = tuple[float, str, float]  # place in the bar [beats], piece, velocity 0..1


@cache
def parse_groove(text: str) -> tuple[tuple[str, str], ...]:
    """(piece, signs) of a groove; ValueError for a letter or a sign that is none."""
    rows = []
    for word in text.split():
        piece, _, signs = word.partition(":")
        signs = signs.replace("|", "")
        if piece not in PIECES or not signs or set(signs) - set(STRENGTHS) - {"."}:
            raise ValueError(f"'{word}' is no row of a groove; write one such as 'K:X...x...'")
        rows.append((piece, signs))
    return tuple(rows)


def strokes(text: str, metre: float, rng: np.random.Generator) -> list[Stroke]:
    """Strokes of one bar of `metre` beats."""
    found: list[Stroke] = []
    for piece, signs in parse_groove(text):
        step = metre / len(signs)
        for at, sign in enumerate(signs):
            if sign == "." or (sign == "?" and rng.random() > 0.35):
                continue
            times = {"r": 2, "R": 3}.get(sign, 1)
            found += [(at * step + turn * step / times, piece, STRENGTHS[sign]) for turn in range(times)]
    return found


def mutated(bar: list[Stroke], metre: float, rng: np.random.Generator, much: float) -> list[Stroke]:
    """A bar played a little otherwise: off-beat strokes left out, ghost notes and kicks put in."""
    kept = [s for s in bar if s[0] % 1 < 0.01 or rng.random() > 0.12 * much]
    pieces = {piece for _, piece, _ in bar}
    places = np.arange(0.25, metre, 0.25)
    for _ in range(int(rng.poisson(1.2 * much))):
        place = float(rng.choice(places))
        if "S" in pieces and rng.random() < 0.5:
            kept.append((place, "S", float(rng.uniform(0.25, 0.42))))
        elif "K" in pieces and rng.random() < 0.6:
            kept.append((place, "K", float(rng.uniform(0.6, 0.85))))
        elif "H" in pieces:
            kept.append((place, str(rng.choice(["H", "O"], p=[0.7, 0.3])), float(rng.uniform(0.45, 0.75))))
    return kept


def fill(
    metre: float, rng: np.random.Generator, pieces: tuple[str, ...] = ("S", "T", "M", "L")
) -> tuple[float, list[Stroke]]:
    """(beginning in the bar [beats], strokes) of a fill to the end of a bar."""
    length = float(rng.choice([1, 1, 2, 2, metre])) if metre > 2 else 1.0
    begin = metre - min(length, metre)
    step = float(rng.choice([0.25, 0.25, 0.5, 1 / 3, 1 / 6], p=[0.4, 0.2, 0.2, 0.15, 0.05]))
    count = max(1, round(length / step))
    order = np.sort(rng.integers(0, len(pieces), count)) if rng.random() < 0.7 else rng.integers(0, len(pieces), count)
    found = []
    for at in range(count):
        if at and rng.random() < 0.2:
            continue
        found.append((begin + at * step, pieces[int(order[at])], float(rng.uniform(0.6, 1.0))))
        if rng.random() < 0.2:
            found.append((begin + at * step, "K", 0.8))
    return begin, found
