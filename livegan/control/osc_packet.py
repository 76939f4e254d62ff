"""OSC packets (OSC 1.0): one datagram to messages, bounded in size, number and depth, whatever it holds.

python-osc reads the messages. The bundles are taken apart here: a bundle may claim elements of a negative size, or be
as deep as a datagram is long. Time tags are not waited for: every message is for now, as two computers on a stage
seldom have the same time.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

Value = float | int | str | bool

MAX_DEPTH = 4  # bundles in each other
MAX_MESSAGES = 256  # of one datagram
MAX_MESSAGE_BYTES = 1024
MAX_ANSWER_BYTES = 1024

_BUNDLE = b"#bundle\0"
_HEAD = re.compile(rb"(/[\x21-\x7e]{0,127})\0{1,4}(?:,([ifhdsTFN]{0,32})\0|\Z)")  # address and type tags


class Message(NamedTuple):
    """An OSC message: its address or pattern, and its arguments; None for nil."""

    address: str
    arguments: tuple[Value | None, ...]


def messages_of(datagram: bytes) -> tuple[list[Message], int]:
    """The messages of one datagram, in order, and how many pieces of it were none. Never raises."""
    messages: list[Message] = []
    refused = 0
    for element in _elements(datagram, 0):
        if len(messages) >= MAX_MESSAGES:
            return messages, refused + 1
        message = _message(element) if element is not None else None
        if message is None:
            refused += 1
            if refused > MAX_MESSAGES:
                break
        else:
            messages.append(message)
    return messages, refused


def packet(address: str, arguments: Sequence[Value]) -> bytes:
    """One message as a datagram; empty if it would be longer than MAX_ANSWER_BYTES. Floats are float32."""
    builder = OscMessageBuilder(address)
    try:
        for argument in arguments:
            builder.add_arg(argument, None if not isinstance(argument, float) else "f")
        built: bytes = builder.build().dgram
    except (BuildError, OverflowError):
        return b""
    return built if len(built) <= MAX_ANSWER_BYTES else b""


def _elements(data: bytes, depth: int) -> Iterator[bytes | None]:
    """The messages in a packet, not read yet; None for what can be none."""
    if not data.startswith(_BUNDLE):
        yield data
        return
    at = len(_BUNDLE) + 8  # its time tag
    if depth >= MAX_DEPTH or len(data) < at:
        yield None
        return
    while at < len(data):
        size = struct.unpack_from(">i", data, at)[0] if at + 4 <= len(data) else -1
        at += 4
        if size <= 0 or at + size > len(data):
            yield None
            return
        yield from _elements(data[at : at + size], depth + 1)
        at += size


def _message(data: bytes) -> Message | None:
    head = _HEAD.match(data)
    if head is None or len(data) > MAX_MESSAGE_BYTES:
        return None
    if head[2] is None:
        return Message(head[1].decode("ascii"), ())
    try:
        message: Any = OscMessage(data)
    except (ParseError, UnicodeDecodeError):
        return None
    return Message(message.address, tuple(message.params))
