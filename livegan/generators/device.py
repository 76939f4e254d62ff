"""Which device draws, and why."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from livegan.errors import NetworkError

DEVICES = ("auto", "cpu", "cuda", "mps")
MEGABYTE = 2**20
FREE_SHARE = 0.5  # of the memory that is free at the start, for networks kept ready
GPU_SHARE = 0.8
UNKNOWN_MB = 4096.0  # where the system does not say


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device and the reason for it, in words for `livegan doctor`."""

    device: str  # "cpu", "cuda" or "mps"
    reason: str


def choose_device(wanted: str = "auto") -> DeviceChoice:
    """The device to draw on: the one asked for, or with "auto" the first of cuda, mps, cpu that is there.

    One that was asked for and is not there raises a NetworkError: a show must not fall back in silence.
    """
    if wanted not in DEVICES:
        raise NetworkError(f"no device called '{wanted}'; there are: {', '.join(DEVICES)}; type: --device cpu")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "cuda" and not cuda:
        built = "finds no NVIDIA GPU" if torch.version.cuda else "is the build without CUDA"
        raise NetworkError(
            f"device 'cuda' was asked for, but this torch ({torch.__version__}) {built}; try --device cpu"
        )
    if wanted == "mps" and not mps:
        raise NetworkError("device 'mps' was asked for, but this machine has no Apple GPU; try --device cpu")
    if wanted != "auto":
        return DeviceChoice(wanted, "asked for")
    if cuda:
        return DeviceChoice("cuda", f"a GPU is there: {torch.cuda.get_device_name()}")
    if mps:
        return DeviceChoice("mps", "an Apple GPU is there")
    return DeviceChoice("cpu", "no GPU is there")


def memory_budget_mb(device: str) -> float:
    """How much memory networks may take on "cpu", "cuda" or "mps" [MB]: 80 % of free VRAM, or half of the free RAM."""
    if device == "cuda":
        return GPU_SHARE * torch.cuda.mem_get_info()[0] / MEGABYTE
    return FREE_SHARE * free_memory_mb()


def free_memory_mb() -> float:
    """Memory of this machine that is free [MB]; less where this process is only allowed less."""
    found = [*_meminfo(), *_control_group()]
    if found:
        return min(found)
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
    folder = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):
        limit = (folder / "memory.max").read_text().strip()
        if limit != "max":
            yield max(int(limit) - int((folder / "memory.current").read_text()), 0) / MEGABYTE
