"""MusicXML scores, read by music21 (extra `compose`): parts as tracks of a song. Repeats are not played out."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from fractions import Fraction
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

from livegan.composer.song import STEPS_PER_BEAT, Song
from livegan.composer.source_piece import MOST_BEATS, SourcePiece, TimedNote, track_of
from livegan.core.text import printable
from livegan.errors import ComposeError

SUFFIXES = (".musicxml", ".mxl", ".xml")
DEFAULT_BPM = 84.0
CHOIR = 52  # General MIDI program, counted from 0
INSTALL = "pip install 'livegan[compose]'"
MAX_BYTES = 32 << 20


def music21_folder() -> Path:
    """Where music21 is installed; ComposeError, with what to type, if it is not. Nothing is imported."""
    found = find_spec("music21")
    places = list(found.submodule_search_locations or ()) if found else []
    if not places:
        raise ComposeError(f"scores are read with music21, which is not installed; type: {INSTALL}")
    return Path(places[0])


def read_musicxml(path: Path, steps_per_beat: int = STEPS_PER_BEAT) -> SourcePiece:
    """The piece in a file; ComposeError if it cannot be read. Takes a tenth of a second to some seconds."""
    music21_folder()
    with _quiet():
        try:
            if _size(path) > MAX_BYTES:
                raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
            return _piece(_parsed(path), steps_per_beat)
        except Exception as error:  # an untrusted file in a foreign parser, which raises what it likes
            reason = printable(str(error) or type(error).__name__, 120)
            raise ComposeError(f"{printable(path)} is no score that can be read ({reason})") from error


def _size(path: Path) -> int:
    """Bytes of the file, of an archive also of what is packed in it."""
    size = path.stat().st_size
    if is_zipfile(path):
        with ZipFile(path) as archive:
            size += sum(member.file_size for member in archive.infolist())
    return size


@contextmanager
def _quiet() -> Iterator[None]:
    """music21 prints and warns."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        yield


def _parsed(path: Path) -> Any:
    """The score. Nothing is cached: music21 would pickle what it has read."""
    from music21.converter import Converter

    converter = Converter()
    converter.parseFileNoPickle(path, format="musicxml")
    return converter.stream


def _piece(score: Any, steps_per_beat: int) -> SourcePiece:
    from music21 import meter, tempo

    parts = list(score.parts)
    flat = [part.flatten() for part in parts]
    first = next((measure for part in parts for measure in part.getElementsByClass("Measure")[:1]), None)
    pad = Fraction(first.paddingLeft) if first is not None else Fraction(0)
    metres: dict[int, tuple[int, int]] = {}
    for stream in flat:
        for metre in stream.getElementsByClass(meter.TimeSignature):
            at = Fraction(metre.offset)
            metres.setdefault(_step(at + pad if at else at, steps_per_beat), (metre.numerator, metre.denominator))
    metres.setdefault(0, (4, 4))
    marks = [mark for stream in flat for mark in stream.getElementsByClass(tempo.MetronomeMark)]
    bpm = next((quarters for mark in marks if (quarters := mark.getQuarterBPM())), DEFAULT_BPM)
    tracks = []
    for part, stream in zip(parts, flat, strict=True):
        notes = [TimedNote(note.start + pad, note.length, note.pitch) for note in _notes(stream)]
        if any(note.start + note.length > MOST_BEATS for note in notes):
            raise ValueError(f"it is longer than {MOST_BEATS} beats")
        program, drums = _instrument(part)
        name = printable(" ".join((part.partName or "").split()), 60)
        tracks.append(track_of(notes, steps_per_beat, program, drums, name))
    if not any(track.notes for track in tracks):
        raise ValueError("it has no notes")
    length = max(note.start + note.length for track in tracks for note in track.notes)
    about = score.metadata
    names = (about.title, about.movementName) if about else ()
    title = printable(" ".join(name for name in names if name and not name.endswith(SUFFIXES)), 100)
    rights = printable(str(about.copyright), 600) if about and about.copyright else ""
    song = Song(
        tuple(tracks),
        length,
        steps_per_beat,
        ((0, float(bpm)),),
        tuple((step, *metre) for step, metre in sorted(metres.items()) if step < length),
        title,
    )
    bar = Fraction(4 * metres[0][0], metres[0][1])
    return SourcePiece(song, _step(bar - pad, steps_per_beat) if pad else 0, title, rights)


def _notes(stream: Any) -> list[TimedNote]:
    """Notes of a part that was flattened, tied ones as one."""
    notes: list[TimedNote] = []
    tied: dict[int, int] = {}  # pitch to index of a note that goes on
    for element in stream.notes:
        start, length = Fraction(element.offset), Fraction(element.quarterLength)
        for single in getattr(element, "notes", (element,)):
            if not hasattr(single, "pitch"):  # a drum without a pitch
                continue
            pitch, tie = int(single.pitch.midi), single.tie.type if single.tie else ""
            older = notes[tied[pitch]] if tie in ("stop", "continue") and pitch in tied else None
            if older is not None and older.start + older.length == start:
                notes[tied[pitch]] = TimedNote(older.start, start + length - older.start, pitch)
            else:
                notes.append(TimedNote(start, length, pitch))
                tied[pitch] = len(notes) - 1
            if tie not in ("start", "continue"):
                tied.pop(pitch, None)
    return notes


def _instrument(part: Any) -> tuple[int, bool]:
    """General MIDI program from 0, by the file or by the part's name, and whether it is drums; else a choir."""
    from music21 import exceptions21, instrument

    found = part.getInstrument(returnDefault=False)
    program, drums = getattr(found, "midiProgram", None), getattr(found, "midiChannel", None) == 9
    if program is None and part.partName:
        with suppress(exceptions21.Music21Exception):  # a name it does not know
            named = instrument.fromString(part.partName)
            program = None if isinstance(named, instrument.Vocalist) else named.midiProgram
    return (CHOIR if program is None else int(program) % 128), drums


def _step(beats: Fraction, steps_per_beat: int) -> int:
    return round(beats * steps_per_beat)
