"""Thread priority: precedence of the calling thread over the others, where the system permits it (Linux).

A thread that runs Python is only ever raised, never lowered: all of them take turns at one lock (the GIL), so one of
high niceness that holds it, or has asked for it, keeps every other waiting until a busy machine lets it run. With a
busy program on each core that priority inversion lasts seconds. Low priority is for native threads: `niced`.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

REALTIME = 1  # the lowest real-time priority (man 7 sched): above every ordinary thread, below PortAudio's and JACK's
NICENESS = -10  # where real-time scheduling is not permitted
LOW = 10  # niceness of native threads that have time


def prefer_thread() -> str:
    """Let the calling thread run before others from now on; what the system granted: "real-time", "nice -10" or "".

    Linux grants it to root, and by limits on `rtprio` or `nice` (/etc/security/limits.conf, as JACK asks for). Threads
    that it starts do not inherit the first. Elsewhere, and where it is not permitted, nothing changes.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(REALTIME))
            return "real-time"
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
            return f"nice {NICENESS}"
    return ""


def niced(make: Callable[[], Result]) -> Result:
    """Result of `make`, called on a thread of low priority, which native threads that it starts inherit (Linux)."""
    with ThreadPoolExecutor(1, "livegan-niced", _lower) as pool:
        return pool.submit(make).result()


def _lower() -> None:
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW)
