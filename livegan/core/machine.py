"""The machine: cores, processor, memory."""

import ctypes
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MEGABYTE = 2**20
UNKNOWN_MB = 4096.0  # free memory where the system does not say
_STATM = Path("/proc/self/statm")
CONTROL_GROUPS = Path("/sys/fs/cgroup")


def cores(groups: Path = CONTROL_GROUPS) -> int:
    """How many cores this process may use: its affinity (taskset), or less where its control group has a CPU quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *_cpu_quota(groups)]))


def _cpu_quota(groups: Path) -> Iterator[int]:
    """Whole cores that a container's quota is worth (Linux: cpu.max of control groups 2, cpu.cfs_quota_us of 1)."""
    with suppress(OSError, ValueError):
        quota, period = (groups / "cpu.max").read_text().split()
        if quota != "max":
            yield int(quota) // int(period)
    with suppress(OSError, ValueError):
        quota_us = int((groups / "cpu" / "cpu.cfs_quota_us").read_text())
        if quota_us > 0:
            yield quota_us // int((groups / "cpu" / "cpu.cfs_period_us").read_text())


def keep_memory() -> bool:
    """Ask glibc to keep freed memory instead of fetching fresh pages for every frame; False where there is no glibc."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    threshold, trim = -3, -1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD (malloc.h)
    kept = mallopt(threshold, 1 << 30) or mallopt(threshold, 1 << 25)  # glibc before 2.35 takes no more than that
    return bool(mallopt(trim, (1 << 31) - 1)) and bool(kept)


def reserve_memory(megabytes: int) -> None:
    """Touch so much memory and free it again; this thread keeps it, so that no later frame waits for fresh pages."""
    if keep_memory():
        blocks = [b"\1" * MEGABYTE for _ in range(megabytes)]
        blocks.clear()


def processor() -> str:
    """The processor's model name and a hash of its feature flags, as far as the system reports them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    entries = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = hashlib.sha256(entries.get("flags", entries.get("Features", "")).encode()).hexdigest()[:8]
    return f"{entries.get('model name', platform.machine())} ({flags})"


class ProcessorShare:
    """Processor share of other programs: how much of all cores they took between two calls of `others`."""

    def __init__(self, stat: Path = Path("/proc/stat")) -> None:
        self._stat = stat
        self._last = self._now()

    def others(self) -> float:
        """Their share since the last call, 0..1; 0 where the system does not say (other than Linux)."""
        (busy_s, own_s, whole_s), last = self._now(), self._last
        self._last = busy_s, own_s, whole_s
        spent_s = whole_s - last[2]
        return min(max((busy_s - last[0] - (own_s - last[1])) / spent_s, 0.0), 1.0) if spent_s > 0 else 0.0

    def _now(self) -> tuple[float, float, float]:
        """Busy time of all cores, this process's time, and all time of all cores [s] (man 5 proc)."""
        try:
            parts = self._stat.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
            times_s = [int(part) / os.sysconf("SC_CLK_TCK") for part in parts]
            idle_s = times_s[3] + times_s[4]
        except (OSError, ValueError, IndexError, AttributeError):
            return 0.0, 0.0, 0.0
        own = os.times()
        return sum(times_s) - idle_s, own.user + own.system, sum(times_s)


def rss_mb() -> float:
    """Resident memory [MB = 2**20 bytes]; where only the peak is known (macOS, Windows), the peak or 0."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def free_memory_mb() -> float:
    """Memory of this machine that is free [MB]; less where this process is only allowed less."""
    limits_mb = [*_meminfo(), *_control_group()]
    if limits_mb:
        return min(limits_mb)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / MEGABYTE / 2
    except (AttributeError, ValueError, OSError):  # Windows
        return UNKNOWN_MB


def _meminfo() -> Iterator[float]:
    """What Linux says is available (man 5 proc)."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) / 1024


def _control_group() -> Iterator[float]:
    """What a container leaves us (Linux, control groups version 2)."""
    folder = CONTROL_GROUPS
    with suppress(OSError, ValueError):
        limit = (folder / "memory.max").read_text().strip()
        if limit != "max":
            yield max(int(limit) - int((folder / "memory.current").read_text()), 0) / MEGABYTE
