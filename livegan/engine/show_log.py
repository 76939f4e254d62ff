"""Show log: what a show heard, what hands did and what it planned, so that it can be told and rendered again.

The engine and others put into a bounded queue and never wait; one thread writes. What does not fit is dropped, counted
and leaves a hole that the log tells of.
"""

import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import FileIO
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from livegan.core.channels import Inbox
from livegan.core.files import reason_of
from livegan.core.plan_digest import plan_digest
from livegan.core.types import FramePlan, Layout, Vector
from livegan.engine.feature_columns import bits_kept, columns_read
from livegan.engine.frame_inputs import FrameInputs
from livegan.engine.log_arrays import FINE, rounded
from livegan.engine.log_blocks import LogBlock, LoggedFrame, block_arrays, block_table
from livegan.engine.log_inputs import event_to_json, prompt_to_json, reload_to_json, repatch_to_json
from livegan.engine.log_records import BLOCK, END, HEADER, MAGIC, pack
from livegan.engine.scene_player import ScenePlayer
from livegan.errors import MediaError
from livegan.networks.digest import network_digest

BLOCK_S = 2.0  # of frames in a block: what a crash takes away
POLL_S = 0.25
PART_BYTES = 64 << 20  # of a file, before the next one is begun
WAITING = 1024  # frames and notes that wait for the disk
UNKNOWN: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _Planned:
    """A frame on its way to the log's thread."""

    number: int
    inputs: FrameInputs
    plan: FramePlan
    columns: tuple[int, ...]
    ready: tuple[frozenset[str], frozenset[str]] | None  # networks that are ready and that failed; None: as before
    places: tuple[int, ...]  # of the scenes whose routes were changed


class ShowLog:
    """Show log that is written. `note` is for any thread, `ready` and `frame` for the engine's, `poll` for its own."""

    def __init__(self, path: Path, part_bytes: int = PART_BYTES) -> None:
        self.path = path
        self.first: Path | None = None  # file of the first part, once that is begun
        self.header: dict[str, Any] = {}  # set before `open`; with it the show can be rendered again
        self.start_s = 0.0  # by the show's clock: times of notes count from then on
        self.notice = ""
        self._part_bytes = part_bytes
        self._id, self._part, self._place = secrets.token_hex(8), 0, 0
        self._file: FileIO | None = None
        self._planned: Inbox[_Planned] = Inbox(WAITING)
        self._noted: Inbox[dict[str, Any]] = Inbox(WAITING)  # apart: a flood of hands must not cost a frame
        self._writing = threading.Lock()  # between the log's thread and whoever closes the log
        self._scenes: ScenePlayer | None = None
        self._layout: Layout | None = None
        self._bits = np.zeros(0, np.int32)  # of each feature that are kept
        self._number = 0  # frames that were planned
        self._ready, self._told = UNKNOWN, UNKNOWN
        self._reading: tuple[object, ...] = ()
        self._columns: tuple[int, ...] = ()
        self._block: list[LoggedFrame] = []  # of the log's thread, like all below
        self._first = 0
        self._width: tuple[int, ...] = ()
        self._notes: list[dict[str, Any]] = []
        self._hashed: set[str] = set()  # networks
        self._written_s = float("-inf")

    def watch(self, scenes: ScenePlayer, layout: Layout) -> None:
        """Before the show: log the frames that these scenes plan from features of this layout."""
        self._scenes, self._layout = scenes, layout
        self._bits = bits_kept(layout)
        layout_table = {"names": layout.names, "peaks": layout.peaks}
        self.header = {**self.header, "layout": layout_table}

    def rounded(self, values: Vector) -> Vector:
        """All features of the layout as the show plays them while it is logged."""
        return rounded(values, self._bits if len(values) == len(self._bits) else FINE)

    def open(self) -> None:
        """Open the file, or, where there is a log of that name, the next free one; MediaError if it cannot be."""
        try:
            self._begin()
        except OSError as cause:
            sentence = f"the show log {self.path} cannot be written: {reason_of(cause)}; choose another path"
            raise MediaError(sentence) from cause

    @property
    def dropped(self) -> int:
        """Frames and notes lost because the disk was slow."""
        return self._planned.dropped + self._noted.dropped

    def note(self, time_s: float, kind: str, **facts: Any) -> None:
        """Add something that happened at `time_s` of the show; never waits."""
        finite = {
            key: None if isinstance(value, float) and not isfinite(value) else value for key, value in facts.items()
        }
        self._noted.put({"time_s": round(time_s, 6), "kind": kind, **finite})

    def ready(self, ready: frozenset[str], failed: frozenset[str]) -> None:
        self._ready = (ready, failed)

    def frame(self, inputs: FrameInputs, plan: FramePlan) -> None:
        number, self._number = self._number, self._number + 1
        if self._scenes is None or self._layout is None:
            return
        scenes = self._scenes
        reading = (scenes.program, *(each for patch in scenes.planned for each in (patch, patch.bay)))
        if len(reading) != len(self._reading) or any(a is not b for a, b in zip(reading, self._reading, strict=True)):
            follows_song = scenes.program is not None and scenes.program.song is not None
            self._reading = reading
            self._columns = columns_read(scenes.planned, self._layout, follows_song=follows_song)
        told = self._ready if self._ready != self._told else None
        places = tuple(scenes.number_of(repatch.patch) for repatch in inputs.repatches)
        if self._planned.put(_Planned(number, inputs, plan, self._columns, told, places)):
            self._told = self._ready

    def poll(self, now_s: float) -> float:
        """Write what waits; returns when to poll again [s]."""
        with self._writing:
            self._notes += self._noted.drain()
            for planned in self._planned.drain():
                self._take(planned)
            if now_s - self._written_s >= BLOCK_S:
                self._written_s = now_s
                self._write()
        return POLL_S

    def close(self) -> None:
        """Write the rest and close the file. Idempotent."""
        if self._file is None:
            return
        self.poll(float("inf"))
        self._append(pack(END, {"frames": self._number, "dropped": self.dropped}))
        file, self._file = self._file, None
        with suppress(OSError):  # a full disk is in `notice` already
            file.close()

    def _take(self, planned: _Planned) -> None:
        """One more frame of the block; another block where features of other columns come, or frames are missing."""
        if self._block and (planned.columns != self._width or planned.number != self._first + len(self._block)):
            self._write()
        if not self._block:
            self._first, self._width = planned.number, planned.columns
        inputs, features = planned.inputs, planned.inputs.features
        if planned.ready is not None:
            self._note_networks(planned.ready[0], inputs.time_s - self.start_s)
        self._block.append(
            LoggedFrame(
                inputs.index,
                inputs.time_s,
                inputs.dt_s,
                inputs.delay_s,
                features.time_s if features is not None else 0.0,
                features.values[list(planned.columns)] if features is not None else None,
                plan_digest(planned.plan),
                tuple(_inputs_of(planned)),
            )
        )

    def _note_networks(self, ready: frozenset[str], time_s: float) -> None:
        """Note each network that is ready for the first time, with its digest."""
        scenes = self._scenes
        patches = [] if scenes is None else [*scenes.patches, scenes.safe]
        for info in {info.name: info for patch in patches for info in patch.networks}.values():
            if info.name in ready - self._hashed:
                self._hashed.add(info.name)
                note = {"kind": "network", "name": info.name, "path": str(info.path), "digest": network_digest(info)}
                self._notes.append({"time_s": round(time_s, 6), **note})

    def _write(self) -> None:
        """Append the block to the file, and begin the next file where that is large."""
        if not self._block and not self._notes:
            return
        block = LogBlock(self._first, self._width, tuple(self._block), tuple(self._notes))
        self._first, self._block, self._notes = self._first + len(self._block), [], []
        if self._append(pack(BLOCK, block_table(block), block_arrays(block.frames, len(block.columns)))):
            self._guarded(self._turn)

    def _turn(self) -> None:
        if self._file is not None and self._file.tell() >= self._part_bytes:
            self._file.close()
            self._file = None
            self._begin()

    def _append(self, record: bytes) -> bool:
        """Whether it was written. Not, from the first failure on: what follows a gap is of no use."""
        file = self._file
        return file is not None and not self.notice and self._guarded(partial(_append, file, record))

    def _guarded(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except OSError as cause:
            self.notice = f"the show log ends here: {reason_of(cause)}"
        return not self.notice

    def _begin(self) -> None:
        """Begin the next part in the first file from there on that is none yet."""
        self._part += 1
        header = {**self.header, "start_s": self.start_s, "id": self._id, "part": self._part, "first": self._first}
        file, self._place = _next_file(self.path, self._place + 1)
        try:
            _append(file, MAGIC + pack(HEADER, header))
        except OSError:
            with suppress(OSError):
                file.close()
            raise
        self._file = file
        self.first = self.first or part_path(self.path, self._place)


def part_path(path: Path, number: int) -> Path:
    """The file of a part: show.log, show.2.log, show.3.log ..."""
    return path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")


def _next_file(path: Path, number: int) -> tuple[FileIO, int]:
    """A new file, and its number; an empty one that is there is taken. Raises OSError."""
    while True:
        place = part_path(path, number)
        if not place.exists() or (place.is_file() and place.stat().st_size == 0) or not place.is_file():
            return place.open("ab", buffering=0), number
        number += 1


def _append(file: FileIO, record: bytes) -> None:
    rest = memoryview(record)
    while rest:
        rest = rest[file.write(rest) :]
    with suppress(OSError):  # a pipe, say
        os.fsync(file.fileno())


def _inputs_of(planned: _Planned) -> list[tuple[str, Any]]:
    """Everything but the features, in the order in which it takes effect."""
    inputs, ready = planned.inputs, planned.ready
    rows: list[tuple[str, Any]] = []
    if ready is not None:
        rows.append(("networks", {"ready": sorted(ready[0]), "failed": sorted(ready[1])}))
    rows += [("reload", reload_to_json(reload)) for reload in inputs.reloads]
    rows += [
        ("routes", repatch_to_json(place, repatch))
        for place, repatch in zip(planned.places, inputs.repatches, strict=True)
        if repatch.taken.peek()
    ]
    rows += [("event", event_to_json(event)) for event in inputs.events]
    rows += [("prompt", prompt_to_json(prompt)) for prompt in inputs.prompts]
    return rows
