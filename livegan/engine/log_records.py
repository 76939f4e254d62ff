"""Records of a show log: compressed, each with its length and CRC-32 before it, appended and never changed.

A file that breaks off, or is damaged somewhere, is whole up to there. Nothing in it is code, and a reader takes no more
memory than the limits below.
"""

import json
import lzma
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import IO, Any
from zlib import crc32

import numpy as np

from livegan.core.file_kind import SHOW_LOG_MAGIC
from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.errors import MediaError

MAGIC = SHOW_LOG_MAGIC
HEADER, BLOCK, END = b"H", b"B", b"E"
MAX_PACKED = 1 << 24  # bytes of a record in the file
MAX_BYTES = 1 << 26  # and unpacked
_HEAD = Struct("<cII")  # kind, length, CRC of both and of the payload
_PAIR = Struct("<I")
_FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16, "lc": 0, "lp": 2, "pb": 0, "preset": 6}]


@dataclass(frozen=True, slots=True)
class Record:
    """One record: what it says as JSON, and its arrays as bytes."""

    kind: bytes
    table: dict[str, Any]
    arrays: bytes


def pack(kind: bytes, table: dict[str, Any], arrays: bytes = b"") -> bytes:
    """A record as it stands in the file."""
    text = json.dumps(table, separators=(",", ":"), allow_nan=False, default=_plain).encode()
    data = b"".join((_PAIR.pack(len(text)), text, bytes(-len(text) % 4), arrays))
    payload = lzma.compress(data, lzma.FORMAT_RAW, filters=_FILTERS)
    return _HEAD.pack(kind, len(payload), _sum(kind, payload)) + payload


class RecordFile:
    """Whole records of a file, in order: ends where that breaks off or is damaged. MediaError if it is no show log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = len(MAGIC)  # bytes that were read
        self.left = 0  # bytes behind them, which are broken off or damaged; known at the end
        self.damaged = 0  # bytes of the record there, if all of it is there and it is not as it was written

    def __iter__(self) -> Iterator[Record]:
        name = printable(self.path)
        if self.path.exists() and not self.path.is_file():  # a pipe would be waited for
            raise MediaError(f"'{name}' is not a show log; give a file that livegan play --log wrote")
        try:
            with self.path.open("rb") as file:
                magic = file.read(len(MAGIC))
                if magic != MAGIC and magic.startswith(MAGIC[:-2]):
                    raise MediaError(f"'{name}' was written by another version of livegan; read it with that one")
                if magic != MAGIC:
                    raise MediaError(f"'{name}' is not a show log; give a file that livegan play --log wrote")
                size = os.fstat(file.fileno()).st_size
                while (record := self._next(file)) is not None:
                    yield record
                self.left = size - self.whole
        except OSError as error:
            raise MediaError(f"'{name}' cannot be read: {reason_of(error)}") from error

    def _next(self, file: IO[bytes]) -> Record | None:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        kind, length, checksum = _HEAD.unpack(head)
        payload = file.read(length) if length <= MAX_PACKED else b""
        whole = len(payload) == length and _sum(kind, payload) == checksum
        record = _unpacked(kind, payload) if whole else None
        self.whole += (_HEAD.size + length) * (record is not None)
        there = len(payload) == length or length > MAX_PACKED
        self.damaged = _HEAD.size + len(payload) if record is None and there else 0
        return record

    def behind(self) -> Iterator[Record]:
        """Whole records behind those that are damaged, as far as their lengths lead to them."""
        with suppress(OSError), self.path.open("rb") as file:
            at = file.seek(self.whole)
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                kind, length, checksum = _HEAD.unpack(head)
                at += _HEAD.size + length
                payload = file.read(length) if length <= MAX_PACKED else b""
                whole = len(payload) == length and _sum(kind, payload) == checksum
                if whole and (record := _unpacked(kind, payload)) is not None:
                    yield record
                file.seek(at)


def _unpacked(kind: bytes, payload: bytes) -> Record | None:
    """The record; None where the payload is not what `pack` makes: a file that was made to deceive."""
    try:
        data = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS).decompress(payload, MAX_BYTES + 1)
        (length,) = _PAIR.unpack_from(data)
        if len(data) > MAX_BYTES or length > len(data) - _PAIR.size:
            return None
        table = json.loads(data[_PAIR.size : _PAIR.size + length], parse_constant=_no_number)
        if not isinstance(table, dict):
            return None
        return Record(kind, table, data[_PAIR.size + length + -length % 4 :])
    except (lzma.LZMAError, ValueError, RecursionError, StructError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be part of a show log")


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _sum(kind: bytes, payload: bytes) -> int:
    return crc32(payload, crc32(kind + len(payload).to_bytes(4, "little")))
