"""`.beats` files: the beats of a song, written by hand or by another program, one a line.

A line holds a time in seconds and, if it is known, the number of the beat in its bar (1 opens it), apart by spaces or
tabs; empty lines and what follows `#` count for nothing. It is the layout of most collections of annotated beats. A
file without a line says that the song has no beat.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.core.text import printable
from livegan.errors import MediaError

MOST_IN_BAR = 32
EXAMPLE = "write one beat a line, its time in seconds and its number in the bar, as in: 12.48 1"


@dataclass(frozen=True, slots=True)
class WrittenBeats:
    """Beats [s], ascending, none or at least two, and those that open a bar; None if no line has a number."""

    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64] | None


def read_beats(path: Path) -> WrittenBeats:
    """The beats in a file; MediaError, with the line, for what is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"cannot read the beats in {printable(path)} ({error}); save it as text in UTF-8") from error
    times: list[float] = []
    numbers: list[int | None] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        where = f"{printable(path)}, line {number}: {printable(line.strip())!r}"
        try:
            time_s, in_bar = _fields(words)
        except ValueError as error:
            raise MediaError(f"{where} is no beat ({error}); {EXAMPLE}") from error
        if times and time_s <= times[-1]:
            raise MediaError(f"{where} is not later than the beat before it ({times[-1]:g} s); sort the lines by time")
        times.append(time_s)
        numbers.append(in_bar)
    if not times:
        return WrittenBeats(np.zeros(0), None)
    if len(times) == 1:
        raise MediaError(f"{printable(path)} holds 1 beat, and a tempo needs two; {EXAMPLE}")
    if any(number is None for number in numbers) and any(number is not None for number in numbers):
        missing = numbers.index(None)
        raise MediaError(
            f"{printable(path)}: the beat at {times[missing]:g} s has no number in the bar, others have; "
            "number every beat, or none"
        )
    beats = np.array(times)
    downbeats = None if numbers[0] is None else beats[np.array(numbers) == 1]
    return WrittenBeats(beats, downbeats)


def _fields(words: list[str]) -> tuple[float, int | None]:
    """Time [s] and number in the bar; ValueError says what is wrong."""
    time_s = float(words[0])
    if not 0.0 <= time_s < 1e6:
        raise ValueError("a time is 0 s or later")
    if len(words) == 1:
        return time_s, None
    if len(words) > 2:
        raise ValueError(f"{len(words)} columns")
    in_bar = float(words[1])
    if not 1 <= in_bar <= MOST_IN_BAR or in_bar != round(in_bar):  # infinity cannot be rounded
        raise ValueError(f"a number in the bar is a whole one from 1 to {MOST_IN_BAR}")
    return time_s, int(in_bar)
