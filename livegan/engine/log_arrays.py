"""Columns of numbers in a show log: differences from row to row, their bytes in planes, so that they compress well."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector

FINE, COARSE = 12, 8  # bits of the mantissa of a feature that are kept: steps of 1/8192 and 1/512 of its value
MANTISSA = 23  # bits of a float32
_INTEGERS: dict[int, np.dtype[Any]] = {1: np.dtype("<u1"), 4: np.dtype("<u4"), 8: np.dtype("<u8")}


def rounded(values: Vector, bits: int | NDArray[np.int32] = FINE) -> Vector:
    """Features as a show with a log plays them, so that the log of them is small and yet exact. Monotonic.

    `bits` of the mantissa are kept: of all, or of each.
    """
    dropped = MANTISSA - np.asarray(bits, np.int32)
    whole = np.ascontiguousarray(values, np.float32).view(np.int32)
    kept = ((whole + (1 << (dropped - 1))) >> dropped) << dropped
    return np.where(np.abs(values) < 1e30, kept.astype(np.int32).view(np.float32), values).astype(np.float32)


def encode(columns: Sequence[NDArray[Any]]) -> bytes:
    """Arrays (n,) or (n, width), one after the other."""
    return b"".join(_encode(np.asarray(array)) for array in columns)


def _encode(array: NDArray[Any]) -> bytes:
    if not array.size:
        return b""
    kind = array.dtype.newbyteorder("<")
    whole = array.astype(kind).reshape(len(array), -1).T.copy().view(_INTEGERS[kind.itemsize])  # (width, n)
    steps = np.diff(whole, axis=1, prepend=whole.dtype.type(0))
    return bytes(steps.view(np.uint8).reshape(-1, kind.itemsize).T.tobytes())


class ArrayReader:
    """Reader of what `encode` wrote; ValueError where there is less than is asked for, or a number is not finite."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, kind: str, rows: int, width: int = 1) -> NDArray[Any]:
        """The next array (rows, width) of this type: "<f8", "<f4", "<i8" or "<u1"."""
        dtype = np.dtype(kind)
        size = rows * width * dtype.itemsize
        if rows < 0 or width < 0 or self._at + size > len(self._data):
            raise ValueError("there are fewer numbers in it than it says")
        if not size:
            return np.zeros((rows, width), dtype)
        planes = np.frombuffer(self._data, np.uint8, size, self._at).reshape(dtype.itemsize, -1)
        self._at += size
        steps = planes.T.copy().view(_INTEGERS[dtype.itemsize]).reshape(width, rows)
        values = np.cumsum(steps, axis=1, dtype=steps.dtype).view(dtype).T.copy()
        if dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError("a number in it is not finite")
        return values
