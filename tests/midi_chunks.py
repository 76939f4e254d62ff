"""Bytes of MIDI files, event by event, as no library would write them."""

import struct


def number(value: int) -> bytes:
    """A number of variable length."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def chunk(*events: bytes, identifier: bytes = b"MTrk") -> bytes:
    body = b"".join(events)
    return identifier + struct.pack(">L", len(body)) + body


def midi(*chunks: bytes, kind: int = 1, division: int = 480) -> bytes:
    """A file of chunks; `kind` is its format."""
    return b"MThd" + struct.pack(">LHHH", 6, kind, len(chunks), division) + b"".join(chunks)


def on(delta: int, pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x90 | channel, pitch, velocity])


def off(delta: int, pitch: int, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x80 | channel, pitch, 0])


def program(value: int, channel: int = 0, delta: int = 0) -> bytes:
    return number(delta) + bytes([0xC0 | channel, value])


def meta(kind: int, payload: bytes, delta: int = 0) -> bytes:
    return number(delta) + bytes([0xFF, kind]) + number(len(payload)) + payload


END = meta(0x2F, b"")
