"""Sandbox for the subprocess that parses untrusted weight files: resource limits, no network, an audit hook.

The reader calls nothing that a file names; should it be exploited all the same, it has little memory and time, no
network, and a Python that opens, starts and imports nothing.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from livegan.errors import NetworkError

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # unshare(2)
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38  # prctl(2)
SIGKILL = 9
HARMLESS_EVENTS = frozenset(  # audit events that are let through
    {"mmap.__new__", "array.__new__", "builtins.id", "object.__getattr__", "object.__setattr__", "sys._getframe"}
)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class SandboxViolation(NetworkError):  # noqa: N818 - the usual term
    """An operation that the sandbox forbids."""


def set_limits(memory: int, seconds: int, written: int) -> None:
    """Limit memory [bytes], CPU time [s] and the size of written files [bytes]; lowest priority. Nothing on Windows."""
    try:
        import resource
    except ImportError:
        return
    limits = [
        ("RLIMIT_CORE", 0, 0),
        ("RLIMIT_AS", memory, memory),
        ("RLIMIT_CPU", seconds, seconds + 2),
        ("RLIMIT_FSIZE", written, written),
        ("RLIMIT_NOFILE", 64, 64),
    ]
    for name, soft, hard in limits:
        try:
            resource.setrlimit(getattr(resource, name), (soft, hard))
        except (AttributeError, ValueError, OSError):  # a system without it, or already tighter
            continue
    os.nice(10)


def drop_network() -> None:
    """No network, no new privileges, killed when the parent dies: as far as Linux allows."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.unshare(
        CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET
    )  # refused in many containers: then without it


def forbid_processes() -> None:
    """No further process or thread may be started. Not for root, whom the system does not count."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    except (ImportError, AttributeError, ValueError, OSError):
        return


def install_audit_hook(folder: Path, readable: Sequence[Path]) -> None:
    """Install, irrevocably, an audit hook: Python can only read `readable` and only write below `folder`.

    Imports, processes, C libraries and connections are refused too; SandboxViolation names the attempt.
    """
    writable = os.path.realpath(folder) + os.sep
    readable_paths = {os.path.realpath(path) for path in readable}

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in HARMLESS_EVENTS:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes | os.PathLike):
                where = os.path.realpath(os.fsdecode(path))
                writes = isinstance(flags, int) and bool(flags & _WRITE_FLAGS)
                if where.startswith(writable) or (where in readable_paths and not writes):
                    return
        detail = "" if not arguments else f" {str(arguments[0])[:60]!a}"
        raise SandboxViolation(
            f"refused: reading it led to '{event}{detail}', which no network needs; do not use this file"
        )

    sys.addaudithook(hook)
