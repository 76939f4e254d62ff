"""Ten more styles, for which no beat pattern of the stage was written."""

from collections.abc import Callable

from tests.benchmarks.hearing_songs import CLOSED, KICK, OPEN, RIDE, SNARE, Song, chord, harmony

SIDE = 37
EIGHTHS = tuple(eighth / 2 for eighth in range(8))
SIXTEENTHS = tuple(step / 4 for step in range(16))


def _song(name: str, seed: int, bpm: float, bars: int, meter: int = 4) -> Song:
    return Song(name, seed, bpm, bars * meter, meter=meter, programs={1: 33, 2: 4, 3: 0})


def _hits(song: Song, bar: int, pitch: int, velocity: int, places: tuple[float, ...]) -> None:
    for place in places:
        song.drum(bar * song.meter + place, pitch, velocity)


def _chords(song: Song, bar: int, chords: tuple[float, ...], basses: tuple[float, ...], every: int = 1) -> None:
    """Chords and bass of a bar; another chord `every` so many bars."""
    root, minor = harmony(song, bar // every)
    for place in basses:
        song.note(bar * song.meter + place, 1, 36 + root % 12, 88, 0.8)
    for place in chords:
        chord(song, bar * song.meter + place, 2, 52 + root % 12, minor, 64, 0.9)


def techno(seed: int) -> Song:
    """Four on the floor, sixteenths, everything else off the beat."""
    song = _song("techno", seed, 128 + seed * 5 % 14, 28)
    for bar in range(28):
        _hits(song, bar, KICK, 116, (0, 1, 2, 3))
        _hits(song, bar, CLOSED, 84, (0.5, 1.5, 2.5, 3.5))
        _hits(song, bar, CLOSED, 52, SIXTEENTHS[1::2])
        _chords(song, bar, (0.75, 2.25), (0.25, 0.75, 1.5, 2.75), 4)
    return song


def disco(seed: int) -> Song:
    """Four on the floor, open hats off the beat, a snare, octaves in the bass."""
    song = _song("disco", seed, 112 + seed * 5 % 10, 26)
    for bar in range(26):
        _hits(song, bar, KICK, 110, (0, 1, 2, 3))
        _hits(song, bar, OPEN, 86, (0.5, 1.5, 2.5, 3.5))
        _hits(song, bar, CLOSED, 70, (0, 1, 2, 3))
        _hits(song, bar, SNARE, 104, (1, 3))
        _chords(song, bar, (0.5, 1.5, 2.5, 3.5), EIGHTHS)
    return song


def funk(seed: int) -> Song:
    """Sixteenths, ghost notes, a bass that avoids the beat."""
    song = _song("funk", seed, 98 + seed * 5 % 12, 22)
    for bar in range(22):
        _hits(song, bar, CLOSED, 80, (0, 1, 2, 3))
        _hits(song, bar, CLOSED, 56, tuple(place for place in SIXTEENTHS if place % 1))
        _hits(song, bar, KICK, 110, (0, 0.75, 2.5) if bar % 2 else (0, 0.5, 1.75, 2.5))
        _hits(song, bar, SNARE, 110, (1, 3))
        _hits(song, bar, SNARE, 50, (1.75, 2.25))
        _chords(song, bar, (0.75, 1.75, 2.75), (0, 0.75, 1.5, 2.5, 3.25))
    return song


def shuffle(seed: int) -> Song:
    """Triplets on the ride, a back beat, a walking bass."""
    song = _song("shuffle", seed, 110 + seed * 7 % 20, 24)
    for bar in range(24):
        _hits(song, bar, RIDE, 88, (0, 1, 2, 3))
        _hits(song, bar, RIDE, 70, (2 / 3, 5 / 3, 8 / 3, 11 / 3))
        _hits(song, bar, KICK, 104, (0, 2))
        _hits(song, bar, KICK, 90, (5 / 3,) if bar % 2 else ())
        _hits(song, bar, SNARE, 106, (1, 3))
        _chords(song, bar, (0, 8 / 3), (0, 2 / 3, 1, 5 / 3, 2, 8 / 3, 3, 11 / 3))
    return song


def reggae(seed: int) -> Song:
    """One drop: nothing on the first beat, chords on two and four."""
    song = _song("reggae", seed, 72 + seed * 5 % 10, 16)
    for bar in range(16):
        _hits(song, bar, KICK, 110, (2,))
        _hits(song, bar, SIDE, 104, (2,))
        _hits(song, bar, CLOSED, 80, (0, 1, 2, 3))
        _hits(song, bar, CLOSED, 60, (0.5, 1.5, 2.5, 3.5))
        _chords(song, bar, (1, 3), (0, 0.75, 1.5, 2.5, 3.25))
    return song


def waltz(seed: int) -> Song:
    """Three in a bar."""
    song = _song("waltz", seed, 120 + seed * 7 % 30, 34, 3)
    for bar in range(34):
        _hits(song, bar, KICK, 106, (0,))
        _hits(song, bar, SNARE, 84, (1, 2))
        _hits(song, bar, CLOSED, 76, (0, 1, 2))
        _chords(song, bar, (1, 2), (0,))
    return song


def punk(seed: int) -> Song:
    """176-190 bpm, eighths, a back beat."""
    song = _song("punk", seed, 176 + seed * 5 % 14, 36)
    for bar in range(36):
        _hits(song, bar, CLOSED, 90, EIGHTHS)
        _hits(song, bar, KICK, 112, (0, 2) if bar % 2 else (0, 1.5, 2))
        _hits(song, bar, SNARE, 114, (1, 3))
        _chords(song, bar, (0, 1, 2, 3), EIGHTHS)
    return song


def motown(seed: int) -> Song:
    """A snare on every beat."""
    song = _song("motown", seed, 116 + seed * 7 % 16, 26)
    for bar in range(26):
        _hits(song, bar, SNARE, 104, (0, 1, 2, 3))
        _hits(song, bar, CLOSED, 70, (0, 1, 2, 3))
        _hits(song, bar, CLOSED, 60, (0.5, 1.5, 2.5, 3.5))
        _hits(song, bar, KICK, 104, (0, 0.5, 2, 2.5))
        _chords(song, bar, (0, 1, 2, 3), (0, 1, 1.5, 2, 3, 3.5))
    return song


def halftime(seed: int) -> Song:
    """68-75 bpm under sixteenths."""
    song = _song("half-time", seed, 68 + seed * 3 % 8, 16)
    for bar in range(16):
        _hits(song, bar, CLOSED, 78, SIXTEENTHS)
        _hits(song, bar, KICK, 114, (0, 0.75, 2.25) if bar % 2 else (0, 2.5))
        _hits(song, bar, SNARE, 110, (1, 3))
        _hits(song, bar, CLOSED, 64, (3.625, 3.875))
        _chords(song, bar, (0,), (0, 0.75, 2.25))
    return song


def bossa(seed: int) -> Song:
    """A clave on the side stick."""
    song = _song("bossa", seed, 128 + seed * 5 % 14, 28)
    for bar in range(28):
        _hits(song, bar, CLOSED, 70, EIGHTHS)
        _hits(song, bar, KICK, 92, (0, 1.5, 2, 3.5))
        _hits(song, bar, SIDE, 100, (0, 1.5, 3) if bar % 2 else (1, 2.5))
        _chords(song, bar, (0, 1.5, 3), (0, 1.5, 2, 3.5), 2)
    return song


STYLES: tuple[Callable[[int], Song], ...] = (
    *(techno, disco, funk, shuffle, reggae, waltz, punk, motown, halftime, bossa),
)
