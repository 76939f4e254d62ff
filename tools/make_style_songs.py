"""Songs in fourteen styles, half a minute each, through FluidSynth: the tables of docs/dreaming.md are of them.

    python -m tools.make_style_songs FOLDER [STYLE ...]

The same notes every time: the seed of each style is its name. Most songs have a beginning, a full part, a break and a
full part again.
"""

import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from livegan.audio.soundfont import find_soundfont
from livegan.composer.song import Note, Song, Track, without_overlaps
from livegan.composer.styles import Style
from livegan.studio.song_sound import write_sound

BAR = 16  # [steps] of a sixteenth
KICK, RIM, SNARE, CLAP, CLOSED, PEDAL, OPEN, CRASH, RIDE, TAMBOURINE, BONGO, CONGA, SHAKER = (
    36, 37, 38, 39, 42, 44, 46, 49, 51, 54, 60, 63, 70,
)  # fmt: skip
MAJOR, MINOR, DORIAN, PHRYGIAN = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 1, 4, 5, 7, 8, 10),
)

Notes = list[Note]
Bars = Iterable[int]


def hits(pitch: int, pattern: str, bars: Bars, velocity: int = 96) -> Notes:
    """A drum: sixteen letters a bar, "x" a hit, "o" a softer one, "X" a louder one."""
    loud = {"x": velocity, "o": velocity * 2 // 3, "X": min(127, velocity + 20)}
    return [
        Note(bar * BAR + step, pitch, 1, loud[letter])
        for bar in bars
        for step, letter in enumerate(pattern)
        if letter in loud
    ]


def chords(roots: list[list[int]], bars: Bars, steps: list[int], length: int, velocity: int = 80) -> Notes:
    """The chord of each bar, in turn, struck at `steps`."""
    return [
        Note(bar * BAR + step, pitch, length, velocity)
        for bar in bars
        for step in steps
        for pitch in roots[bar % len(roots)]
    ]


def bass(roots: list[int], pattern: list[tuple[int, int, int]], bars: Bars, velocity: int = 95) -> Notes:
    """A bass line: (step, semitones above the root, length) each."""
    return [
        Note(bar * BAR + step, roots[bar % len(roots)] + above, length, velocity)
        for bar in bars
        for step, above, length in pattern
    ]


def melody(
    rng: np.random.Generator,
    scale: tuple[int, ...],
    root: int,
    bars: Bars,
    lengths: list[int],
    velocity: int = 88,
    reach: int = 7,
    rests: float = 0.1,
) -> Notes:
    """A walk over a scale, in notes of these lengths, that comes home at the end of every fourth bar."""
    notes, degree, size = [], 0, len(scale)
    for bar in bars:
        step = 0
        while step < BAR:
            length = min(int(rng.choice(lengths)), BAR - step)
            degree = int(np.clip(degree + rng.choice([-2, -1, -1, 1, 1, 2, 3, -3]), -reach // 2, reach))
            if bar % 4 == 3 and step + length == BAR:
                degree = 0
            if rng.random() >= rests:
                pitch = root + scale[degree % size] + 12 * (degree // size)
                notes.append(Note(bar * BAR + step, pitch, length, int(velocity + rng.integers(-8, 9))))
            step += length
    return notes


def arpeggio(roots: list[list[int]], bars: Bars, every: int, length: int, velocity: int, octaves: int = 2) -> Notes:
    """The notes of each bar's chord up and down."""
    notes = []
    for bar in bars:
        rising = [pitch + 12 * octave for octave in range(octaves) for pitch in roots[bar % len(roots)]]
        line = rising + rising[-2:0:-1]
        notes += [
            Note(bar * BAR + step, line[step // every % len(line)], length, velocity - 12 * (step % 4 != 0))
            for step in range(0, BAR, every)
        ]
    return notes


def techno(rng: np.random.Generator) -> list[Track]:
    """Four to the floor, an acid bass, stabs."""
    full = [*range(4, 8), *range(10, 16)]
    acid = [(s, int(rng.choice([0, 0, 12, 3, 7])), 1) for s in range(16)]
    drums = hits(KICK, "x...x...x...x...", [*range(8), *range(10, 16)], 118) + hits(OPEN, "..x...x...x...x.", full, 92)
    drums += hits(CLOSED, "xoxoxoxoxoxoxoxo", range(2, 16), 70) + hits(CLAP, "....x.......x...", full, 96)
    stabs = chords([[57, 60, 64], [57, 60, 65]], full, [3, 6, 11, 14], 1, 88)
    return [
        drum_kit(drums),
        Track(without_overlaps(bass([33], acid, range(1, 16), 104)), 38),
        Track(without_overlaps(stabs), 81),
        Track(without_overlaps(arpeggio([[57, 60, 64]], range(8, 16), 1, 1, 84)), 80),
    ]


def house(rng: np.random.Generator) -> list[Track]:
    """Piano chords on a straight beat, pads, a bass between the beats."""
    full = [*range(2, 8), *range(10, 16)]
    piano = [[57, 60, 64, 67], [53, 57, 60, 64], [60, 64, 67, 71], [55, 59, 62, 67]]
    drums = hits(KICK, "x...x...x...x...", [*range(8), *range(10, 16)], 112) + hits(OPEN, "..x...x...x...x.", full, 84)
    drums += hits(CLAP, "....x.......x...", full, 100) + hits(SHAKER, "oxooxxooxooxxoox", range(16), 60)
    line = [(2, 0, 2), (6, 0, 1), (7, 12, 1), (10, 0, 2), (14, 7, 1), (15, 10, 1)]
    return [
        drum_kit(drums),
        part(bass([33, 29, 36, 31], line, full, 100), 38),
        part(chords(piano, range(1, 16), [0, 3, 6, 10, 12], 2, 90), 0),
        part(chords(piano, range(8, 16), [0], 16, 66), 50),
        part(melody(rng, MINOR, 69, range(10, 16), [2, 2, 1, 3], 84, rests=0.4), 81),
    ]


def metal(rng: np.random.Generator) -> list[Track]:
    """Two distorted guitars that chug in sixteenths, double bass drum; a break of guitars and snare."""
    full = [*range(2, 8), *range(10, 19)]
    roots, sixteenths = [40, 40, 43, 41], [(step, 0, 1) for step in range(16)]
    drums = hits(KICK, "xxxxxxxxxxxxxxxx", full, 120) + hits(SNARE, "....X.......X...", full, 120)
    drums += hits(CRASH, "x...x...x...x...", full, 110) + hits(SNARE, "x..xx.x.xx.xxxxx", [1, 9], 110)
    low = bass(roots, sixteenths, [*range(9), *range(10, 19)], 120)
    low += [Note(note.start, note.pitch + 7, note.length, note.velocity) for note in low]
    return [
        drum_kit(drums),
        part(low, 30),
        part(low, 29),
        part(bass([root - 12 for root in roots], sixteenths, full, 112), 34),
    ]


def rock(rng: np.random.Generator) -> list[Track]:
    """Open chords of two guitars, a straight beat."""
    full = [*range(2, 7), *range(8, 13)]
    power = [[45, 52, 57, 61], [50, 57, 62, 66], [52, 59, 64, 68], [50, 57, 62, 66]]
    drums = hits(KICK, "x.....x.x.......", full, 110) + hits(SNARE, "....x.......x...", full, 108)
    drums += hits(CLOSED, "x.x.x.x.x.x.x.x.", range(12), 84) + hits(CRASH, "x...............", [2, 8, 12], 104)
    return [
        drum_kit(drums),
        part(chords(power, range(13), [0, 3, 6, 8, 11, 14], 2, 104), 29),
        part(chords(power, full, [0, 4, 8, 12], 4, 92), 27),
        part(bass([33, 38, 40, 38], [(s, 0, 2) for s in range(0, 16, 2)], full, 100), 33),
        part(melody(rng, MAJOR, 69, range(8, 13), [2, 2, 4, 1], 104), 30),
    ]


def jazz(rng: np.random.Generator) -> list[Track]:
    """Walking bass, ride cymbal, a tenor saxophone over four chords."""
    changes = [[50, 53, 57, 60], [55, 59, 62, 65], [48, 52, 55, 59], [45, 49, 55, 58]]
    walk = [(0, 0, 4), (4, 4, 4), (8, 7, 4), (12, 10, 4)]
    full = [*range(2, 9), *range(10, 16)]
    drums = hits(RIDE, "x...x..ox...x..o", range(16), 82) + hits(PEDAL, "....x.......x...", range(16), 70)
    drums += hits(SNARE, "..........o....o", full, 46) + hits(KICK, "o...............", full, 50)
    return [
        drum_kit(drums),
        part(bass([38, 43, 36, 33], walk, range(16), 92), 32),
        part(chords([[p + 12 for p in chord] for chord in changes], range(1, 16), [3, 10], 3, 72), 0),
        part(melody(rng, DORIAN, 62, full, [2, 3, 1, 4, 2], 92, 9, 0.2), 66),
    ]


def strings(rng: np.random.Generator) -> list[Track]:
    """A string orchestra, slow, in minor."""
    harmony = [[50, 57, 62, 65], [46, 53, 62, 65], [43, 55, 58, 62], [45, 52, 57, 61]]
    bars = range(7)
    return [
        part(melody(rng, MINOR, 74, [*range(1, 4), *range(5, 7)], [4, 4, 8, 2], 92), 40),
        part(chords(harmony, bars, [0, 8], 8, 78), 48),
        part(melody(rng, MINOR, 62, range(2, 7), [8, 4], 80), 41),
        part(bass([38, 34, 31, 33], [(0, 0, 8), (8, 12, 8)], bars, 84), 42),
    ]


def piano(rng: np.random.Generator) -> list[Track]:
    """A piano alone, slow, in minor."""
    harmony = [[45, 52, 57, 60], [41, 48, 53, 57], [36, 43, 48, 52], [43, 50, 55, 59]]
    return [
        part(arpeggio(harmony, range(8), 2, 4, 66, 1), 0),
        part(melody(rng, MINOR, 69, [*range(1, 4), *range(5, 8)], [4, 2, 2, 6], 84, rests=0.15), 0),
    ]


def ambient(rng: np.random.Generator) -> list[Track]:
    """Pads without a beat, a few bells."""
    harmony = [[48, 55, 62, 67], [45, 52, 60, 64], [41, 53, 57, 64], [43, 50, 59, 62]]
    bells = [Note(int(s), int(rng.choice([72, 74, 79, 84, 86])), 12, 46) for s in np.cumsum(rng.integers(5, 12, 8))]
    return [
        part(chords(harmony, range(5), [0], 18, 84), 89),
        part(chords([[p + 12 for p in chord[1:]] for chord in harmony], range(1, 5), [0], 18, 66), 94),
        part(bass([36, 33, 29, 31], [(0, 0, 16)], range(5), 70), 91),
        part(bells, 98),
    ]


def hip_hop(rng: np.random.Generator) -> list[Track]:
    """A slow swinging beat, deep bass, electric piano."""
    full = [*range(1, 5), *range(6, 10)]
    keys = [[57, 60, 64, 67], [53, 57, 60, 64]]
    drums = hits(KICK, "x..x......xx....", full, 116) + hits(SNARE, "....X.......X...", full, 112)
    drums += hits(CLOSED, "x.xox.x.x.xox.xx", range(10), 84) + hits(CLAP, "....x.......x...", full, 84)
    return [
        drum_kit(drums),
        part(bass([33, 29], [(0, 0, 3), (3, 0, 2), (10, 0, 2), (11, 3, 2), (14, -2, 2)], full, 112), 39),
        part(chords(keys, range(10), [0, 7], 5, 66), 4),
        part(melody(rng, MINOR, 57, full, [1, 2, 1, 3], 70, 5, 0.5), 62),
    ]


def folk(rng: np.random.Generator) -> list[Track]:
    """Flute and two guitars."""
    harmony = [[50, 54, 57, 62], [43, 50, 55, 59], [45, 52, 57, 61], [50, 57, 62, 66]]
    return [
        part(melody(rng, MAJOR, 74, [*range(1, 6), *range(7, 12)], [2, 2, 4, 1, 1], 92), 73),
        part(arpeggio(harmony, range(12), 2, 3, 76, 1), 25),
        part(bass([38, 43, 45, 38], [(0, 0, 8), (8, 7, 8)], range(2, 12), 72), 24),
    ]


def choir(rng: np.random.Generator) -> list[Track]:
    """Voices without words over a soft organ."""
    lines = [[48, 55, 64, 72], [45, 57, 64, 72], [41, 57, 65, 69], [43, 55, 62, 71]]
    voices = [part(chords([[chord[v]] for chord in lines], range(6), [0, 8], 8, 84), 52) for v in range(3)]
    return [
        *voices,
        part(melody(rng, MAJOR, 72, range(6), [4, 8, 4], 92, 5, 0.0), 52),
        part(chords(lines, range(6), [0], 16, 50), 19),
    ]


def funk(rng: np.random.Generator) -> list[Track]:
    """Slap bass, syncopated guitar and brass."""
    full = [*range(1, 6), *range(7, 12)]
    slap = [(0, 0, 2), (3, 12, 1), (4, 0, 1), (6, 10, 1), (7, 12, 1), (10, 0, 2), (13, 7, 1), (14, 10, 2)]
    drums = hits(KICK, "x.x....x..x..x..", full, 112) + hits(SNARE, "....x..o.o..x..o", full, 108)
    drums += hits(CLOSED, "xoxoxoxoxoxoxoxo", range(12), 84) + hits(CONGA, "..x..xx...x..x.x", full, 74)
    return [
        drum_kit(drums),
        part(bass([40, 45], slap, range(12), 112), 36),
        part(chords([[64, 68, 71, 74], [69, 73, 76, 79]], full, [2, 5, 6, 11, 13], 1, 92), 28),
        part(chords([[64, 68, 74], [69, 73, 79]], [3, 5, 8, 10, 11], [0, 3, 6], 2, 96), 61),
        part(melody(rng, DORIAN, 64, [4, 5, 9, 10, 11], [1, 2, 1, 2], 88, 7, 0.3), 16),
    ]


def sitar(rng: np.random.Generator) -> list[Track]:
    """Sitar over a drone, hand drums."""
    drone = [
        Note(step, pitch, 8, 70) for step in range(0, 9 * BAR, 4) for pitch in ([50, 57] if step % 8 else [38, 62])
    ]
    tabla = hits(BONGO, "x..x..x.x..x.xx.", range(3, 9), 80) + hits(CONGA, "x.....x...x.....", range(3, 9), 84)
    return [
        drum_kit(tabla),
        part(melody(rng, PHRYGIAN, 62, range(1, 9), [1, 2, 1, 2, 4], 100, 10, 0.1), 104),
        part(drone, 104),
    ]


def harpsichord(rng: np.random.Generator) -> list[Track]:
    """A harpsichord alone, quick."""
    harmony = [[50, 57, 62, 65], [43, 55, 58, 62], [45, 57, 61, 64], [50, 53, 57, 62]]
    return [
        part(melody(rng, MINOR, 74, range(13), [1, 1, 2], 86, 8, 0.0), 6),
        part(arpeggio(harmony, range(13), 2, 2, 78, 1), 6),
        part(bass([38, 31, 33, 38], [(0, 0, 4), (4, 7, 4), (8, 12, 4), (12, 7, 4)], range(13), 80), 6),
    ]


def part(notes: Notes, program: int) -> Track:
    """A track of one instrument."""
    return Track(without_overlaps(notes), program)


def drum_kit(notes: Notes) -> Track:
    """A track of drums."""
    return Track(without_overlaps(notes), drums=True)


HALL, ROOM, DRY = (0.85, 0.7), (0.5, 0.4), (0.2, 0.15)  # size of the room, share of it in the sound
STYLES: dict[str, tuple[Callable[[np.random.Generator], list[Track]], float, tuple[float, float]]] = {
    "techno": (techno, 132.0, DRY),
    "house": (house, 124.0, DRY),
    "metal": (metal, 160.0, DRY),
    "rock": (rock, 116.0, DRY),
    "jazz": (jazz, 132.0, ROOM),
    "strings": (strings, 63.0, HALL),
    "piano": (piano, 72.0, ROOM),
    "ambient": (ambient, 46.0, HALL),
    "hip-hop": (hip_hop, 88.0, DRY),
    "folk": (folk, 104.0, ROOM),
    "choir": (choir, 54.0, HALL),
    "funk": (funk, 106.0, DRY),
    "sitar": (sitar, 84.0, ROOM),
    "harpsichord": (harpsichord, 108.0, ROOM),
}


def song_of(name: str) -> tuple[Song, Style]:
    """The notes of a style, and its room."""
    make, bpm, (room, reverb) = STYLES[name]
    tracks = tuple(make(np.random.default_rng(zlib.crc32(name.encode()))))
    end = max(note.start + note.length for track in tracks for note in track.notes)
    song = Song(tracks, -(-end // BAR) * BAR, 4, ((0, bpm),), name=name)
    return song, Style(name, (0, 0, 0, 0), bpm, room=room, reverb=reverb)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or STYLES:
        song, style = song_of(name)
        print(f"{name}: {write_sound(song, folder / f'{name}.wav', find_soundfont(), style):.1f} s")
