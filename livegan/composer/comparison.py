"""Comparison: metrics of files, folders and networks beside those of held-out music and of a control."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import isnan, nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.composer.controls import mixed_voices
from livegan.composer.corpus import MIDI_SUFFIXES, Corpus, midi_files
from livegan.composer.harmony import Pitches, voice_pitches
from livegan.composer.metrics import DECIMALS, LABELS, Measures, measure, measure_songs
from livegan.composer.midi_file import read_midi
from livegan.composer.network_info import SUFFIX
from livegan.composer.novelty import CopyFinder
from livegan.composer.phrases import four_voice_phrases
from livegan.composer.song import STEPS_PER_BEAT, Song
from livegan.composer.voice import BUNDLED
from livegan.composer.voices import sounding
from livegan.core.files import expanded
from livegan.core.progress import ProgressCallback
from livegan.core.text import printable
from livegan.errors import ComposeError

PHRASE_BARS = 4
PHRASE_STEPS = 64  # in which copied runs are looked for


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one kind of music."""

    name: str
    count: int  # songs or phrases
    measures: Measures
    copied: float = nan  # longest copied run of a phrase, in beats: mean
    longest: float = nan  # ... and the longest of all

    def numbers(self) -> dict[str, str | int | float | None]:
        """As JSON has it: null where there was nothing to measure."""
        figures = {"copied": self.copied, "longest_copied": self.longest} | asdict(self.measures)
        table: dict[str, str | int | float | None] = {"name": self.name, "count": self.count}
        return table | {name: None if isnan(value) else round(value, 4) for name, value in figures.items()}


def measured(
    what: str, phrases: int, seed: int, report: ProgressCallback = lambda done: None
) -> tuple[str, list[Song]]:
    """Name and songs of a MIDI file, a folder of them, or a network, which writes so many phrases.

    `what` is a path, or the name of a bundled network. Raises ComposeError, MidiError, NetworkError.
    """
    place = expanded(what)
    if place.suffix.lower() in MIDI_SUFFIXES:
        return place.name, [read_midi(place)]
    if place.is_dir() and not _networks(place):
        names = midi_files(place)
        if not names:
            raise ComposeError(f"{printable(what)} has neither MIDI files nor networks; give another folder")
        return place.name or str(place), [read_midi(place / name) for name in names]
    return _composed(what, phrases, seed, report)


def _composed(what: str, phrases: int, seed: int, report: ProgressCallback) -> tuple[str, list[Song]]:
    from livegan.composer.load import load_composer  # PyTorch

    bundled = BUNDLED / f"{what}{SUFFIX}"
    if not bundled.is_file() and not expanded(what).exists():
        raise ComposeError(f"there is no {printable(what)}; give MIDI files, a folder of them, or a network")
    composer = load_composer(bundled if bundled.is_file() else what)
    songs = []
    for number in range(phrases):
        songs.append(composer.song(PHRASE_BARS, seed + number))
        report(number + 1)
    return composer.info.title or expanded(what).name, songs


def _networks(folder: Path) -> bool:
    return any(folder.glob(f"*{SUFFIX}")) or any(folder.glob(f"snapshots/*{SUFFIX}"))


def copy_finder(corpus: Corpus) -> CopyFinder:
    """Copied runs from the training pieces of a corpus."""
    return CopyFinder(voice_pitches(song) for song in corpus.songs("train", broken=[]))


def row_of_songs(name: str, songs: list[Song], finder: CopyFinder | None) -> Row:
    """Figures of songs, all together."""
    copied = _copied(finder, (part for song in songs for part in _parts(song)))
    return Row(name, len(songs), measure_songs(songs), *copied)


def rows_of_corpus(corpus: Corpus, finder: CopyFinder, seed: int = 0) -> list[Row]:
    """Held-out music, and the control: its voices mixed. Without four voices only the former, of whole pieces."""
    held = four_voice_phrases(corpus, "held-out", PHRASE_BARS)
    if not len(held):
        songs = list(corpus.songs("held-out", broken=[]))
        return [row_of_songs("held out", songs, finder)] if songs else []
    return [_row("held out", held, finder), _row("control: voices mixed", mixed_voices(held, seed), finder)]


def _row(name: str, phrases: NDArray[np.int8], finder: CopyFinder) -> Row:
    return Row(name, len(phrases), measure(phrases), *_copied(finder, map(sounding, phrases)))


def _parts(song: Song) -> Iterator[Pitches]:
    """A song in parts as long as a phrase, on a grid of 16ths."""
    pitches = voice_pitches(song)
    if song.steps_per_beat != STEPS_PER_BEAT:
        steps = round(song.length * STEPS_PER_BEAT / song.steps_per_beat)
        pitches = pitches[np.arange(steps) * song.steps_per_beat // STEPS_PER_BEAT]
    for start in range(0, len(pitches), PHRASE_STEPS):
        yield pitches[start : start + PHRASE_STEPS]


def _copied(finder: CopyFinder | None, parts: Iterable[Pitches]) -> tuple[float, float]:
    """Mean and longest of the longest copied runs [beats]."""
    if finder is None:
        return nan, nan
    runs = [
        finder.longest(part) / STEPS_PER_BEAT for part in parts if part.shape[1] in finder.voices and (part >= 0).any()
    ]
    return (float(np.mean(runs)), max(runs)) if runs else (nan, nan)


def table(rows: list[Row]) -> str:
    """Rows for people; see docs/composing.md for the columns."""
    wide = max(len(row.name) for row in rows)
    lines = [f"{'':{wide}} {'n':>5}" + "".join(f" {label:>6}" for label in LABELS) + f" {'copy':>5} {'most':>5}"]
    for row in rows:
        values = asdict(row.measures).values()
        cells = "".join(f" {_cell(value, digits):>6}" for value, digits in zip(values, DECIMALS, strict=True))
        lines.append(f"{row.name:{wide}} {row.count:5}{cells} {_cell(row.copied, 1):>5} {_cell(row.longest, 1):>5}")
    return "\n".join(lines)


def _cell(value: float, digits: int) -> str:
    return "-" if isnan(value) else f"{value:.{digits}f}"
