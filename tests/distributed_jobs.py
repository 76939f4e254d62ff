"""Jobs for tests of distributed work, without torch, so that workers start at once."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.studio.distributed.protocol import Arrays, Job, Message, Task

SIZE = 64


class Squares:
    """Work that answers with its number's square, many times; what it does else, the arguments say."""

    def __init__(self, arguments: Message, files: Mapping[str, Path], report: Message | None) -> None:
        if arguments.get("broken"):
            raise NetworkError("this network is broken")
        self._arguments = arguments
        self.report = report or {"first": os.getpid(), "array": np.arange(3)}
        self.identity = ",".join(path.read_text() for path in files.values())

    def __call__(self, payload: bytes) -> Arrays:
        """The square, as arrays of two types."""
        number = int(payload)
        if number == self._arguments.get("fails_at"):
            raise RuntimeError(f"{number} cannot be squared")
        if number == self._arguments.get("dies_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        size = self._arguments.get("size", SIZE)
        return [np.full(size, number**2 % 256, np.uint8), np.array([[number**2]], np.float32)]


def make(arguments: Message, files: Mapping[str, Path], report: Message | None) -> Squares:
    """As `Job.make` wants it."""
    return Squares(arguments, files, report)


def job(**arguments: Any) -> Job:
    """A job of squares."""
    return Job("tests.distributed_jobs:make", arguments, result_bytes=2 * SIZE)


def tasks(count: int) -> list[Task]:
    """The numbers from 0."""
    return [Task(number, str(number).encode(), f"note {number}") for number in range(count)]


def answers(results: list[tuple[Task, Arrays]]) -> list[int]:
    """The squares, in the order in which they came; each was whole."""
    for task, (flat, square) in results:
        assert task.note == f"note {task.number}"
        assert (flat == int(square[0, 0]) % 256).all()
    return [int(square[0, 0]) for _, (_, square) in results]
