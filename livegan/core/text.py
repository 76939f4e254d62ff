"""Text for people and terminals: printable strings, quoted arguments, durations, sizes."""

import re
import shlex
import subprocess
import sys

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # surrogates too: names are bytes

BIDI_CONTROLS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # they can make text read backwards


def printable(text: object, most: int = 200) -> str:
    """`text` on one line without control characters or lone surrogates, cut where it is longer than `most`."""
    whole = str(text)
    shown = BIDI_CONTROLS.sub("?", CONTROL_CHARACTERS.sub("?", whole[: most + 1]))
    return shown if len(whole) <= most else f"{shown[:most]}..."


def quoted(word: object) -> str:
    """A word of a command as it is typed in this system's shell, with quotation marks where it needs them."""
    return subprocess.list2cmdline([str(word)]) if sys.platform == "win32" else shlex.quote(str(word))


def printable_lines(text: str) -> str:
    """`text` with its line breaks and tabs, and a question mark for every other character that a terminal obeys."""
    return "\n".join(CONTROL_CHARACTERS.sub("?", line.replace("\t", "    ")) for line in text.split("\n"))


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 picture`, `2 pictures`."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def duration_text(seconds: float | None) -> str:
    """`3:07`, `1:02:09`, or dashes for what is not known."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def parse_size(text: str) -> tuple[int, int]:
    """Parse WIDTHxHEIGHT to (width, height) [px]; ValueError if it is no such thing."""
    match = re.fullmatch(r"([1-9]\d{0,4})[xX]([1-9]\d{0,4})", text.strip())
    if match is None:
        raise ValueError(f"'{printable(text)}' is no size; write WIDTHxHEIGHT, for example 1080x1080")
    return int(match[1]), int(match[2])


def whole_number(text: str, most: int = 2**31 - 1) -> int | None:
    """The number that at most ten digits 0 to 9 write, 0..`most`; None for any other text, as for "²" and "-1"."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    number = int(text)
    return number if number <= most else None


def valid_unicode(text: str) -> str:
    r"""`text` as UTF-8 can encode it: undecodable bytes of a file name, lone surrogates in Python, become `\xe9`."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
