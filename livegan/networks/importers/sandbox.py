"""The walls around the process that reads strangers' files.

The reader calls nothing that a file names; should it be fooled all the same, it has little memory and time, no network,
and a Python that opens, starts and imports nothing.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from livegan.errors import NetworkError

NEW_USER, NEW_NET = 0x10000000, 0x40000000  # unshare(2)
DIE_WITH_PARENT, NO_NEW_RIGHTS = 1, 38  # prctl(2)
KILL = 9
QUIET = frozenset(  # what Python reports and nobody is hurt by
    {"mmap.__new__", "array.__new__", "builtins.id", "object.__getattr__", "object.__setattr__", "sys._getframe"}
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class CagedError(NetworkError):
    """Something tried to leave."""


def limit(memory: int, seconds: int, written: int) -> None:
    """At most so many bytes of memory, seconds of work, and bytes per file; nice to others. Nothing on Windows."""
    try:
        import resource
    except ImportError:
        return
    wanted = [
        ("RLIMIT_CORE", 0, 0),
        ("RLIMIT_AS", memory, memory),
        ("RLIMIT_CPU", seconds, seconds + 2),
        ("RLIMIT_FSIZE", written, written),
        ("RLIMIT_NOFILE", 64, 64),
    ]
    for name, soft, hard in wanted:
        try:
            resource.setrlimit(getattr(resource, name), (soft, hard))
        except (AttributeError, ValueError, OSError):  # a system without it, or already tighter
            continue
    os.nice(10)


def cut_off() -> None:
    """Without a network, without new rights, dead when the parent dies: where Linux lets us."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(DIE_WITH_PARENT, KILL, 0, 0, 0)
    libc.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
    libc.unshare(NEW_NET if os.geteuid() == 0 else NEW_USER | NEW_NET)  # refused in many containers: then without


def no_children() -> None:
    """No further process or thread may be started. Not for root, whom the system does not count."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    except (ImportError, AttributeError, ValueError, OSError):
        return


def lock(folder: Path, readable: Sequence[Path]) -> None:
    """From now on, and for good, Python only reads `readable` and only writes below `folder`.

    It imports nothing new, starts nothing, calls no C library and opens no connection: CagedError names what it tried.
    """
    inside = os.path.realpath(folder) + os.sep
    allowed = {os.path.realpath(path) for path in readable}

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in QUIET:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes | os.PathLike):
                where = os.path.realpath(os.fsdecode(path))
                writes = isinstance(flags, int) and bool(flags & _WRITES)
                if where.startswith(inside) or (where in allowed and not writes):
                    return
        detail = "" if not arguments else f" {str(arguments[0])[:60]!a}"
        raise CagedError(f"refused: reading it led to '{event}{detail}', which no network needs; do not use this file")

    sys.addaudithook(hook)
