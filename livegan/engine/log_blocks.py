"""Blocks of a show log: a few seconds of frames, their inputs and plans' digests, and notes of what happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livegan.core.plan_digest import SIZE
from livegan.core.types import Vector
from livegan.engine.log_arrays import ArrayReader, encode
from livegan.engine.log_records import Record

MOST_FRAMES = 4096  # of a block
MOST_NOTES = 65_536
LONGEST_S, LATEST_S = 3600.0, 1e10  # of a step from a frame to the next; by the clock of a show


@dataclass(frozen=True, slots=True)
class LoggedFrame:
    """A frame as it is in a log."""

    index: int
    time_s: float
    dt_s: float
    delay_s: float
    heard_s: float  # the time of its features
    values: Vector | None  # of the block's columns; None: nothing was heard
    digest: bytes  # of its plan: `core.plan_digest`
    inputs: tuple[tuple[str, Any], ...] = ()  # kind, values of JSON: in the order in which they took effect


@dataclass(frozen=True, slots=True)
class LogBlock:
    """A block: frames that follow each other, and notes."""

    first: int  # number of its first frame since the show began: one that is missing is a hole
    columns: tuple[int, ...] = ()  # places of the layout that `values` have
    frames: tuple[LoggedFrame, ...] = ()
    notes: tuple[dict[str, Any], ...] = field(default=())


def block_arrays(frames: Sequence[LoggedFrame], width: int) -> bytes:
    """The numbers of a block's frames."""
    heard = [frame.values for frame in frames if frame.values is not None]
    digests = np.frombuffer(b"".join(frame.digest for frame in frames), np.uint8).reshape(len(frames), SIZE)
    return encode(
        [
            digests,
            np.array([frame.index for frame in frames], np.int64),
            *(
                np.array([getattr(frame, name) for frame in frames], np.float64)
                for name in ("time_s", "dt_s", "delay_s", "heard_s")
            ),
            np.array([frame.values is not None for frame in frames], np.uint8),
            np.array(heard, np.float32).reshape(len(heard), width),
        ]
    )


def block_table(block: LogBlock) -> dict[str, Any]:
    """The rest of a block, as values of JSON."""
    inputs = [[at, kind, value] for at, frame in enumerate(block.frames) for kind, value in frame.inputs]
    return {
        "first": block.first,
        "frames": len(block.frames),
        "columns": list(block.columns),
        "inputs": inputs,
        "notes": list(block.notes),
    }


def read_block(record: Record, features: int) -> LogBlock:
    """The block of a record of a show with so many features; ValueError, KeyError or TypeError for what is none."""
    table = record.table
    count, columns = int(table["frames"]), tuple(map(int, table["columns"]))
    if not 0 <= count <= MOST_FRAMES or len(table["notes"]) > MOST_NOTES or int(table["first"]) < 0:
        raise ValueError("it has too many frames")
    if len(columns) > features or any(not 0 <= at < features for at in columns):
        raise ValueError("it has features that the show has not")
    inputs: list[list[tuple[str, Any]]] = [[] for _ in range(count)]
    for at, kind, value in table["inputs"]:
        if not 0 <= at < count:
            raise ValueError("an input belongs to no frame")
        inputs[at].append((str(kind), value))
    if not all(isinstance(note, dict) for note in table["notes"]):
        raise TypeError("a note is no table")
    reader = ArrayReader(record.arrays)
    digests = reader.take("<u1", count, SIZE)
    index = reader.take("<i8", count)[:, 0].tolist()
    times = [reader.take("<f8", count)[:, 0].tolist() for _ in range(4)]
    if any(not 0.0 <= dt_s <= LONGEST_S for dt_s in times[1]) or any(
        abs(at_s) > LATEST_S for row in times for at_s in row
    ):
        raise ValueError("a frame is of no time of a show")
    heard = reader.take("<u1", count)[:, 0].astype(bool)
    values = iter(reader.take("<f4", int(heard.sum()), len(columns)))
    frames = tuple(
        LoggedFrame(
            index[k],
            times[0][k],
            times[1][k],
            times[2][k],
            times[3][k],
            next(values) if heard[k] else None,
            digests[k].tobytes(),
            tuple(inputs[k]),
        )
        for k in range(count)
    )
    return LogBlock(int(table["first"]), columns, frames, tuple(table["notes"]))
