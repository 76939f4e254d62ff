"""Safetensors files of other programs: a JSON of names, types and places, then the numbers."""

import json
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.importers.storages import MAX_NUMBERS, Storage
from livegan.networks.importers.values import TENSOR, PickledObject
from livegan.networks.info import bounded_int

MAX_HEADER_BYTES = 1 << 24
MAX_TENSORS = 50_000
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


def read_safetensors(data: memoryview) -> dict[str, Any]:
    """The tensors of a file, still in it, by name; NetworkError if it is broken."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(MAX_HEADER_BYTES, len(data) - 8):
        raise NetworkError("is a broken or truncated safetensors file; download or copy it again")
    try:
        table = json.loads(bytes(data[8 : 8 + length]), parse_int=bounded_int)
        entries = {name: entry for name, entry in table.items() if name != "__metadata__"}
        if len(entries) > MAX_TENSORS:
            raise ValueError(f"{len(entries)} tensors")
        return {name: _tensor(entry, data[8 + length :]) for name, entry in entries.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NetworkError("is a broken or truncated safetensors file; download or copy it again") from error


def _tensor(entry: dict[str, Any], numbers: memoryview) -> PickledObject:
    """A tensor as the unpickler gives it; ValueError and the like if the entry is none."""
    shape, (start, end) = tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(side) is int and 0 <= side <= MAX_NUMBERS for side in (*shape, end)) or len(shape) > 8:
        raise ValueError(shape)
    strides, count = [], 1
    for side in reversed(shape):
        strides.append(count)
        count *= side
    if count > MAX_NUMBERS or type(start) is not int or not 0 <= start <= end <= len(numbers):
        raise ValueError(start)
    storage = Storage(CODES[entry["dtype"]], count, numbers[start:end])
    if storage.size != end - start:
        raise ValueError(end)
    return PickledObject(TENSOR, (storage, 0, shape, tuple(reversed(strides))))
