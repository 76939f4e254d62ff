"""Protocol of distributed work: a job that workers are made for, its tasks, and the carrier that reaches the workers.

Tasks are idempotent: a task's key is its number and the hash of what is to be done, so that any worker may do it, and
do it again after another has died. `scheduler` deals them out; `local_pool` and `ray_pool` are the two carriers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Arrays = list[NDArray[Any]]
Message = dict[str, Any]  # what `message.pack` takes: JSON with arrays and bytes in it


class Work(Protocol):
    """What a worker does, made once in each by the function that `Job.make` names."""

    @property
    def report(self) -> Message:
        """What the first worker's choices were; the others are made with it."""
        ...

    @property
    def identity(self) -> str:
        """Equal in workers whose results are equal in every bit: of the others, none is used."""
        ...

    def __call__(self, payload: bytes) -> Sequence[NDArray[Any]]:
        """Do one task: a pure function of the payload. LiveganError or RuntimeError if that cannot be done."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """Job: what workers are made for."""

    make: str  # "module:function", called in each worker with (arguments, files, report of the first worker or None)
    arguments: Message
    files: Mapping[str, Path] = field(default_factory=dict)  # by the SHA-256 of their content; each node gets them once
    result_bytes: int = 0  # of one result as a rule: so much shared memory is kept for each task in flight


@dataclass(frozen=True)
class Task:
    """Task: what is to be done, in bytes, and whatever its maker keeps with it."""

    number: int
    payload: bytes
    note: Any = None

    @cached_property
    def key(self) -> str:
        """Its number, and the hash of what is to be done."""
        return f"{self.number}-{hashlib.sha256(self.payload).hexdigest()[:24]}"


class Result(Protocol):
    """Arrays that a worker has made, in memory of the carrier."""

    def take(self) -> Arrays:
        """Copies, the caller's to keep; the carrier's memory is free again."""
        ...

    def drop(self) -> None:
        """Free the memory."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """What a worker says: its one of "hello", "ready", "done", "failed" or "lost"."""

    worker: int
    kind: str
    message: Message = field(default_factory=dict)
    result: Result | None = None


class Carrier(Protocol):
    """Carrier of tasks: starts workers, sends them what to do, and hears from them. Owned by one thread."""

    def start(self) -> int:
        """Begin to start one more worker; its number, never used before. It says hello, or is lost."""
        ...

    def make(self, worker: int, report: Message | None) -> None:
        """Have a worker made ready for the job; `report` is the first worker's, None: it is the first."""
        ...

    def send(self, worker: int, task: Task) -> None:
        """Give a worker one more task."""
        ...

    def poll(self, timeout_s: float) -> list[Event]:
        """What workers have said, at the latest after `timeout_s`."""
        ...

    def stop(self, worker: int) -> None:
        """End a worker at once. It is lost silently."""
        ...

    def close(self) -> None:
        """End all workers at once. Idempotent."""
        ...


@dataclass(slots=True)
class Kept:
    """Result in the coordinator's own memory."""

    arrays: Arrays

    def take(self) -> Arrays:
        return [np.array(array) for array in self.arrays]

    def drop(self) -> None:
        self.arrays = []
