"""Processes of the studio page's jobs: each leads a process group, and holds a lock in its job's folder while it lives.

The lock is an open file that the process inherits (flock): the system releases it when the process ends, however it
ends, so that a server knows what one before it, which was killed, has left running. Windows has none of it.
"""

import asyncio
import errno
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from livegan.errors import StudioError

if sys.platform != "win32":
    import fcntl

LOCK = "process.lock"  # in a job's folder; says the process
FREE_S = 5.0  # for what a command of the job leaves behind it
END_S = 20.0  # for what an earlier server has left running, before and after it is killed
LOOK_S = 0.05


async def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
) -> asyncio.subprocess.Process:
    """Start a command in a job's folder; StudioError if another is at work in it, OSError if it cannot be started."""
    until = time.monotonic() + FREE_S
    while is_at_work(folder):
        if time.monotonic() > until:
            raise StudioError("what an earlier server began is still at work in it; try again in a minute")
        await asyncio.sleep(LOOK_S)
    with _locked(folder) as lock:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, pass_fds=() if sys.platform == "win32" else (lock.fileno(),),
        )  # fmt: skip
        lock.write(f"{process.pid}\n".encode())
    return process


def ask_to_end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM to the process alone: it ends its own workers, and needs them to keep what is there."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()


def kill(process: asyncio.subprocess.Process) -> None:
    """SIGKILL to the process and all that it has started."""
    _kill_group(process.pid)


def is_at_work(folder: Path) -> bool:
    """Whether a process of a job lives, whoever started it."""
    try:
        with _locked(folder):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def end_earlier(folders: Collection[Path], wait_s: float = END_S) -> None:
    """End what an earlier server has left running in these folders of jobs: it is asked, and killed after `wait_s`."""
    for ends, most_s in ((_ask, wait_s), (_kill_group, END_S)):
        left = [folder for folder in folders if (folder / LOCK).exists() and is_at_work(folder)]
        for folder in left:
            pid = _process_in(folder)
            if pid:
                ends(pid)
        until = time.monotonic() + most_s
        while time.monotonic() < until and any(map(is_at_work, left)):
            time.sleep(LOOK_S)


def _ask(pid: int) -> None:
    with suppress(OSError):
        os.kill(pid, signal.SIGTERM)


def _kill_group(pid: int) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)


def _process_in(folder: Path) -> int:
    """The process that has the lock; 0 if that is not known."""
    try:
        pid = int((folder / LOCK).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
    return pid if pid > 1 else 0


@contextmanager
def _locked(folder: Path) -> Iterator[IO[bytes]]:
    """The locked, empty file of a folder; BlockingIOError if a process has it."""
    with (folder / LOCK).open("ab", buffering=0) as file:
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.ENOTSUP):  # a file system without locks
                    raise
        file.truncate(0)
        yield file
