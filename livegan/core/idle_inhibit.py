"""Idle inhibition: while a show plays, no screen saver, no blanking and no sleep of the computer.

Each inhibitor ends with this process, also if that is killed: by its connection, by a pipe that closes, by its id.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from livegan.core.x11 import XConnection

PROBE_S = 3.0  # that a program may take to say whether it can
REASON = "a show plays"
LOGIND = ("systemd-inhibit", "--what=idle", "--who=livegan", f"--why={REASON}")
END_S = 2.0  # that a child may take to end
CONTINUOUS, SYSTEM, DISPLAY = 0x80000000, 0x1, 0x2  # ES_CONTINUOUS, ES_SYSTEM_REQUIRED, ES_DISPLAY_REQUIRED

Release = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Inhibitor:
    """Inhibitor: one of the ways to keep a machine awake."""

    name: str  # for people: "X11", "systemd"
    hold: Callable[[], Release | None]  # from now on, until what it returns is called; None: not on this machine


def inhibitors(platform: str = sys.platform) -> list[Inhibitor]:
    """Those of this system that need no desktop; each is tried, and all that work are held together."""
    if platform == "darwin":
        return [Inhibitor("caffeinate", hold_caffeinate)]
    if platform == "win32":
        return [Inhibitor("Windows", hold_windows)]
    return [Inhibitor("X11", hold_x11), Inhibitor("systemd", hold_logind)]


@contextmanager
def idle_inhibited(ways: Sequence[Inhibitor]) -> Iterator[tuple[str, ...]]:
    """Within the block the machine stays awake; yields the names of those that hold. Nothing here fails a show."""
    with ExitStack() as held:
        names = []
        for each in ways:
            with suppress(OSError, AttributeError, ValueError, subprocess.SubprocessError):
                release = each.hold()
                if release is not None:
                    held.callback(_released, release)
                    names.append(each.name)
        yield tuple(names)


def _released(release: Release) -> None:
    with suppress(OSError, AttributeError, ValueError, subprocess.SubprocessError):
        release()


def hold_x11() -> Release | None:
    """By the X server, which also keeps DPMS away. A desktop has a screen saver of its own besides."""
    if not os.environ.get("DISPLAY"):
        return None
    connection = XConnection()
    if connection.suspend_blanking():
        return connection.close
    connection.close()
    return None


def hold_logind() -> Release | None:
    """By systemd: no sleep for being idle. It holds while its child reads a pipe, whose other end is ours."""
    if not logind_works():
        return None
    return _hold_child([*LOGIND, "cat"], stdin=subprocess.PIPE)


def logind_works() -> bool:
    """Whether systemd can be asked here: a container has the program and no one behind it."""
    if shutil.which(LOGIND[0]) is None or shutil.which("cat") is None:
        return False
    with suppress(OSError, subprocess.SubprocessError):
        return not subprocess.run([*LOGIND, "true"], capture_output=True, timeout=PROBE_S, check=False).returncode
    return False


def hold_caffeinate() -> Release | None:
    """By macOS: neither display nor system sleeps (man caffeinate) until the process of that id has ended."""
    if shutil.which("caffeinate") is None:
        return None
    return _hold_child(["caffeinate", "-d", "-i", "-w", str(os.getpid())])


def hold_windows(kernel: Any = None) -> Release | None:
    """By Windows, for the thread that asks (SetThreadExecutionState). `kernel`: kernel32."""
    kernel = kernel or ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    state = ctypes.c_uint32
    if not kernel.SetThreadExecutionState(state(CONTINUOUS | SYSTEM | DISPLAY)):
        return None
    return lambda: kernel.SetThreadExecutionState(state(CONTINUOUS))


def _hold_child(command: Sequence[str], stdin: int = subprocess.DEVNULL) -> Release:
    """A child in a session of its own, so that Ctrl-C in the terminal is not its end."""
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=stdin, stdout=quiet, stderr=quiet, start_new_session=True)

    def end() -> None:
        if child.stdin is not None:
            child.stdin.close()
        else:
            child.terminate()
        try:
            child.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(timeout=END_S)

    return end
