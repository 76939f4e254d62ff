"""Crash files: what is known of a show that died, the stacks of its threads above all; the newest five are kept."""

import faulthandler
import signal
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

import platformdirs

from livegan.core.text import printable
from livegan.core.version import __version__

MOST = 5


def crash_folder() -> Path:
    """Where they are."""
    return platformdirs.user_cache_path("livegan") / "crashes"


def crash_path(when: datetime, pid: int, start: int) -> Path:
    """Where one of a show that begins `when` under the supervisor `pid`, as its process number `start`, would be."""
    return crash_folder() / f"{when:%Y-%m-%d_%H.%M.%S}-{pid}-{start}.txt"


def write_crashes_to(path: Path) -> None:
    """Let a segmentation fault, an abort and an uncaught exception of this process leave their stacks in a new file.

    Without effect where it cannot be written. The file stays open: a process that dies opens none.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8", errors="replace")
        faulthandler.enable(file)
        before = sys.excepthook

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            traceback.print_exception(kind, error, trace, file=file)
            file.flush()
            before(kind, error, trace)

        sys.excepthook = hook


def how_it_ended(code: int, *, hung: bool = False, killed_for_memory: bool = False) -> str:
    """How a process ended, in words, from its exit code (negative: the signal)."""
    if hung:
        return "it hung"
    if killed_for_memory:
        return "the system killed it, as the memory was full"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        said = {"SIGSEGV": " (mostly a driver)", "SIGKILL": " (mostly the system, when the memory is full)"}
        return f"it was ended by {name}{said.get(name, '')}"
    return f"it ended with code {code:#x}" if code > 255 else f"it ended with code {code}"


def finish_crash_file(path: Path, reason: str, command: str) -> Path | None:
    """Add how it ended to the stacks in it, keep the newest files; where it is, None if it could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"\nlivegan {__version__}: {reason}, {datetime.now():%Y-%m-%d %H:%M:%S}\n{printable(command)}\n")
        for old in sorted(path.parent.glob("*.txt"))[:-MOST]:
            old.unlink()
    except OSError:
        return None
    return path
