"""Reading of show logs, anybody's: its parts in order, what is broken off at their end, and holes in them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livegan.config.venue import Venue
from livegan.core.text import duration_text, printable
from livegan.core.types import Layout
from livegan.engine.bind import Setlist
from livegan.engine.log_blocks import LogBlock, read_block
from livegan.engine.log_inputs import number
from livegan.engine.log_records import BLOCK, HEADER, MAGIC, Record, RecordFile
from livegan.engine.setlist_json import as_tuples, setlist_from_json
from livegan.engine.show_header import FORMAT
from livegan.engine.show_log import part_path
from livegan.engine.show_state import ShowState
from livegan.errors import MediaError

MOST_FEATURES = 8192
MOST_PARTS = 10_000
WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError, ArithmeticError)


@dataclass(slots=True)
class ShowLogFile:
    """A show log that is read: its header, then block after block."""

    path: Path
    header: Mapping[str, Any]
    paths: list[Path] = field(default_factory=list)  # of the parts that were read
    ended: bool = False  # the show closed it; known when all blocks were read, like all below
    broken_bytes: int = 0  # at the end, broken off or damaged
    dropped: int = 0  # frames that are missing somewhere
    missing_s: float = 0.0  # of the show after what is broken off or damaged, where that is known
    absent: str = ""  # which of its parts cannot be read
    wrong: str = ""  # why it could not be read further, though it is whole

    @property
    def layout(self) -> Layout:
        """The features of the show; MediaError where the log has none: it was not written by `livegan play`."""
        try:
            table = self.header["layout"]
            names, peaks = tuple(map(str, table["names"])), tuple(map(bool, table["peaks"]))
            if len(names) != len(peaks) or len(names) > MOST_FEATURES or len(set(names)) < len(names):
                raise ValueError("its features")
        except WRONG as error:
            raise self.unusable("features") from error
        return Layout(names, peaks)

    @property
    def scenes(self) -> Setlist:
        """The scenes as they were read when the show began; MediaError where they are none."""
        try:
            return setlist_from_json(self.header["scenes"])
        except (*WRONG, ValidationError) as error:
            raise self.unusable("scenes") from error

    @property
    def venue(self) -> Venue:
        """What of the venue enters plans and pictures; MediaError where it is none."""
        try:
            return Venue.model_validate(as_tuples(dict(self.header["venue"])))
        except (*WRONG, ValidationError) as error:
            raise self.unusable("venue") from error

    @property
    def resumed(self) -> ShowState | None:
        """The state from which the show went on; None: it began anew. MediaError where it is none."""
        try:
            table = self.header.get("resumed")
            return None if table is None else ShowState.model_validate_json(json.dumps(table))
        except (*WRONG, ValidationError) as error:
            raise self.unusable("state") from error

    @property
    def lost(self) -> str:
        """What is broken off or damaged, and left out; "" if nothing is. Known when all blocks were read."""
        if not self.broken_bytes:
            return "" if self.ended else self.absent
        of = f", and with them {self._missing_text} of the show" if self.missing_s else ""
        return f"{self.broken_bytes} bytes at its end are broken off or damaged; they are left out{of}"

    @property
    def _missing_text(self) -> str:
        return f"{self.missing_s:.1f} s" if self.missing_s < 60 else f"{duration_text(self.missing_s)} min"

    @property
    def no_frame(self) -> str:
        """Why a log without a frame has none; known when all blocks were read."""
        if self.ended:
            return "the show was closed before its first"
        return "it cannot be read up to its first" if self.wrong else "it breaks off before its first"

    def number(self, name: str) -> float:
        """A number of the header; MediaError where there is none."""
        try:
            return number(self.header[name])
        except WRONG as error:
            raise self.unusable(name) from error

    def unusable(self, what: str) -> MediaError:
        """The error for a header that says too little to render the show again."""
        return MediaError(f"'{printable(self.path)}' cannot be rendered: its {what} cannot be read by this livegan")

    def blocks(self) -> Iterator[LogBlock]:
        """Every block of every part; ends where the log is broken off or damaged."""
        features, expected = 0, 0
        with suppress(MediaError):  # a log that can be told, and not rendered
            features = len(self.layout.names)
        self.paths, self.ended, self.broken_bytes, self.dropped, self.wrong = [], False, 0, 0, ""
        self.missing_s, self.absent, last_s, parts = 0.0, "", None, self._parts()
        for file, records in parts:
            for record in records:
                if record.kind != BLOCK:
                    self.ended = True
                    continue
                try:
                    block = read_block(record, features)
                except WRONG as error:
                    self.wrong = f"{type(error).__name__}: {printable(error, 100)}"
                    return
                if block.frames:
                    self.dropped += max(block.first - expected, 0)
                    expected, last_s = block.first + len(block.frames), block.frames[-1].time_s
                yield block
            self.broken_bytes = file.left
            if self.broken_bytes:
                read = len(self.paths)
                further = chain(file.behind(), chain.from_iterable(records for _, records in parts))
                self.missing_s = _time_of_last(further, features) - last_s if last_s is not None else 0.0
                self.missing_s = max(self.missing_s, 0.0)
                del self.paths[read:]  # those behind were looked at only
            if self.broken_bytes or self.ended:
                return

    def _parts(self) -> Iterator[tuple[RecordFile, Iterator[Record]]]:
        """Every part with its records behind the header; what is none, between them, is passed over."""
        for path in (self.path, *_further(self.path)):
            records, header = iter(file := RecordFile(path)), None
            with suppress(MediaError):
                header = next(records, None)
            if header is not None and self._continues(header, len(self.paths)):
                self.paths.append(path)
                yield file, records
            elif header is None and file.damaged:
                self.absent = self.absent or f"'{printable(path)}' is damaged at its beginning and left out"
            elif header is not None and self._is_of_show(header) and path not in self.paths:
                part = self.header.get("part", 1) + len(self.paths)
                self.absent = self.absent or f"part {part} of it is missing; what follows is left out"

    def _continues(self, header: Record, part: int) -> bool:
        return self._is_of_show(header) and header.table.get("part") == self.header.get("part", 1) + part

    def _is_of_show(self, header: Record) -> bool:
        return header.kind == HEADER and header.table.get("id") == self.header.get("id")


def _time_of_last(records: Iterable[Record], features: int) -> float:
    """When the last frame in any of these records was due; minus infinity if there is none."""
    last_s = -inf
    for record in records:
        with suppress(*WRONG):
            if record.kind == BLOCK and (frames := read_block(record, features).frames):
                last_s = frames[-1].time_s
    return last_s


def open_show_log(path: Path) -> ShowLogFile:
    """A show log by the file of its first part; MediaError if it is none, or of a format that is not known here."""
    header = next(iter(file := RecordFile(path)), None)
    if header is None and file.damaged:
        raise MediaError(
            f"'{printable(path)}' is a damaged show log: the {file.damaged} bytes at its beginning, which have the "
            "scenes and the venue, are not as they were written, and without them nothing can be made of the rest; "
            "copy it again from where the show was played, or take a backup"
        )
    if header is None or header.kind != HEADER:
        raise MediaError(
            f"'{printable(path)}' is a show log that breaks off before it has begun; copy it again from where the show "
            "was played, or name another log"
        )
    table = header.table
    if table.get("format", FORMAT) != FORMAT:
        theirs = printable(table["format"])
        raise MediaError(
            f"'{printable(path)}' is of format {theirs}, this livegan reads {FORMAT}; use the one that wrote it"
        )
    if table.get("part", 1) != 1:
        first = _first_part(path, table)
        its = f", '{printable(first)}'" if first is not None else ""
        part = printable(table["part"])
        raise MediaError(f"'{printable(path)}' is part {part} of a show; give the file of the first part{its}")
    return ShowLogFile(path, table)


def is_show_log(path: Path) -> bool:
    """Whether a file begins like a show log."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def check_log(path: Path) -> None:
    """MediaError for the name of a log to be written where a file is that is no show log."""
    if path.is_file() and path.stat().st_size and not is_show_log(path):
        raise MediaError(f"{path} is there already and is no show log; choose another name for --log")


def _further(path: Path) -> Iterator[Path]:
    """Files in which the log in `path` can go on. Which of them are its parts, and which ones, their headers say.

    show.2.log may be the first of its name (then show.2.2.log follows), or the second of show.log (show.3.log).
    """
    for first, place in ((path, 1), *_numbered(path)):
        absent = 0
        for step in range(1, MOST_PARTS):
            if (part := part_path(first, place + step)).is_file():
                yield part
            elif (absent := absent + 1) > 1:  # one may have been lost, which is told
                break


def _first_part(path: Path, header: Mapping[str, Any]) -> Path | None:
    """The file of the first part of the log of which `path` is a later one; None where it is not found."""
    for first, place in _numbered(path):
        for earlier in (part_path(first, at) for at in range(min(place, MOST_PARTS) - 1, 0, -1)):
            with suppress(MediaError):
                other = next(iter(RecordFile(earlier)), None)
                table = other.table if other is not None and other.kind == HEADER else {}
                if table.get("part") == 1 and table.get("id") == header.get("id"):
                    return earlier
    return None


def _numbered(path: Path) -> Iterator[tuple[Path, int]]:
    """The path and the number of which `part_path` makes this one: show.2.log is show.log, 2, and show.2 is show, 2."""
    stem, _, last = path.stem.rpartition(".")
    for name, text in ((f"{stem}{path.suffix}", last if stem else ""), (path.stem, path.suffix[1:])):
        if text.isdecimal() and len(text) < 6:
            yield path.with_name(name), int(text)
