"""A run's folder on disk: the checkpoint that it goes on from, and the lock that keeps a second run out.

checkpoint.pt    everything to go on exactly; replaced in one piece, so that a power cut leaves the one before
settings.json    what the run was told, for people
log.jsonl        what it found, one JSON object a line
snapshots/       networks to play, with stills, contact sheets and cards
"""

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import torch
from torch._weights_only_unpickler import UnpicklingError  # type: ignore[attr-defined]

from livegan.core.text import printable
from livegan.errors import TrainingError
from livegan.training.settings import PATTERNS, Settings, check_types, table_of

FORMAT = "livegan-checkpoint-1"
NAME = "checkpoint.pt"
SETTINGS = "settings.json"
LOCK = "run.lock"
PID_BYTES = 20
FULL_BYTES = 1 << 20  # a disk with less room than this is full
_LOCKED_AT = 1 << 20  # the byte that is locked on Windows, where a locked one cannot be read


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a run comes from: what must be the same, or be told, when it goes on."""

    dataset: str = PATTERNS  # a path, or "patterns"
    pictures: int = 0  # how many it has; 0: without end
    classes: tuple[str, ...] = ()
    c_dim: int = 0
    paired: bool = False
    transfer: str = ""  # the network that it began with
    title: str = ""  # that was asked for; "": the usual one
    licence: str = ""
    snapshots: tuple[float, ...] | None = None  # moments that were asked for [kimg]; None: the usual ones


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run, as it was when it was kept."""

    settings: Settings
    state: dict[str, Any]  # of the method
    seconds: float = 0.0  # trained so far, before and after every stop
    origins: Origins = field(default_factory=Origins)


def has_checkpoint(folder: Path) -> bool:
    """Whether a run in `folder` can go on."""
    return (folder / NAME).is_file()


def save_checkpoint(folder: Path, kept: Checkpoint) -> None:
    """Write folder/checkpoint.pt whole or not at all; TrainingError if the disk does not take it."""
    path = folder / NAME
    part = path.with_suffix(".part")
    table = {
        "format": FORMAT,
        "settings": table_of(kept.settings),
        "state": kept.state,
        "seconds": kept.seconds,
        "origins": table_of(kept.origins),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save(table, file)
            file.flush()
            os.fsync(file.fileno())  # the rename must not come to the disk before the bytes
        part.replace(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own where the disk is full
        reason = "no space left on the disk" if _is_full(folder, error) else getattr(error, "strerror", None)
        reason = reason or str(error).partition("\n")[0]
        part.unlink(missing_ok=True)
        raise TrainingError(f"{path} cannot be written ({reason}); make room there") from error


def _is_full(folder: Path, error: Exception) -> bool:
    """Whether writing ended because of the room on the disk; torch's own error does not tell."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    try:
        return shutil.disk_usage(folder).free < FULL_BYTES
    except OSError:
        return False


def load_checkpoint(folder: Path) -> Checkpoint:
    """What a run left; TrainingError if there is none, or if it is no checkpoint of ours. No code in it is run."""
    path = folder / NAME
    if not path.is_file():
        raise TrainingError(f"{folder}: no {NAME} in it, so no run to go on with; give the folder of a run")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, UnpicklingError) as error:
        raise TrainingError(f"{path}: is not a whole checkpoint of a run; begin anew in another folder") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise TrainingError(f"{path}: is not a checkpoint of 'livegan train' (its format is not {FORMAT})")
    try:
        return Checkpoint(
            settings=Settings.read(found["settings"]),
            state=dict(found["state"]),
            seconds=float(found["seconds"]),
            origins=_origins(found["origins"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TrainingError(f"{path}: the run was made by another version of livegan ({error!r})") from error


def _origins(table: dict[str, Any]) -> Origins:
    """From a checkpoint, perhaps one that did not note all of them yet."""
    check_types(Origins, table)
    moments = table.get("snapshots")
    told = {"classes": tuple(table["classes"]), "snapshots": None if moments is None else tuple(moments)}
    return Origins(**table | told)


def write_settings(folder: Path, settings: Settings, origins: Origins) -> None:
    """Write folder/settings.json; TrainingError if it cannot be written."""
    text = json.dumps(table_of(settings) | table_of(origins), indent=2, ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error.strerror}); choose another with -o") from error


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep other runs out of `folder`; TrainingError if there is one in it.

    The system holds the lock and lets go of it when the process ends, however it ends: a file left behind is no lock.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch()
        file = path.open("r+b")
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error.strerror}); choose another with -o") from error
    with file:
        if not _lock(file):
            pid = printable(file.read(PID_BYTES).decode("ascii", "replace").strip(), PID_BYTES)
            raise TrainingError(
                f"{folder}: a run is at work in it (process {pid or 'unknown'}); wait for it, or choose another with -o"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()
        yield


def _lock(file: IO[bytes]) -> bool:
    """Take the lock on an open file; False if somebody has it. A disk that knows no locks gives it to everybody."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_LOCKED_AT)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(0)
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
