"""Accompaniments by MMA (Musical MIDI Accompaniment), whose two thousand grooves people wrote: chords in, MIDI out."""

import re
import shutil
import subprocess
import tempfile
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from livegan.composer.midi_file import read_midi
from livegan.composer.song import PLAYED_STEPS, Note, Song, Track
from livegan.errors import DeviceError
from livegan.studio.hearing.song_arrange import Arrangement
from livegan.studio.hearing.song_harmony import PROGRESSIONS, SCALES, Chord, chord
from livegan.studio.hearing.song_players import Harmony, Player
from livegan.studio.hearing.song_score import Score
from livegan.studio.hearing.song_style import Layer

LIBRARY = Path("/usr/share/mma/lib")
INSTALL = "accompaniments are made by MMA, which is not on this machine; type: sudo apt-get install mma"
NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
QUALITIES = {(0, 4, 7): "", (0, 3, 7): "m", (0, 4, 7, 10): "7", (0, 3, 7, 10): "m7", (0, 4, 7, 11): "M7"}
QUALITIES |= {(0, 4, 7, 10, 14): "9", (0, 3, 7, 10, 14): "m9", (0, 4, 7, 9): "6", (0, 3, 6): "dim"}
QUALITIES |= {(0, 3, 6, 10): "m7b5", (0, 5, 7): "sus4", (0, 7, 12): "5"}
TEMPI: tuple[tuple[str, float, float], ...] = (  # what a groove's name says: the slowest and the fastest [bpm]
    ("ballad|slow|bolero|beguine", 58, 96),
    ("hiphop|hip-hop|rap|trip", 76, 104),
    ("metal|punk|hard", 100, 180),
    ("techno|house|trance|rave|dance|disco|euro", 114, 146),
    ("fast|quick|bebop|dixie|galop|jive|boogie|rockabilly", 140, 208),
    ("swing|jazz|bigband|foxtrot|charleston", 100, 184),
    ("waltz", 84, 190),
    ("march|polka|twostep|country|bluegrass|train", 96, 134),
    ("reggae|dub", 64, 92),
    ("ska", 120, 170),
    ("bossa|samba|mambo|salsa|cha|rhumba|rumba|latin|tango|calypso|merengue", 96, 140),
    ("16beat|r\\+b|soul|funk|gospel", 70, 116),
)
LEAD = Layer("lead", "sung", ("@melody:0.5", "@melody:0.7", "@melody:0.35"), 2, 55, 78)
LEADS = (52, 65, 27, 73, 0, 40, 81)  # programs


@cache
def grooves() -> dict[str, tuple[str, ...]]:
    """Grooves of every file of MMA's library; DeviceError, with what to install, if it is not here."""
    files = sorted(LIBRARY.rglob("*.mma"))
    if not files or shutil.which("mma") is None:
        raise DeviceError(INSTALL)
    found: dict[str, tuple[str, ...]] = {}
    for path in files:
        names = re.findall(r"^\s*DefGroove\s+(\S+)", path.read_text("utf-8", "replace"), re.IGNORECASE | re.MULTILINE)
        whole = tuple(name for name in names if not re.search("intro|end|fill|break", name.lower()))
        if whole:
            found[path.relative_to(LIBRARY).with_suffix("").as_posix()] = whole
    return found


def held_out(file: str) -> bool:
    """Whether a file's grooves are never learned from: a third of them, by their names."""
    return zlib.crc32(file.encode()) % 3 == 0


def accompaniment(file: str, seed: int) -> Score:
    """A song in a groove of a file of MMA's library, over random chords; ValueError, in words, if there is none."""
    rng = np.random.default_rng([seed, zlib.crc32(file.encode())])
    groove = str(rng.choice(grooves()[file]))
    slow, fast = next(((a, b) for words, a, b in TEMPI if re.search(words, f"{file} {groove}".lower())), (78.0, 140.0))
    bpm = float(np.exp(rng.uniform(np.log(slow), np.log(fast))))
    seconds = float(rng.uniform(24, 45))
    bars = int(np.ceil(seconds * bpm / 60 / 3)) + 2
    table = PROGRESSIONS[str(rng.choice(["pop", "rock", "jazz", "folk", "classic", "latin", "blues"]))]
    scale, names = table[int(rng.integers(len(table)))]
    chords, key = [chord(name) for name in names.split()], int(rng.integers(12))
    lines = [f"{bar + 1} {_named(chords[bar % len(chords)], key)}" for bar in range(bars)]
    song = _performed(
        file, "\n".join([f"RndSeed {seed}", "Tempo 120", f"Use {file}", f"Groove {groove}", *lines]), bars
    )
    _, metre, unit = song.metres[0]
    if unit == 4 and metre < 5 and rng.random() < 0.5:
        halves = [chords[half // 2 % len(chords)] for half in range(2 * bars)]
        song = _with_lead(song, Harmony(key, SCALES[scale], halves, metre), bars, rng)
    return Arrangement(song, f"mma-{file.replace('/', '-')}", seed, seconds, rng).score(bpm)


def _named(chord: Chord, key: int) -> str:
    return NAMES[(chord.root + key) % 12] + QUALITIES.get(chord.intervals, "")


def _performed(file: str, text: str, bars: int) -> Song:
    """MMA's MIDI of a chart, with its metre put right: its beat is a quarter note in the file, whatever it is."""
    with tempfile.TemporaryDirectory() as folder:
        chart, midi = Path(folder) / "chart.mma", Path(folder) / "chart.mid"
        chart.write_text(text, "utf-8")
        done = subprocess.run(["mma", "-f", str(midi), str(chart)], capture_output=True, timeout=60, check=False)
        if done.returncode or not midi.exists():
            raise ValueError(f"{file}: MMA says {done.stdout.decode('utf-8', 'replace').strip()[-200:]}")
        song = read_midi(midi, PLAYED_STEPS)
        seconds = re.search(rb"DURATION: ([\d.]+)", midi.read_bytes())
    own = round((float(seconds[1]) if seconds else 0.0) * 2 / bars)  # of MMA's beats in a bar, at 120 a minute
    _, numerator, denominator = song.metres[0]
    if len(song.metres) > 1 or not own:
        raise ValueError(f"{file}: its metre changes")
    if denominator == 8 and numerator % 3 == 0 and own == numerator:
        return Song(_stretched(song.tracks, 2), song.length // 2, PLAYED_STEPS, song.tempos, ((0, numerator, 8),))
    if own not in (2, 3, 4, 5, 7):
        raise ValueError(f"{file}: {own} beats in a bar")
    return Song(song.tracks, song.length, PLAYED_STEPS, song.tempos, ((0, own, 4),))


def _stretched(tracks: tuple[Track, ...], divisor: int) -> tuple[Track, ...]:
    return tuple(
        Track(
            tuple(Note(n.start // divisor, n.pitch, max(1, n.length // divisor), n.velocity) for n in track.notes),
            *(track.program, track.drums, track.name),
        )
        for track in tracks
    )


def _with_lead(song: Song, harmony: Harmony, bars: int, rng: np.random.Generator) -> Song:
    """With a tune over it."""
    player = Player(LEAD, harmony, rng)
    silent = int(rng.integers(4))
    tones = [tone for bar in range(bars) if bar // 4 % 4 != silent for tone in player.bar(bar)]
    notes = sorted(
        Note(round(start * PLAYED_STEPS), pitch, max(1, round(length * PLAYED_STEPS)), round(110 * loud))
        for start, length, pitch, loud in tones
    )
    tune = Track(tuple(notes), int(rng.choice(LEADS)))
    return replace(song, tracks=(*song.tracks, tune))
