"""Files and lock of a run's folder. No torch here.

checkpoint.pt    everything to resume exactly; replaced atomically, so that a power cut leaves the one before
settings.json    settings and origins, for people
log.jsonl        statistics, one JSON object a line
snapshots/       networks to play, with stills, contact sheets and cards
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from livegan.core.files import check_writable
from livegan.core.text import printable
from livegan.errors import TrainingError

NAME = "checkpoint.pt"
SETTINGS = "settings.json"
LOCK = "run.lock"
SNAPSHOTS = "snapshots"
PID_BYTES = 20
_LOCKED_AT = 1 << 20  # the byte that is locked on Windows, where a locked one cannot be read


def has_checkpoint(folder: Path) -> bool:
    """Whether there is a run in `folder` that can be resumed."""
    return (folder / NAME).is_file()


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock `folder` against other runs, and check that it can be written; TrainingError if either fails.

    The system releases the lock when the process ends, however it ends: a file left behind is no lock. If the block
    raises before anything else is written, folders that were made here are removed.
    """
    path = folder / LOCK
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        with _locked(folder, path):
            yield
    except BaseException:
        with suppress(OSError):
            if made and list(folder.iterdir()) == [path]:
                path.unlink()
            for parent in made:
                parent.rmdir()  # fails if anything is in it
        raise


@contextmanager
def _locked(folder: Path, path: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for output in (folder / NAME, folder / SNAPSHOTS / "x"):
            if output.parent.exists():
                check_writable(output)
        path.touch()
        file = path.open("r+b", buffering=0)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error.strerror}); choose another with -o") from error
    with file:
        if not _lock(file):
            pid = printable(file.read(PID_BYTES).decode("ascii", "replace").strip(), PID_BYTES)
            raise TrainingError(
                f"{folder}: a run is at work in it (process {pid or 'unknown'}); wait for it, or choose another with -o"
            )
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        except OSError as error:
            raise TrainingError(f"{folder} cannot be written ({error.strerror}); choose another with -o") from error
        yield


def _lock(file: IO[bytes]) -> bool:
    """Lock an open file; False if another process holds it. True on file systems without locks."""
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
