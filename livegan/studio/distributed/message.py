"""Messages between processes as bytes: JSON with arrays and bytes after it. No pickle."""

import json
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

_LENGTH = struct.Struct("<Q")
ARRAY, BYTES = "\0array", "\0bytes"  # keys that no other table has


def pack(value: Any) -> bytes:
    """A value of tables, lists, words, numbers, None, arrays and bytes; tuples become lists, floats keep every bit."""
    blobs: list[bytes] = []
    header = json.dumps(_plain(value, blobs)).encode()
    return b"".join([_LENGTH.pack(len(header)), header, *blobs])


def unpack(data: bytes) -> Any:
    """The value that was packed; its arrays are read-only."""
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    blobs = _Blobs(memoryview(data)[start:])
    return _filled(json.loads(data[_LENGTH.size : start]), blobs)


def write(stream: BinaryIO, value: Any) -> None:
    """Send one value."""
    data = pack(value)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read(stream: BinaryIO, most: int | None = None) -> Iterator[Any]:
    """The values that arrive, until the other side is gone, or says that one is longer than `most` bytes."""
    while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        if most is not None and length > most:
            return
        data = stream.read(length)
        if len(data) < length:
            return
        yield unpack(data)


class _Blobs:
    def __init__(self, view: memoryview) -> None:
        self._view, self._at = view, 0

    def take(self, count: int) -> memoryview:
        self._at += count
        return self._view[self._at - count : self._at]


def _plain(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        blobs.append(np.ascontiguousarray(value).tobytes())
        return {ARRAY: [value.dtype.str, list(value.shape), len(blobs[-1])]}
    if isinstance(value, bytes):
        blobs.append(value)
        return {BYTES: len(value)}
    if isinstance(value, dict):
        return {key: _plain(item, blobs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, blobs) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _filled(value: Any, blobs: _Blobs) -> Any:
    if isinstance(value, list):
        return [_filled(item, blobs) for item in value]
    if not isinstance(value, dict):
        return value
    if ARRAY in value:
        kind, shape, count = value[ARRAY]
        return np.frombuffer(blobs.take(count), kind).reshape(shape)
    if BYTES in value:
        return bytes(blobs.take(value[BYTES]))
    return {key: _filled(item, blobs) for key, item in value.items()}
