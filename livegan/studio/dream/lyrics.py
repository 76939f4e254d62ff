"""Lyrics as prompts: LRC, SRT and CSV files, parsed strictly; every mistake is told with its line."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from livegan.core.files import is_file, reason_of
from livegan.core.text import printable
from livegan.errors import DreamError

ENDINGS = (".lrc", ".srt", ".csv")
MAX_BYTES = 1 << 20
MAX_LYRICS = 5000
MAX_CHARACTERS = 500  # of one lyric
MAX_S = 24 * 3600.0
MISTAKES_TOLD = 3

TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2})(?:[.,](\d{1,6}))?", re.ASCII)
SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
LRC_STAMP = re.compile(r"\[\s*([\d:.,]+)\s*\]", re.ASCII)
LRC_TAG = re.compile(r"\[\s*([A-Za-z#][A-Za-z0-9_ ]*):(.*)\]\s*")
LRC_WORD = re.compile(r"<\s*[\d:.,]+\s*>", re.ASCII)  # enhanced LRC: a time before every word
SRT_TIMES = re.compile(r"\s*([\d:.,]+)\s*-->\s*([\d:.,]+)(?:\s.*)?", re.ASCII)
SRT_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,80}>|\{\\[^{}]{0,80}\}")


@dataclass(frozen=True, slots=True)
class Lyric:
    """A line of a song, and when it is sung [s of the song]."""

    start_s: float
    end_s: float  # inf: to the next one, and the last to the end
    text: str


class _MistakeError(ValueError):
    """What is wrong with one line."""


_Found = Iterator[tuple[int, "Lyric | _MistakeError"]]


def read_lyrics(path: Path) -> tuple[Lyric, ...]:
    """The lyrics of a file in the order in which they are sung; DreamError, a sentence with the lines of mistakes.

    Where two overlap, the later one counts from its start on. Lyrics without words end the one before.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise DreamError(f"'{printable(path)}' is no file of lyrics; give one that ends in {', '.join(ENDINGS)}")
    text = _text(path)
    parse = {".lrc": _lrc, ".srt": _srt, ".csv": _csv}[ending]
    lyrics, mistakes = list[Lyric](), list[str]()
    for line, found in parse(text):
        if isinstance(found, Lyric):
            lyrics.append(found)
        else:
            mistakes.append(f"line {line}: {found}")
        if len(lyrics) > MAX_LYRICS or len(mistakes) > MAX_LYRICS:
            raise DreamError(f"'{printable(path)}' has more than {MAX_LYRICS} lines of lyrics; no song is so long")
    if mistakes:
        more = f"; and {len(mistakes) - MISTAKES_TOLD} more" if len(mistakes) > MISTAKES_TOLD else ""
        raise DreamError(f"'{printable(path)}', {'; '.join(mistakes[:MISTAKES_TOLD])}{more}")
    sung = _in_order(lyrics)
    if not sung:
        example = {".lrc": "[00:12.50]words", ".srt": "00:00:12,500 --> 00:00:15,000", ".csv": "0:12,words"}[ending]
        raise DreamError(f"'{printable(path)}' has no lyrics in it; a line looks like this: {example}")
    return sung


def lyric_at(lyrics: Sequence[Lyric], start_s: float, end_s: float) -> Lyric | None:
    """The lyric that is sung longest between two moments of the song."""

    def shared(lyric: Lyric) -> float:
        return min(end_s, lyric.end_s) - max(start_s, lyric.start_s)

    longest = max(lyrics, key=shared, default=None)
    return longest if longest is not None and shared(longest) > 0 else None


def _text(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark."""
    if not is_file(path):
        raise DreamError(f"there is no file '{printable(path)}'; look at the name that --lyrics was given")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DreamError(f"'{printable(path)}' cannot be read ({reason_of(error)}); give --lyrics another") from error
    if len(data) > MAX_BYTES:
        raise DreamError(f"'{printable(path)}' is larger than {MAX_BYTES >> 20} MB; no lyrics are so long")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DreamError(
            f"'{printable(path)}', line {line}: it is not written in UTF-8; save it as UTF-8 in an editor, or convert "
            "it: iconv -f WINDOWS-1252 -t UTF-8"
        ) from error
    if "\0" in text:
        raise DreamError(f"'{printable(path)}' is no text; give lyrics as .lrc, .srt or .csv")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _in_order(lyrics: list[Lyric]) -> tuple[Lyric, ...]:
    ordered = sorted(lyrics, key=lambda lyric: lyric.start_s)
    starts = [lyric.start_s for lyric in ordered[1:]] + [inf]
    return tuple(
        Lyric(lyric.start_s, min(lyric.end_s, following), lyric.text)
        for lyric, following in zip(ordered, starts, strict=False)
        if lyric.text and following > lyric.start_s
    )


def _seconds(typed: str) -> float:
    """Seconds of [h:]mm:ss[.fff]; _MistakeError."""
    found = TIME.fullmatch(typed.strip())
    if found is None:
        raise _MistakeError(f"{printable(typed, 30)!r} is no time; write minutes and seconds: 1:02.50")
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), int(found[3])
    if seconds >= 60 or (found[1] and minutes >= 60):
        raise _MistakeError(f"{printable(typed, 30)!r} has more than 59 seconds or minutes; write for example 1:02.50")
    time_s = hours * 3600 + minutes * 60 + seconds + float(f"0.{found[4] or 0}")
    if time_s > MAX_S:
        raise _MistakeError(f"{printable(typed, 30)!r} is more than {MAX_S / 3600:.0f} hours; no song is so long")
    return time_s


def _words(text: str) -> str:
    """The words, in one line without control characters; _MistakeError."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if len(words) > MAX_CHARACTERS:
        raise _MistakeError(f"it has {len(words)} characters; a prompt has {MAX_CHARACTERS} at most")
    return words


def _lrc(text: str) -> _Found:
    """LRC, the simple one and the enhanced: one or more times before the words, and tags; `offset` in ms, earlier."""
    offset_s = 0.0
    waiting: list[tuple[int, float, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        rest, stamps = line.strip(), list[str]()
        while (stamp := LRC_STAMP.match(rest)) is not None:
            stamps.append(stamp[1])
            rest = rest[stamp.end() :].lstrip()
        if not rest and not stamps:
            continue
        tag = None if stamps else LRC_TAG.fullmatch(rest)
        try:
            if tag is not None:
                if tag[1].strip().lower() == "offset":
                    offset = tag[2].strip()  # of more than `int` knows as space
                    if not re.fullmatch(r"[+-]?\d{1,8}", offset, re.ASCII):
                        raise _MistakeError(f"the offset {printable(offset, 30)!r} is no whole number of ms")
                    offset_s = int(offset) / 1000
                continue
            if not stamps:
                raise _MistakeError("there is no time before it; write for example [01:02.50]words")
            words = _words(LRC_WORD.sub(" ", rest))
            waiting += [(number, _seconds(stamp), words) for stamp in stamps]
        except _MistakeError as mistake:
            yield number, mistake
    for number, time_s, words in waiting:
        yield number, Lyric(max(0.0, time_s - offset_s), inf, words)


def _srt(text: str) -> _Found:
    """SubRip: blocks of a number, a line of two times, and words, with an empty line after each."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if re.fullmatch(r"\s*\d{1,9}\s*", lines[at], re.ASCII) and at + 1 < len(lines):
            at += 1
        number, times = at + 1, SRT_TIMES.fullmatch(lines[at])
        at += 1
        begin = at
        while at < len(lines) and lines[at].strip():
            at += 1
        try:
            if times is None:
                raise _MistakeError("there are no times; write for example 00:01:02,500 --> 00:01:05,000")
            start_s, end_s = _seconds(times[1]), _seconds(times[2])
            if end_s < start_s:
                raise _MistakeError(f"it ends before it begins: {printable(lines[number - 1].strip(), 60)}")
            words = _words(SRT_MARKUP.sub(" ", " ".join(lines[begin:at])))
            yield number, Lyric(start_s, end_s, words)
        except _MistakeError as mistake:
            yield number, mistake


def _csv(text: str) -> _Found:
    """CSV with the columns timestamp and text (music2video), named in the first line or in this order."""
    first = text.lstrip().split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)
    stamp, words, line = 0, 1, 0
    try:
        for row in reader:
            before, line = line, reader.line_num
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            names = [cell.lower() for cell in cells]
            if before == 0 and "timestamp" in names and "text" in names:
                stamp, words = names.index("timestamp"), names.index("text")
                continue
            try:
                if len(cells) <= max(stamp, words):
                    raise _MistakeError("it has no two columns; write for example 1:02,words")
                if len(cells) > 2 and stamp + words == 1 and any(cells[2:]):
                    raise _MistakeError('it has more than two columns; put a comma in quotes: 1:02,"oh, you"')
                typed = cells[stamp]
                start_s = float(typed) if SECONDS.fullmatch(typed) else _seconds(typed)
                yield before + 1, Lyric(start_s, inf, _words(cells[words]))
            except _MistakeError as mistake:
                yield before + 1, mistake
    except csv.Error as error:
        yield line + 1, _MistakeError(f"it is no CSV ({error})")
