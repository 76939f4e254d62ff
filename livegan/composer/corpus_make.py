"""Corpora made from scores: pieces selected, brought into one key, deduplicated, divided by tune, written as MIDI.

Every piece is on disk as soon as it is done, with corpus.json; interrupted work goes on with the same call.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from livegan.composer.corpus import CorpusFile, Piece, read_corpus_file, write_corpus_file
from livegan.composer.corpus_sources import Source, open_source, source_title
from livegan.composer.harmony import voice_pitches
from livegan.composer.key_analysis import find_key, parse_tonic
from livegan.composer.midi_file import read_midi, write_midi
from livegan.composer.phrases import MOST_RESTS, song_phrases
from livegan.composer.song import STEPS_PER_BEAT, Song, Track
from livegan.composer.source_piece import SourcePiece, moved
from livegan.composer.tunes import fingerprint, held_out, tunes
from livegan.composer.voices import HIGHEST, LOWEST, VOICES
from livegan.core.files import reason_of
from livegan.core.progress import ProgressCallback
from livegan.core.text import printable
from livegan.errors import ComposeError, MidiError

AUGMENT_SHIFTS = tuple(shift for shift in range(-5, 6) if shift)
MOST_OUTSIDE = 0.05  # of the notes of a piece outside the range
VOICE_NAMES = ("soprano", "alto", "tenor", "bass")
ANY = "any"


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """How pieces are selected and changed."""

    key: str = "C"  # transpose to this major key, or its relative minor; "keep"
    augment: bool = False  # copies of the training pieces, -5..+5 semitones
    voices: int | None = VOICES  # None: any number of tracks, playing what they like
    metres: tuple[str, ...] = ("4/4",)  # all of a piece's; (): any
    lowest: int = LOWEST  # MIDI pitches; a piece may have a few notes outside
    highest: int = HIGHEST
    fewest_notes: int = 16  # of a voice in a piece
    most_rests: float = MOST_RESTS  # of a phrase; with four voices, a piece needs a phrase that has fewer
    held_out: float = 0.1  # share of the pieces, by whole tunes
    steps_per_beat: int = STEPS_PER_BEAT


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """Result of making a corpus."""

    folder: Path
    file: CorpusFile
    read: int  # files read by this call


class _LeftOutError(Exception):
    """A piece is not wanted, and why."""


def make_corpus(
    name: str, folder: Path, options: CorpusOptions, report: ProgressCallback = lambda done: None
) -> CorpusReport:
    """Make a corpus in `folder` of "bach", "palestrina" or a folder of scores; `report` is called with files done.

    ComposeError for impossible options, a folder with other things in it, or if no piece is left.
    """
    _check(options)
    source = open_source(name)
    file = _begun(source, folder, options)
    if file.whole:
        return CorpusReport(folder, file, 0)
    pieces = {piece.source: piece for piece in file.pieces if (folder / piece.file).is_file() and not piece.copy_of}
    left_out = {left: why for left, why in file.left_out if left not in pieces and left in source.files}
    names = {piece.file for piece in pieces.values()}
    read = 0
    for done, path in enumerate(source.files, 1):
        if path not in pieces and path not in left_out:
            read += 1
            try:
                song, piece = _prepare(source.read(path, options.steps_per_beat), path, options)
            except (_LeftOutError, MidiError, ComposeError) as error:
                left_out[path] = printable(str(error), 300)
            else:
                piece = piece.model_copy(update={"file": _free_name(path, names)})
                write_midi(song, folder / piece.file)
                names.add(piece.file)
                pieces[path] = piece
            _write(folder, file, pieces.values(), left_out)
        report(done)
    if not pieces:
        raise ComposeError(f"no piece of {printable(name)} is left ({_reasons(left_out)}); choose other options")
    finished = _divided(folder, [pieces[path] for path in source.files if path in pieces], left_out, options)
    if options.augment:
        finished += _transposed_copies(folder, finished, options)
    file = _write(folder, file.model_copy(update={"whole": True}), finished, left_out)
    for double in names - {piece.file for piece in finished}:
        (folder / double).unlink(missing_ok=True)
    return CorpusReport(folder, file, read)


def _check(options: CorpusOptions) -> None:
    if options.key != "keep" and parse_tonic(options.key) is None:
        raise ComposeError(f"--key {printable(options.key)} is no key; type for example --key C, or --key keep")
    for metre in options.metres:
        if not re.fullmatch(r"[1-9]\d?/(1|2|4|8|16|32)", metre):
            raise ComposeError(f"--metre {printable(metre)} is no metre; type for example: --metre 4/4 --metre 3/4")
    if not 0 <= options.lowest < options.highest <= 127:
        raise ComposeError(f"a range of {options.lowest}..{options.highest} is none; MIDI pitches are 0..127")


def _begun(source: Source, folder: Path, options: CorpusOptions) -> CorpusFile:
    """The corpus.json in the folder, if it was begun with these options, or a new one."""
    chosen = _as_json(options)
    file = CorpusFile(source=source_title(source), notice=source.notice, options=chosen, whole=False)
    if folder.exists() and not folder.is_dir():
        raise ComposeError(f"{printable(folder)} is a file; choose another folder for --output")
    if folder.resolve() == source.folder.resolve():
        raise ComposeError(f"{printable(folder)} is the source itself; choose another folder for --output")
    before = read_corpus_file(folder) if folder.is_dir() else None
    if before is not None:
        if (before.source, before.options) != (file.source, file.options):
            raise ComposeError(
                f"{printable(folder)} holds another corpus, of {printable(before.source)} or with other options; "
                "choose another folder for --output"
            )
        return before
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ComposeError(f"{printable(folder)} is not empty; choose another folder for --output")
        write_corpus_file(folder, file)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return file


def _unwritable(folder: Path, error: OSError) -> ComposeError:
    return ComposeError(f"{printable(folder)} cannot be written ({reason_of(error)}); choose another place")


def _as_json(options: CorpusOptions) -> dict[str, str | int | float | bool | list[str]]:
    return {
        "key": options.key,
        "augment": options.augment,
        "voices": options.voices or ANY,
        "metres": list(options.metres) or ANY,
        "lowest": options.lowest,
        "highest": options.highest,
        "fewest_notes": options.fewest_notes,
        "most_rests": options.most_rests,
        "held_out": options.held_out,
        "steps_per_beat": options.steps_per_beat,
    }


def _write(folder: Path, file: CorpusFile, pieces: Iterable[Piece], left_out: dict[str, str]) -> CorpusFile:
    file = file.model_copy(update={"pieces": tuple(pieces), "left_out": tuple(left_out.items())})
    try:
        write_corpus_file(folder, file)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return file


def _prepare(source: SourcePiece, path: str, options: CorpusOptions) -> tuple[Song, Piece]:
    """The song as it will be written, with its entry but for the file's name; _LeftOutError if it is not wanted."""
    song = _with_voices(source.song, options)
    metres = list(dict.fromkeys(f"{numerator}/{denominator}" for _, numerator, denominator in song.metres))
    if options.metres and not set(metres) <= set(options.metres):
        raise _LeftOutError(f"its metre is {', '.join(metres[:4])}")
    scarce = min(len(track.notes) for track in song.tracks)
    if scarce < options.fewest_notes:
        raise _LeftOutError(f"a track has only {scarce} notes")
    key = find_key(song)
    tonic = parse_tonic(options.key)
    shift = key.shift_to(tonic) if key is not None and tonic is not None else 0
    shift = _fitting(song, shift, options)
    song = moved(song, shift)
    if options.voices == VOICES and metres == ["4/4"]:
        _check_phrases(song, options)
    title = source.title or PurePosixPath(path).stem
    piece = Piece(
        file="piece.mid",
        title=title,
        source=path,
        tune=source.group,
        key=str(key or ""),
        shift=shift,
        metre=metres[0],
        upbeat=source.upbeat,
        rights=source.rights,
    )
    return replace(song, name=title), piece


def _with_voices(song: Song, options: CorpusOptions) -> Song:
    """The song with the wanted tracks: of four voices among instruments, those called soprano, alto, tenor, bass."""
    tracks = tuple(track for track in song.tracks if track.notes)
    if options.voices is None:
        kept = tuple(track for track in tracks if len(track.notes) >= options.fewest_notes)
        if not kept:
            raise _LeftOutError(f"no track has {options.fewest_notes} notes")
        return replace(song, tracks=kept)
    tracks = tuple(track for track in tracks if not track.drums)
    if len(tracks) != options.voices and options.voices == VOICES:
        tracks = _named_voices(tracks) or tracks
    if len(tracks) != options.voices:
        raise _LeftOutError(f"it has {len(tracks)} voices")
    for track in tracks:
        if any(a.start + a.length > b.start for a, b in zip(track.notes, track.notes[1:], strict=False)):
            raise _LeftOutError(f"'{track.name or 'a voice'}' plays two notes at once")
    return replace(song, tracks=tracks)


def _named_voices(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    found = []
    for voice in VOICE_NAMES:
        named = [track for track in tracks if track.name.lower().split()[:1] == [voice]]
        if len(named) != 1:
            return ()
        found.append(named[0])
    return tuple(found)


def _fitting(song: Song, shift: int, options: CorpusOptions) -> int:
    """The shift, or one an octave away, that leaves most notes of the song in the range."""
    pitches = np.array([note.pitch for track in song.tracks if not track.drums for note in track.notes])
    shifts = (shift,) if options.key == "keep" else sorted((shift, shift - 12, shift + 12), key=abs)
    outside = {tried: _outside(pitches + tried, options) for tried in shifts}
    best = min(shifts, key=lambda tried: outside[tried])  # the smallest of equals
    if outside[best] > MOST_OUTSIDE:
        raise _LeftOutError(f"many notes are outside {options.lowest}..{options.highest}")
    return best


def _outside(pitches: NDArray[np.int_], options: CorpusOptions) -> float:
    """Share of notes outside the range."""
    return float(((pitches < options.lowest) | (pitches > options.highest)).mean()) if len(pitches) else 0.0


def _check_phrases(song: Song, options: CorpusOptions) -> None:
    if not any(True for _ in song_phrases(song, most_rests=options.most_rests)):
        raise _LeftOutError(f"no four bars can be used: notes in the range, fewer than {options.most_rests:.0%} rests")


def _free_name(path: str, taken: set[str]) -> str:
    stem = re.sub(r"[^\w.+-]", "_", PurePosixPath(path).stem, flags=re.ASCII).strip(".") or "piece"
    stem = stem[:60]
    for number in range(1, len(taken) + 2):
        name = f"{stem}.mid" if number == 1 else f"{stem}-{number}.mid"
        if name.lower() not in {other.lower() for other in taken}:
            return name
    raise AssertionError("more names than pieces")


def _divided(folder: Path, pieces: list[Piece], left_out: dict[str, str], options: CorpusOptions) -> list[Piece]:
    """The pieces without those that are the same music, each with its tune and split."""
    fingerprints, kept, first = {}, [], dict[str, str]()
    for piece in pieces:
        like = fingerprint(voice_pitches(read_midi(folder / piece.file)), piece.tune)
        if like.music in first:
            left_out[piece.source] = f"the same music as {first[like.music]}"
            continue
        first[like.music] = piece.source
        fingerprints[piece.file] = like
        kept.append(piece)
    tune_of = tunes(fingerprints)
    held = held_out(tune_of, options.held_out)
    return [
        piece.model_copy(
            update={
                "tune": PurePosixPath(tune_of[piece.file]).stem,
                "split": "held-out" if piece.file in held else "train",
            }
        )
        for piece in kept
    ]


def _transposed_copies(folder: Path, pieces: list[Piece], options: CorpusOptions) -> list[Piece]:
    """Copies of the training pieces in other keys, where all notes stay in the range."""
    copies = []
    for piece in pieces:
        if piece.split == "train":
            song = read_midi(folder / piece.file, options.steps_per_beat)
            pitches = np.array([note.pitch for track in song.tracks if not track.drums for note in track.notes])
            for shift in AUGMENT_SHIFTS:
                if not _outside(pitches + shift, options):
                    name = f"copies/{PurePosixPath(piece.file).stem}{shift:+d}.mid"
                    write_midi(moved(song, shift), folder / name)
                    entry = {"file": name, "copy_of": piece.file, "shift": piece.shift + shift}
                    copies.append(piece.model_copy(update=entry))
    return copies


def _reasons(left_out: dict[str, str]) -> str:
    """The commonest reasons, in words."""
    counts: dict[str, int] = {}
    for why in left_out.values():
        counts[why] = counts.get(why, 0) + 1
    common = sorted(counts, key=lambda why: -counts[why])[:3]
    return "; ".join(f"{counts[why]}: {why}" for why in common) or "it is empty"
