"""Safetensors files: a JSON of names, types and places, then the numbers. The head is checked before any use.

As strict as the format (huggingface/safetensors, "Format"): tensors lie one after another, without gap or overlap, to
the end of the file, each named once. Nothing is allocated for what a head merely says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import MAX_NUMBERS, Storage
from livegan.networks.importers.values import TENSOR, PickledObject
from livegan.networks.info import bounded_int

MAX_HEADER_BYTES = 1 << 22  # of thousands of tensors; parsed, a hostile one takes some 30 times as much memory
MAX_TENSORS = 50_000
MAX_AXES = 8
CODES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "bf2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U8": "<u1",
    "BOOL": "<u1",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of a head: type, shape, and where its numbers lie, counted from the end of the head."""

    dtype: str  # a key of CODES
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def storage(self) -> Storage:
        """What its numbers are, still without them."""
        return Storage(CODES[self.dtype], prod(self.shape))


def read_safetensors(data: memoryview) -> dict[str, Any]:
    """The tensors of a file, still in it, by name, as the unpickler gives them; NetworkError if it is broken."""
    entries = _checked(bytes(data[: 8 + MAX_HEADER_BYTES]), len(data))
    first = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in entries.items():
        storage = entry.storage
        storage.data = data[first + entry.start : first + entry.end]
        strides = tuple(prod(entry.shape[axis + 1 :]) for axis in range(len(entry.shape)))
        tensors[name] = PickledObject(TENSOR, (storage, 0, entry.shape, strides))
    return tensors


def read_header(path: Path) -> dict[str, Entry]:
    """The tensors that the head of a file describes, by name; NetworkError, without the path, if it is broken.

    OSError if it cannot be read. The numbers are not.
    """
    if not path.is_file():  # a pipe would never end
        raise NetworkError("is no file" if path.exists() else "is not there")
    with path.open("rb") as file:
        length = file.read(8)
        head = length + file.read(min(int.from_bytes(length, "little"), MAX_HEADER_BYTES))
        return _checked(head, path.stat().st_size)


def _checked(head: bytes, size: int) -> dict[str, Entry]:
    """The entries of the head that a file of `size` bytes begins with."""
    length = int.from_bytes(head[:8], "little")
    if size < 8 or length > size - 8:
        raise NetworkError(
            f"is not a whole safetensors file: it has {size} bytes, its head alone would have {8 + length}; "
            "download or copy it again"
        )
    if length > MAX_HEADER_BYTES:
        raise NetworkError(f"has a head of {length} bytes; no network needs more than {MAX_HEADER_BYTES}")
    try:
        table = json.loads(
            head[8 : 8 + length].decode("utf-8"),
            parse_int=bounded_int,
            parse_constant=_no_constant,
            object_pairs_hook=_named_once,
        )
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"is not a whole safetensors file ({_reason(error)}); download or copy it again") from error
    if not isinstance(table, dict) or not _is_text_table(table.pop("__metadata__", {})):
        raise NetworkError("is not a whole safetensors file (its head is no table); download or copy it again")
    if len(table) > MAX_TENSORS:
        raise NetworkError(f"has {len(table)} tensors; no network has more than {MAX_TENSORS}")
    entries = {name: _entry(name, entry) for name, entry in table.items()}
    _check_places(entries, size - 8 - length)
    return entries


def _entry(name: str, entry: Any) -> Entry:
    """One tensor of the head; NetworkError if it describes none."""
    shown = printable(name, 100)
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise NetworkError(f"has a head in which '{shown}' is no tensor")
    dtype, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in CODES:
        text = f"type '{printable(dtype, 20)}'" if isinstance(dtype, str) else "no type"
        raise NetworkError(f"has a tensor '{shown}' of {text}; livegan reads {', '.join(CODES)}")
    if not _are_counts(shape) or len(shape) > MAX_AXES or max(prod(shape), *shape, 0) > MAX_NUMBERS:
        raise NetworkError(
            f"has a tensor '{shown}' whose shape is none, or of more than {MAX_NUMBERS} numbers or {MAX_AXES} axes"
        )
    if not _are_counts(place) or len(place) != 2 or place[0] > place[1]:
        raise NetworkError(f"has a tensor '{shown}' that lies nowhere in the file")
    found = Entry(dtype, tuple(shape), place[0], place[1])
    if found.storage.size != found.end - found.start:
        raise NetworkError(f"has a tensor '{shown}' of {found.end - found.start} bytes, but its shape needs other")
    return found


def _check_places(entries: dict[str, Entry], size: int) -> None:
    """NetworkError unless the tensors fill the `size` bytes after the head, one after another."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != end:
            how = "overlaps the one before it" if entry.start < end else "does not follow the one before it"
            raise NetworkError(f"has a tensor '{printable(name, 100)}' that {how}; download or copy it again")
        end = entry.end
    if end != size:
        raise NetworkError(
            f"is not a whole safetensors file: its head names {end} bytes of numbers, {size} follow; "
            "download or copy it again"
        )


def _named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"'{printable(name, 80)}' is named twice")
        table[name] = value
    return table


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _is_text_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _are_counts(values: Any) -> bool:
    """Whether it is a list of whole numbers from 0."""
    return isinstance(values, list) and all(type(each) is int and each >= 0 for each in values)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else printable(str(error), 100)
