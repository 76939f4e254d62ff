"""Mutation fuzzing: damaged files and messages made from whole ones, each by the seed of its generator.

What reads them is a `Reader`; `attack` holds it to the law that it gives a value or refuses in a sentence, in bounded
time and memory, and that reading writes no file, starts no program and connects to nothing.
"""

import copy
import json
import os
import re
import resource
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from tomlkit.exceptions import TOMLKitError

from livegan.core.text import printable
from livegan.errors import LiveganError

MOST_SECONDS = 10.0  # of this thread's processor time for one file
MOST_MEGABYTES = 500  # more than before
MOST_CHARACTERS = 5000  # of a line of a refusal
MOST_LINES = 60  # of a refusal: one for each mistake in a file, and no more than fifty are told

EXTREMES = [b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00\x00\x80", b"\xff\xff\xff\x7f", b"\xff" * 4, b"\xff" * 8]
EXTREMES += [b"\x00" * 8, b"\xff" * 7 + b"\x7f", b"\x01\x00\x00\x00"]
NUMBERS = [
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"99999999999999999999",
    b"true",
    b'"x"',
    b"[]",
    b"{}",
    b"null",
    b"4294967296",
]
WORDS = re.compile(rb"[ -~]{4,}")
NUMBER = re.compile(rb"-?\d+(\.\d+)?(e-?\d+)?")
STRANGE: list[Any] = [
    *(0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e308, -1e308, float("inf"), float("nan")),
    *(True, False, None, "", "x", "\x00", "\x1b[2J\n", "\ud800", "\u202e", "1e999", "../../x", "x" * 5000),
    *([], {}, [[]], [None], {"": 0}, {"x": {}}, [0] * 300),
]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
FORBIDDEN = {
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.link", "os.symlink"),
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.kill", "subprocess.Popen"),
    *("socket.connect", "socket.bind", "socket.sendto", "pickle.find_class", "shutil.rmtree", "shutil.move"),
}

Rng = np.random.Generator
Mutate = Callable[[Rng, bytes, bytes], bytes]  # generator, the whole, another of its kind


def mutated(rng: Rng, data: bytes, other: bytes) -> bytes:
    """The bytes with one to three mutations; half of them near words, where numbers are not."""
    whole = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        at = _place(rng, whole)
        length = int(rng.choice([1, 2, 4, 8, 64, 1000]))
        how = int(rng.integers(9))
        if how <= 1:
            whole[at] = int(rng.integers(256))
        elif how == 2:
            del whole[at : at + length]
        elif how == 3:
            del whole[at:]
        elif how == 4:
            extreme = EXTREMES[rng.integers(len(EXTREMES))]
            whole[at : at + len(extreme)] = extreme
        elif how == 5:
            whole[at:at] = rng.bytes(length)
        elif how == 6:
            start = _place(rng, other)
            whole[at : at + length * int(rng.integers(2))] = other[start : start + length]
        elif how == 7:
            start = _place(rng, whole)
            whole[at : at + length], whole[start : start + length] = (
                whole[start : start + length],
                whole[at : at + length],
            )
        elif match := NUMBER.search(whole, at):
            whole[match.start() : match.end()] = NUMBERS[rng.integers(len(NUMBERS))]
        if not whole:
            break
    return bytes(whole)


def _place(rng: Rng, data: bytes | bytearray) -> int:
    at = int(rng.integers(len(data)))
    if rng.integers(2) and (match := WORDS.search(data, at)):
        at = int(match.start() + rng.integers(-8, 8))
    return min(max(at, 0), len(data) - 1)


def mutated_value(rng: Rng, value: Any) -> Any:
    """A value of JSON, some of its parts replaced by strange ones, moved, doubled or left out; `value` stays."""
    whole = copy.deepcopy(value)
    for _ in range(int(rng.integers(1, 4))):
        places = list(_places(whole))
        if not places:
            return _strange(rng)
        holder, key = places[rng.integers(len(places))]
        how = int(rng.integers(7))
        if how <= 2:
            holder[key] = _strange(rng)
        elif how == 3 and isinstance(holder, dict):
            holder[str(_strange(rng))[:40]] = holder.pop(key)
        elif how == 3:
            holder.insert(key, copy.deepcopy(holder[key]))
        elif how == 4:
            del holder[key]
        elif how == 5:
            there, name = places[rng.integers(len(places))]
            holder[key] = copy.deepcopy(there[name])
        elif isinstance(holder[key], int | float):
            with np.errstate(all="ignore"):
                holder[key] = type(holder[key])(holder[key] * int(rng.choice([-1, 0, 2, 1000])) + int(rng.integers(3)))
        else:
            holder[key] = [holder[key]]
    return whole


def mutated_json(rng: Rng, data: bytes, other: bytes) -> bytes:
    """A text of JSON: its tree mutated, or, one time in four, its bytes; NaN, 1e999 and lone surrogates come too."""
    if rng.integers(4) == 0:
        return mutated(rng, data, other)
    text = json.dumps(mutated_value(rng, json.loads(data)))
    return text.replace("Infinity", "1e999").encode() if rng.integers(2) else text.encode()


def mutated_toml(rng: Rng, data: bytes, other: bytes) -> bytes:
    """A file of TOML: its tree mutated, or, one time in three or where TOML has no such value, its bytes."""
    if rng.integers(3):
        with suppress(TOMLKitError, ValueError, TypeError, UnicodeError):
            return tomlkit.dumps(mutated_value(rng, tomllib.loads(data.decode()))).encode()
    return mutated(rng, data, other)


def _strange(rng: Rng) -> Any:
    return copy.deepcopy(STRANGE[rng.integers(len(STRANGE))])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a tree, as its holder and its key there."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ():
            yield holder, key
            waiting.append(holder[key])


@dataclass(frozen=True)
class Reader:
    """Reader of untrusted files or messages."""

    files: Callable[[Path], Sequence[bytes]]  # whole ones; what they need beside them lies in that folder
    read: Callable[[Path], object]  # the file; a text that it gives back is a refusal
    name: str = "file"  # what it is called in its folder, whose ending may count
    mutate: Mutate = mutated
    refuses: tuple[type[Exception], ...] = (LiveganError,)
    kept: float = 0.02  # share of the damaged ones that must be read all the same, else they are too coarse to go deep
    in_suite: int = 150  # mutations in the suite; `make fuzz` does 20 000


def attack(reader: Reader, folder: Path, seeds: range) -> tuple[int, int]:
    """Mutate and read, once for each seed; how many were read all the same, and how many refused."""
    files = reader.files(folder)
    path, counts = folder / reader.name, [0, 0]
    for data in files:
        path.write_bytes(data)
        answer = reader.read(path)  # whole ones are read; what is imported late is there now
        assert not isinstance(answer, str), answer
    before_mb = _peak_mb()
    for seed in seeds:
        rng = np.random.default_rng([2020, seed])
        data = reader.mutate(rng, files[seed % len(files)], files[rng.integers(len(files))])
        path.write_bytes(data)
        start_s = time.thread_time()
        try:
            with watched() as seen:
                answer = reader.read(path)
        except reader.refuses as error:
            answer = str(error) or f"{type(error).__name__} says nothing\n" * MOST_LINES
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
        assert not seen.done, f"seed {seed}: {seen.done}"
        assert time.thread_time() - start_s < MOST_SECONDS, f"seed {seed}"
        counts[isinstance(answer, str)] += 1
        if isinstance(answer, str):
            check_sentences(answer, f"seed {seed}")
    assert _peak_mb() - before_mb < MOST_MEGABYTES
    return counts[0], counts[1]


def check_sentences(text: str, where: str) -> None:
    """AssertionError for a refusal that a terminal or a reader could not stand."""
    lines = text.split("\n")
    assert len(lines) <= MOST_LINES, f"{where}: {len(lines)} lines"
    for line in lines:
        assert line == printable(line, MOST_CHARACTERS), f"{where}: {line!r}"


def _peak_mb() -> float:
    """Most memory that this process has had (man 2 getrusage: kilobytes, on macOS bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


@dataclass
class _Seen:
    """Audit events that reading must not cause (PEP 578)."""

    thread: int = 0  # that is watched; 0: none is
    done: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.thread != threading.get_ident():
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITES and "__pycache__" not in str(path):
                self.done.append(f"{path} was opened to be written")
        elif event in FORBIDDEN:
            self.done.append(f"{event} {arguments!r:.200}")


_SEEN = _Seen()
_HOOKED: list[bool] = []


@contextmanager
def watched() -> Iterator[_Seen]:
    """Note what this thread does within the block that reading must not do."""
    if not _HOOKED:
        _HOOKED.append(True)
        sys.addaudithook(_SEEN)  # for good: there is no way to take it away
    _SEEN.thread, _SEEN.done = threading.get_ident(), []
    try:
        yield _SEEN
    finally:
        _SEEN.thread = 0
