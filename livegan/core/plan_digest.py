"""Digest of a frame plan: equal for equal plans on every machine; a byte of each field tells which one differs."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from struct import pack
from typing import Any

import numpy as np

from livegan.core.types import FramePlan

HEARD = ("sound", "score")  # drawn from the sound itself: no part of the digest
FIELDS = tuple(each.name for each in fields(FramePlan) if each.name not in HEARD)
WHOLE = 6  # bytes of the digest of all of it
SIZE = WHOLE + len(FIELDS)
_NAMES: dict[type, tuple[str, ...]] = {FramePlan: FIELDS}


def plan_digest(plan: FramePlan) -> bytes:
    """SIZE bytes: BLAKE2b of the whole plan (WHOLE of them), then a byte of each of FIELDS, in their order."""
    digests = []
    for name in FIELDS:
        encoded = bytearray()
        _encode(getattr(plan, name), encoded)
        digests.append(blake2b(encoded, digest_size=8).digest())
    whole = blake2b(b"".join(digests), digest_size=WHOLE).digest()
    return whole + bytes(each[0] for each in digests)


def unlike_fields(one: bytes, other: bytes) -> tuple[str, ...]:
    """Names of the fields in which two plans differ, from their digests; one in 256 that do is missed."""
    return tuple(name for name, a, b in zip(FIELDS, one[WHOLE:], other[WHOLE:], strict=False) if a != b)


def _encode(value: Any, out: bytearray) -> None:
    """Append the value, so that no two unlike values give the same bytes."""
    if value is None:
        out += b"n"
    elif isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        out += b"s" + pack("<I", len(text)) + text
    elif isinstance(value, np.ndarray):
        out += b"a" + pack(f"<{1 + value.ndim}I", value.ndim, *value.shape)
        out += np.ascontiguousarray(value, "<f4").tobytes()
    elif isinstance(value, Mapping):
        out += b"m" + pack("<I", len(value))
        for key, each in value.items():
            _encode(key, out)
            _encode(each, out)
    elif isinstance(value, tuple | list):
        out += b"t" + pack("<I", len(value))
        for each in value:
            _encode(each, out)
    elif is_dataclass(value):
        for name in _names(type(value)):
            _encode(getattr(value, name), out)
    else:
        out += b"d" + pack("<d", value)


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(each.name for each in fields(kind))
    return _NAMES[kind]
