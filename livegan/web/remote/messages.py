"""Messages between a show and the web server of its phone page: frames of kind, length and payload on two pipes."""

import json
import struct
from typing import IO, Any

HEAD = struct.Struct(">cI")
MAX_BYTES = 1 << 20  # of a payload

HELLO = b"H"  # to the server, once: token, host and port, as JSON
TABLE = b"T"  # to the server: scenes and sliders, which change seldom, as JSON
NOW = b"N"  # to the server: what changes all the time, as JSON
PREVIEW = b"P"  # to the server: the picture of now, as JPEG
STILL = b"S"  # to the server: two bytes, the number of a scene, and its still as JPEG
SAID = b"J"  # from the server: {"ready": port}, {"error": text}, {"phones": n, "seeing": n} or {"at": s, "do": [...]}


def frame(kind: bytes, payload: bytes) -> bytes:
    """The bytes of one message."""
    return HEAD.pack(kind, len(payload)) + payload


def json_bytes(value: object) -> bytes:
    """`value` as compact JSON; ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def read_frame(pipe: IO[bytes]) -> tuple[bytes, bytes] | None:
    """The next message, kind and payload; None when the other side has ended, or sends what is none."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, length = HEAD.unpack(head)
    if length > MAX_BYTES:
        return None
    payload = pipe.read(length)
    return (kind, payload) if len(payload) == length else None


def json_object(payload: bytes | str) -> dict[str, Any]:
    """The JSON object that a message carries; {} for anything else, however it is nested or written."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
