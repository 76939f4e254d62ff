"""Checks of `livegan doors` on the disk: room and speed for recordings, and that the networks' files are whole."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from livegan.core.files import reason_of
from livegan.core.machine import MEGABYTE
from livegan.core.text import printable, quoted
from livegan.networks.cache import file_hash, recall, remember
from livegan.networks.info import NetworkInfo
from livegan.studio.door_check import DoorCheck

GROUP = "Recording"
TRIAL_MB = 32
LEAST_MB = 500.0  # without a recording
HOURS_WARN, HOURS_FAIL = 4.0, 1.0
SPARE = 4.0  # times the bit rate that a disk should manage
LEDGER = "doors"  # where the hashes of the last time are remembered


def folder_check(what: str, folder: Path, megabytes_per_s: float, now: Callable[[], float]) -> DoorCheck:
    """Whether a film can be written to `folder` for a night; `megabytes_per_s`: measured, 0 without a recording."""
    try:
        free_mb = shutil.disk_usage(folder).free / MEGABYTE
        speed = write_speed(folder, now)
    except OSError as error:
        detail = f"{folder} cannot be written: {reason_of(error)}"
        return DoorCheck(GROUP, what, "fail", detail, f"chmod u+w {printable(quoted(folder))}, or another folder")
    room = f"{free_mb / 1024:.1f} GB free in {folder}, written at {speed:.0f} MB/s"
    if not megabytes_per_s:
        little = free_mb < LEAST_MB
        return DoorCheck(GROUP, what, "warn" if little else "pass", room, "make room: df -h" if little else "")
    hours = free_mb / megabytes_per_s / 3600
    detail = f"{room}: {min(hours, 999):.1f} hours at {megabytes_per_s * 8 * MEGABYTE / 1e6:.1f} Mbit/s"
    if hours < HOURS_FAIL or speed < megabytes_per_s:
        return DoorCheck(GROUP, what, "fail", detail, "record to a larger or faster disk")
    if hours < HOURS_WARN or speed < SPARE * megabytes_per_s:
        return DoorCheck(GROUP, what, "warn", detail, "make room: df -h")
    return DoorCheck(GROUP, what, "pass", detail)


def write_speed(folder: Path, now: Callable[[], float]) -> float:
    """How fast a new file is written there [MB/s], until it is on the disk. OSError if it cannot be."""
    block = os.urandom(MEGABYTE)
    with tempfile.TemporaryFile(dir=folder) as file:
        began_s = now()
        for _ in range(TRIAL_MB):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return TRIAL_MB / max(now() - began_s, 1e-6)


def network_checks(infos: Sequence[NetworkInfo], *, keep: bool = True) -> Iterator[DoorCheck]:
    """Whether the weights can be read to their end, and are those of the last time that this was asked."""
    files = dict.fromkeys(info.weights for info in infos if info.weights.exists())
    changed, whole = [], 0
    for path in files:
        try:
            digest = file_hash(path)
        except OSError as error:
            detail = f"{path} cannot be read: {reason_of(error)}"
            yield DoorCheck("Scenes", "networks", "fail", detail, "copy or download it again; livegan networks list")
            continue
        whole += 1
        key = sha256(str(path.resolve()).encode()).hexdigest()
        before = (recall(key, LEDGER) or {}).get("sha256", digest)
        if before != digest:
            changed.append(f"{path.stem} (was {before[:8]}, is {digest[:8]})")
        if keep:
            remember(key, LEDGER, {"sha256": digest})
    if changed:
        detail = f"changed since the doors were opened last: {', '.join(changed)}"
        yield DoorCheck("Scenes", "networks", "warn", detail, "if that was not you: copy them again")
    elif whole:
        files_text = "1 file" if whole == 1 else f"{whole} files"
        yield DoorCheck("Scenes", "networks", "pass", f"{files_text} read to the end (SHA-256), none has changed")
