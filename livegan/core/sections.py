"""Sections of a sound file: joined or chained files in one, and headers of PCM containers whose lengths are wrong.

A recorder that lost power leaves a length of 0 or an old one, a stream says "unknown", 4 GB overflow. If what follows
the end of the sound data is no list of chunks, all of the file is sound, and the length is patched while it is read.
"""

import io
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal

UNKNOWN_BYTES = 0x7FFF0000  # encoders that do not know the length of a WAV write this or more
FLAC_START = b"fLaC\x00\x00\x00\x22"  # RFC 9639, sections 6 and 8.2
SEARCH_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Section:
    """Bytes `start` to `end` of a file that are a sound file by themselves."""

    start: int
    end: int
    patches: Mapping[int, bytes] = field(default_factory=dict)  # by place in the file: what to read there instead
    missing: float = 0.0  # what the header promises beyond the end of the file, as a share of what is there
    unknown: bool = False  # the header tells no length that can be true


class SectionFile(io.RawIOBase):
    """Section of a file as a file of its own, with its patches."""

    def __init__(self, path: Path, section: Section) -> None:
        self._file = path.open("rb")
        self._section, self._at = section, 0

    def read(self, size: int = -1) -> bytes:
        start, left = self._section.start + self._at, self._section.end - self._section.start - self._at
        self._file.seek(start)
        part = self._file.read(left if size < 0 else max(0, min(size, left)))
        self._at += len(part)
        for at, patch in self._section.patches.items():
            for place, value in enumerate(patch, at - start):
                if 0 <= place < len(part):
                    part = part[:place] + bytes([value]) + part[place + 1 :]
        return part

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._section.end - self._section.start)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


@dataclass(frozen=True, slots=True)
class _Chunked:
    """Layout of a container of chunks: an identifier and a length before each."""

    first: int  # where the first chunk begins
    data: bytes  # identifier of the chunk with the sound
    order: Literal["little", "big"]
    name_bytes: int = 4
    length_bytes: int = 4
    inclusive: bool = False  # lengths count identifier and length too
    align: int = 2
    unknown: int | None = None  # the length that means: to the end of the file

    @property
    def header(self) -> int:
        return self.name_bytes + self.length_bytes


WAV = _Chunked(12, b"data", "little", unknown=0xFFFFFFFF)
AIFF = _Chunked(12, b"SSND", "big")
CAF = _Chunked(8, b"data", "big", length_bytes=8, align=1, unknown=(1 << 64) - 1)
W64 = _Chunked(40, b"data", "little", name_bytes=16, length_bytes=8, inclusive=True, align=8)


def sections(path: Path) -> tuple[Section, ...]:
    """The sections of a sound file; of most files one, the whole."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(16)
        whole = (Section(0, size),)
        if head[:4] == b"OggS":
            return _ogg(file, size)
        if head[:4] == b"fLaC":
            return _flac(file, size)
        if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
            return _wav(file, size)
        if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
            return _chunked(file, size, AIFF) or whole
        if head[:4] == b"caff":
            return _chunked(file, size, CAF) or whole
        if head == b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00":
            return _chunked(file, size, W64) or whole
        if head[:4] == b".snd":
            start, length = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
            if start + length < size:
                return (Section(0, size, {8: b"\xff" * 4}, unknown=True),)
            return (Section(0, size, missing=_missing(start, length, size)),)
        return whole


def _ogg(file: IO[bytes], size: int) -> tuple[Section, ...]:
    """The links of a chained Ogg file (RFC 3533, section 4)."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts, at = [0], 0
        while (first := data.find(b"OggS\x00\x02", at + 1)) > 0:  # a page that begins a stream
            page = data.rfind(b"OggS\x00", at, first)
            if data[page + 5] & 2 == 0:  # after one that does not: a new link
                starts.append(first)
            at = first
    return _between(starts, size)


def _flac(file: IO[bytes], size: int) -> tuple[Section, ...]:
    """FLAC files one after another: each has its own rate and channels."""
    starts, at, tail = [0], 8, b""
    file.seek(at)
    while block := file.read(SEARCH_BYTES):
        text, before = tail + block, at - len(tail)
        place = text.find(FLAC_START)
        while place >= 0:
            starts.append(before + place)
            place = text.find(FLAC_START, place + 1)
        at, tail = at + len(block), text[1 - len(FLAC_START) :]
    return _between(starts, size)


def _between(starts: list[int], size: int) -> tuple[Section, ...]:
    return tuple(Section(start, end) for start, end in zip(starts, [*starts[1:], size], strict=True))


def _wav(file: IO[bytes], size: int) -> tuple[Section, ...]:
    """WAV files one after another."""
    parts: list[Section] = []
    start = 0
    while start < size and (not parts or _is_wav(file, start)):
        parts.append(_first_wav(file, start, size))
        start = parts[-1].end
    if parts[-1].end < size:
        parts[-1] = replace(parts[-1], end=size)
    return tuple(parts)


def _is_wav(file: IO[bytes], start: int) -> bool:
    file.seek(start)
    head = file.read(12)
    return head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:] == b"WAVE"


def _first_wav(file: IO[bytes], start: int, size: int) -> Section:
    """The WAV file at `start`, to its last chunk."""
    length64: int | None = None  # of RF64 (EBU Tech 3306)
    section: Section | None = None
    for name, at, length in _chunks(file, WAV, start + WAV.first, size):
        file.seek(at)
        if section is not None:
            if name[:4] in {b"RIFF", b"RF64", b"BW64"}:
                return replace(section, end=at - WAV.header)
        elif name == b"ds64":
            length64 = int.from_bytes(file.read(16)[8:], "little")
        elif name == WAV.data:
            long = length64 is not None and length == WAV.unknown
            real = length64 if long and length64 is not None else length
            if _is_wrong(file, WAV, at, real, size) or (long and at + real > 2 * size):
                patches = {start: b"RIFF", at - WAV.length_bytes: b"\xff" * WAV.length_bytes}  # to the end of the file
                return Section(start, size, patches, unknown=True)
            section = Section(start, size, missing=_missing(at, real, size, long), unknown=not real)
    return section or Section(start, size)


def _chunked(file: IO[bytes], size: int, kind: _Chunked) -> tuple[Section, ...]:
    """Of AIFF, CAF and Wave64: the whole file, patched where the sound is longer than it says; () without sound."""
    for name, at, length in _chunks(file, kind, kind.first, size):
        if name[: len(kind.data)] == kind.data:
            if not _is_wrong(file, kind, at, length, size):
                return (Section(0, size, missing=_missing(at, length, size, kind.length_bytes > 4)),)
            rest = size - at + (kind.header if kind.inclusive else 0)
            value = min(rest if kind.unknown is None else kind.unknown, (1 << 8 * kind.length_bytes) - 1)
            patch = value.to_bytes(kind.length_bytes, kind.order)
            return (Section(0, size, {at - kind.length_bytes: patch}, unknown=True),)
    return ()


def _chunks(file: IO[bytes], kind: _Chunked, at: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Identifier, start of the content and its length, of each chunk from `at` on."""
    while at + kind.header <= size:
        file.seek(at)
        name = file.read(kind.name_bytes)
        length = int.from_bytes(file.read(kind.length_bytes), kind.order)
        if kind.inclusive:
            length = max(0, length - kind.header)
        at += kind.header
        yield name, at, length
        at += length + -length % kind.align


def _missing(at: int, length: int, size: int, long: bool = False) -> float:
    """How much sound is missing of `length` bytes at `at`, as a share of what is there; `long`: lengths of 64 bits."""
    unknown = length >= (1 << 40 if long else UNKNOWN_BYTES)
    return 0.0 if unknown or at >= size else max(0.0, length / (size - at) - 1.0)


def _is_wrong(file: IO[bytes], kind: _Chunked, at: int, length: int, size: int) -> bool:
    """True if the sound data at `at` are longer than `length`: no chunks follow where they end."""
    if length == kind.unknown or at + length >= size:
        return False
    starts = {at + length, at + length + -length % kind.align}
    return not any(_chunks_follow(file, kind, start, size) for start in starts)


def _chunks_follow(file: IO[bytes], kind: _Chunked, at: int, size: int) -> bool:
    """True if chunks with printable identifiers lead from `at` to the end of the file."""
    names = [name for name, _, _ in _chunks(file, kind, at, size)]
    return all(32 <= byte < 127 for name in names for byte in name[:4]) and (bool(names) or at + kind.header > size)
