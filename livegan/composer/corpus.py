"""Corpus: a folder of MIDI files and a corpus.json that says what they are and which are held out.

Any folder of MIDI files is a corpus too: what corpus.json would say is then made up in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from livegan.composer.midi_file import read_midi
from livegan.composer.song import STEPS_PER_BEAT, Song
from livegan.core.files import expanded, read_text, reason_of, write_atomic
from livegan.core.text import printable
from livegan.errors import ComposeError, MidiError

FILE_NAME = "corpus.json"
MIDI_SUFFIXES = (".mid", ".midi")
HELD_OUT = 0.1  # share of a folder without a corpus.json

Split = Literal["train", "held-out"]


class Piece(BaseModel):
    """One MIDI file of a corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str  # in the folder of the corpus
    title: str = ""
    source: str = ""  # file it was made from
    split: Split = "train"
    tune: str = ""  # name of the group of pieces on one tune: all of it is in one split
    key: str = ""  # found by key analysis, before the shift
    shift: int = 0  # semitones it was transposed by
    copy_of: str = ""  # file that this one is a transposed copy of
    metre: str = ""  # the first
    upbeat: int = 0  # notes begin so many steps before the second bar; 0: with the first
    rights: str = ""  # what the encoding says of itself

    @field_validator("file")
    @classmethod
    def _inside(cls, file: str) -> str:
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or "\\" in file or path.suffix.lower() not in MIDI_SUFFIXES:
            raise ValueError("it is no MIDI file in the folder")
        return file


class CorpusFile(BaseModel):
    """Contents of corpus.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["livegan-corpus-1"] = "livegan-corpus-1"
    source: str = ""  # where the pieces come from
    notice: str = ""  # what their licence says
    options: dict[str, str | int | float | bool | list[str]] = Field(default_factory=dict)
    whole: bool = True  # False: making it was interrupted
    pieces: tuple[Piece, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()  # file of the source, why


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pieces of music to learn from and to compare with."""

    folder: Path
    file: CorpusFile

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces, transposed copies too."""
        return self.file.pieces

    def songs(
        self,
        split: Split | None = None,
        steps_per_beat: int = STEPS_PER_BEAT,
        broken: list[tuple[str, str]] | None = None,
    ) -> Iterator[Song]:
        """The pieces of a split (None: all), one after another.

        A file that cannot be read is added to `broken`, with the reason, and left out; MidiError if that is None.
        """
        for piece in self.pieces:
            if split is None or piece.split == split:
                try:
                    yield read_midi(self.folder / piece.file, steps_per_beat)
                except MidiError as error:
                    if broken is None:
                        raise
                    broken.append((piece.file, str(error)))


def open_corpus(path: str | Path) -> Corpus:
    """The corpus in a folder; ComposeError if there is none."""
    folder = expanded(path)
    if not folder.is_dir():
        raise ComposeError(
            f"there is no corpus {printable(folder)}; give a folder of MIDI files, or make one: "
            f"livegan compose corpus bach -o {printable(folder)}"
        )
    file = read_corpus_file(folder)
    return Corpus(folder, _of_folder(folder) if file is None else file)


def read_corpus_file(folder: Path) -> CorpusFile | None:
    """The corpus.json of a folder; None if it has none, ComposeError if it cannot be read."""
    path = folder / FILE_NAME
    try:
        return CorpusFile.model_validate_json(read_text(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ComposeError(f"{printable(path)} cannot be read ({reason_of(error)}); make the corpus again") from error
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        where = ".".join(str(part) for part in first["loc"])
        what = printable(f"{where}: {first['msg']}" if where else first["msg"], 200)
        raise ComposeError(f"{printable(path)} is not the file of a corpus ({what}); make it again") from error


def write_corpus_file(folder: Path, file: CorpusFile) -> None:
    """Write corpus.json, whole or not at all. Raises OSError."""
    write_atomic(folder / FILE_NAME, file.model_dump_json(indent=1) + "\n")


def midi_files(folder: Path) -> tuple[str, ...]:
    """MIDI files in a folder and its folders, by name. Hidden ones are left out."""
    return tuple(
        name
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in MIDI_SUFFIXES
        and not (name := path.relative_to(folder).as_posix()).startswith(".")
        and "/." not in name
        and "\\" not in name
        and path.is_file()
    )


def _of_folder(folder: Path) -> CorpusFile:
    names = midi_files(folder)
    if not names:
        raise ComposeError(
            f"there are no MIDI files in {printable(folder)}; give another folder, or make a corpus of it: "
            f"livegan compose corpus {printable(folder)}"
        )
    order = {name: _hash(folder / name) for name in names}
    limit = int(HELD_OUT * (1 << 64))
    held = {name for name in names if order[name] < limit}
    if not held and len(names) > 1:
        held = {min(names, key=lambda name: order[name])}
    if len(held) == len(names) > 1:
        held -= {max(names, key=lambda name: order[name])}
    pieces = tuple(
        Piece(file=name, title=Path(name).stem, split="held-out" if name in held else "train") for name in names
    )
    return CorpusFile(source="a folder of MIDI files", pieces=pieces)


def _hash(path: Path) -> int:
    """Hash of the contents: the same file under two names is in one split."""
    try:
        with path.open("rb") as file:
            return int.from_bytes(sha256(file.read(1 << 20)).digest()[:8], "big")
    except OSError:
        return (1 << 64) - 1
