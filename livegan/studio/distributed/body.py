"""Body of a worker, the same in a process of this machine and in an actor of Ray: makes its work, does tasks."""

import socket
from importlib import import_module
from pathlib import Path
from typing import Any

from livegan.errors import LiveganError
from livegan.studio.distributed.protocol import Arrays, Message, Work
from livegan.studio.distributed.versions import versions


class Body:
    """Body of a worker. What it answers are messages, never exceptions: those it does not foresee end the worker."""

    def __init__(self) -> None:
        self._work: Work | None = None

    def hello(self) -> Message:
        """Who is there, and with which versions."""
        return {"kind": "hello", "host": socket.gethostname(), "versions": versions()}

    def make(self, make: str, arguments: Message, files: dict[str, Path], report: Message | None) -> Message:
        """Become ready for a job."""
        module, _, function = make.partition(":")
        try:
            work: Work = getattr(import_module(module), function)(arguments, files, report)
        except (LiveganError, RuntimeError, MemoryError, OSError) as error:
            return _failure(error)
        self._work = work
        return {"kind": "ready", "report": work.report, "identity": work.identity}

    def do(self, key: str, payload: bytes) -> tuple[Message, Arrays]:
        """Do one task."""
        assert self._work is not None
        try:
            arrays = list(self._work(payload))
        except (LiveganError, RuntimeError, MemoryError, OSError) as error:
            return {**_failure(error), "key": key}, []
        return {"kind": "done", "key": key}, arrays


def _failure(error: BaseException) -> dict[str, Any]:
    text = " ".join(str(error).split()) or type(error).__name__
    foreseen = isinstance(error, LiveganError)
    if isinstance(error, MemoryError):
        text = "no memory left"
    return {"kind": "failed", "error": "livegan" if foreseen else "runtime", "text": text}
