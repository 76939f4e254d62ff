"""Checks of `livegan doors` on the computer: mains power, power saving, heat, and other programs that are busy."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from livegan.core.text import printable
from livegan.studio.door_check import DoorCheck

GROUP = "Computer"
SYS, PROC = Path("/sys"), Path("/proc")
OWN_SCALING = ("intel_pstate", "amd-pstate", "amd_pstate", "amd-pstate-epp")  # their "powersave" is the usual one
HOT_C = 90.0
BUSY = 0.15  # share of all cores that other programs may take; whether scenes suffer, their own figures say
NAMED = 0.05  # of a core, from which a program is named


def power_checks(sys_folder: Path = SYS) -> Iterator[DoorCheck]:
    """Battery or mains, and whether the processor is told to save power; silent where the system does not say."""
    yield from _supply(sys_folder)
    yield from _saving(sys_folder)


def _supply(sys_folder: Path) -> Iterator[DoorCheck]:
    online: list[bool] = []
    batteries: list[tuple[str, str]] = []
    for folder in sorted((sys_folder / "class/power_supply").glob("*")):
        kind = _read(folder / "type")
        if kind in ("Mains", "USB") and (folder / "online").exists():
            online.append(_read(folder / "online") == "1")
        elif kind == "Battery" and _read(folder / "scope") != "Device":  # a mouse has one too
            batteries.append((_read(folder / "status"), _read(folder / "capacity")))
    if not batteries:
        return
    status, capacity = batteries[0]
    if status == "Discharging" or (online and not any(online)):
        detail = f"it runs on its battery ({capacity or '?'} %): slower, and not for long"
        yield DoorCheck(GROUP, "mains power", "fail", detail, "plug the computer in")
    else:
        yield DoorCheck(GROUP, "mains power", "pass", f"plugged in, battery {capacity or '?'} %")


def _saving(sys_folder: Path) -> Iterator[DoorCheck]:
    folder = sys_folder / "devices/system/cpu/cpu0/cpufreq"
    governor, driver = _read(folder / "scaling_governor"), _read(folder / "scaling_driver")
    preference = _read(folder / "energy_performance_preference")
    profile = _read(sys_folder / "firmware/acpi/platform_profile")
    saving = [
        *(["governor powersave"] if governor == "powersave" and driver not in OWN_SCALING else []),
        *(["energy preference power"] if preference == "power" else []),
        *([f"platform profile {profile}"] if profile in ("low-power", "quiet", "cool") else []),
    ]
    if saving:
        repair = "powerprofilesctl set performance, or: sudo cpupower frequency-set -g performance"
        yield DoorCheck(GROUP, "power saving", "warn", f"the processor saves power: {', '.join(saving)}", repair)
    elif governor:
        yield DoorCheck(GROUP, "power saving", "pass", f"off: governor {governor} ({driver or 'unknown driver'})")


def throttle_count(sys_folder: Path = SYS) -> int:
    """How often cores were slowed down by heat since the computer began."""
    files = (sys_folder / "devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/*_throttle_count")
    return sum(int(text) for file in files if (text := _read(file)).isdigit())


def heat_checks(throttled: int, sys_folder: Path = SYS) -> Iterator[DoorCheck]:
    """Temperature after the scenes have played; `throttled`: how often heat slowed cores down meanwhile."""
    zones = [_read(file) for file in sorted((sys_folder / "class/thermal").glob("thermal_zone*/temp"))]
    degrees = [int(text) / 1000 for text in zones if text.lstrip("-").isdigit()]
    hottest = max((value for value in degrees if 0 < value < 150), default=None)
    detail = f"{hottest:.0f} °C at the end" if hottest is not None else "temperature unknown"
    if throttled:
        text = f"heat slowed the processor down {throttled} times; {detail}"
        yield DoorCheck(GROUP, "heat", "warn", text, "give it air: free the vents, raise the laptop")
    elif hottest is not None and hottest >= HOT_C:
        yield DoorCheck(GROUP, "heat", "warn", f"{detail}: it will be slowed down soon", "give it air")
    elif hottest is not None:
        yield DoorCheck(GROUP, "heat", "pass", detail)


INTERPRETERS = ("python", "node", "java", "ruby", "perl", "sh", "bash", "wine")


class ProgramTimes:
    """Processor time of every other program, between its making and `busiest`. Linux; elsewhere nothing is known."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._before = self._now()

    def busiest(self, seconds: float, count: int = 3) -> list[tuple[str, float]]:
        """Names of those that took most, each with its share of one core."""
        own, now = str(os.getpid()), self._now()
        taken = [
            (number, name, (ticks - self._before.get(number, (name, 0))[1]) / _ticks_per_s() / max(seconds, 1e-3))
            for number, (name, ticks) in now.items()
            if number != own
        ]
        most = sorted((row for row in taken if row[2] >= NAMED), key=lambda row: -row[2])[:count]
        return [(self._called(number, name), share) for number, name, share in most]

    def _called(self, number: str, name: str) -> str:
        """What a player can look for: of an interpreter also its script, and always the number of the process."""
        words: list[str] = []
        with suppress(OSError):
            words = (self._proc / number / "cmdline").read_text(errors="replace").split("\0")[1:]
        first = next((word for word in words if word == "-c" or not word.startswith("-")), "")
        told = f"{name} {Path(first).name}" if first not in ("", "-c") and name.startswith(INTERPRETERS) else name
        return f"{told} (process {number})"

    def _now(self) -> dict[str, tuple[str, int]]:
        """Name and processor time [clock ticks] of each process (man 5 proc)."""
        found = {}
        for file in self._proc.glob("[0-9]*/stat"):
            with suppress(OSError, ValueError, IndexError):
                head, _, tail = file.read_text(errors="replace").rpartition(")")
                fields = tail.split()
                found[file.parent.name] = head.partition("(")[2], int(fields[11]) + int(fields[12])
        return found


def _ticks_per_s() -> int:
    return os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def load_check(share: float, busiest: list[tuple[str, float]]) -> DoorCheck:
    """Other programs while the scenes played; `share` of all cores, 0..1."""
    names = ", ".join(f"{printable(name)} {part:.0%} of a core" for name, part in busiest)
    detail = f"other programs take {share:.0%} of the processor" + (f": {names}" if names else "")
    if share > BUSY:
        close = printable(busiest[0][0]) if busiest else "what else runs"
        return DoorCheck(GROUP, "other programs", "warn", detail, f"close {close}")
    return DoorCheck(GROUP, "other programs", "pass", detail)


def _read(path: Path) -> str:
    """The first line of a file of the kernel; "" where there is none."""
    with suppress(OSError, UnicodeDecodeError, IndexError):
        return path.read_text().splitlines()[0].strip()
    return ""
