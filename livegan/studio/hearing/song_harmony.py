"""Chords of made songs: progressions in Roman numerals, scales, voicings."""

import re
from dataclasses import dataclass
from functools import cache

QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "6": (0, 4, 7, 9),
    "dim": (0, 3, 6),
    "m7b5": (0, 3, 6, 10),
    "sus": (0, 5, 7),
    "5": (0, 7, 12),
}
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "spanish": (0, 1, 4, 5, 7, 8, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
}
NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}

PROGRESSIONS: dict[str, tuple[tuple[str, str], ...]] = {  # kind: (scale, chords of one bar each)
    "pop": (
        ("major", "I V vi IV"),
        ("major", "vi IV I V"),
        ("major", "I vi IV V"),
        ("major", "IV I V vi"),
        ("major", "I IV I V"),
        ("minor", "i bVI bIII bVII"),
        ("minor", "i iv bVI V"),
        ("major", "I iii IV iv"),
    ),
    "rock": (
        ("mixolydian", "I bVII IV I"),
        ("minor pentatonic", "I5 I5 bIII5 IV5"),
        ("major", "I IV V IV"),
        ("minor", "i bVII bVI bVII"),
        ("minor pentatonic", "I5 I5 I5 bVII5"),
        ("major", "I V IV IV"),
    ),
    "metal": (
        ("phrygian", "I5 I5 bII5 I5"),
        ("minor", "I5 bVI5 bVII5 I5"),
        ("phrygian", "I5 I5 I5 bV5"),
        ("minor", "I5 bIII5 bII5 bVII5"),
        ("minor", "I5 I5 IV5 bVI5"),
    ),
    "blues": (
        ("blues", "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7"),
        ("blues", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7"),
        ("minor pentatonic", "im7 im7 im7 im7 ivm7 ivm7 im7 im7 bVI7 V7 im7 V7"),
    ),
    "jazz": (
        ("major", "iim7 V7 Imaj7 vim7"),
        ("major", "Imaj7 vim7 iim7 V7"),
        ("minor", "iim7b5 V7 im7 im7"),
        ("major", "iiim7 VI7 iim7 V7"),
        ("major", "Imaj7 IV7 iiim7 VI7 iim7 V7 Imaj7 V7"),
        ("dorian", "im7 im7 im7 im7 bIIm7 bIIm7 im7 im7"),
    ),
    "vamp": (
        ("dorian", "im7 im7 im7 im7"),
        ("dorian", "im7 IV7 im7 IV7"),
        ("mixolydian", "I9 I9 I9 I9"),
        ("minor pentatonic", "im7 im7 im7 bVII"),
        ("minor", "i i bVI bVI"),
    ),
    "dance": (
        ("minor", "i bVI bIII bVII"),
        ("minor", "i i i i"),
        ("minor", "i i bVI bVII"),
        ("minor", "bVI bVII i i"),
        ("minor", "i v bVI iv"),
        ("major", "IV V vi vi"),
        ("minor", "im9 im9 ivm9 ivm9"),
    ),
    "folk": (
        ("major", "I I IV I I I V V"),
        ("major", "I IV V I"),
        ("major", "I V I V I IV V I"),
        ("major", "I I V V V V I I"),
        ("mixolydian", "I bVII I bVII"),
        ("minor", "i i bVII bVII i i v i"),
    ),
    "latin": (
        ("major", "I IV V IV"),
        ("minor", "im7 ivm7 V7 im7"),
        ("minor", "i bVII bVI V"),
        ("major", "iim7 V7 Imaj7 Imaj7"),
        ("major", "I V V I"),
    ),
    "spanish": (("spanish", "iv bIII bII I"), ("spanish", "I I bII bII"), ("spanish", "I bII I bII")),
    "classic": (
        ("major", "I IV V I"),
        ("minor", "i iv V i"),
        ("major", "I V7 I IV I V7 I I"),
        ("major", "I vi ii V7"),
        ("minor", "i V i V iv i V i"),
        ("minor", "i iv bVII bIII bVI iidim V i"),
    ),
    "drone": (("minor", "i i i i"), ("dorian", "i i bVII i"), ("major", "I I I I")),
}


@dataclass(frozen=True, slots=True)
class Chord:
    """Root in semitones above the key, 0..11, and intervals above the root."""

    root: int
    intervals: tuple[int, ...]


@cache
def chord(name: str) -> Chord:
    """Chord of a Roman numeral, such as "bVII", "iim7", "V7"; ValueError for what is none."""
    match = re.fullmatch(r"(b?)(vii|vi|iv|v|iii|ii|i|VII|VI|IV|V|III|II|I)(.*)", name)
    if match is None or match[3] not in QUALITIES:
        raise ValueError(f"'{name}' is no chord; write one such as 'I', 'bVII', 'iim7' or 'V7'")
    root = (NUMERALS[match[2].lower()] - bool(match[1])) % 12
    quality = match[3]
    if quality == "" and match[2].islower():
        quality = "m"
    return Chord(root, QUALITIES[quality])


def voiced(chord: Chord, key: int, centre: float, count: int) -> list[int]:
    """`count` MIDI keys of a chord around a centre, rising."""
    classes = sorted({(key + chord.root + step) % 12 for step in chord.intervals})
    keys = [pitch for pitch in range(int(centre) - 14, int(centre) + 15) if pitch % 12 in classes]
    start = min(range(len(keys)), key=lambda at: abs(keys[at] - (centre - 2.0 * (count - 1))))
    return keys[start : start + count]


def in_register(pitch: int, low: int, high: int) -> int:
    """The pitch moved by octaves into low..high, where that is possible."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch
