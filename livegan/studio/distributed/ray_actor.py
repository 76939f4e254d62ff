"""Actor of Ray: a worker on any machine of a cluster."""

import hashlib
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import platformdirs

from livegan.core.files import write_atomic
from livegan.errors import WorkerError
from livegan.networks.cache import file_hash
from livegan.studio.distributed.body import Body
from livegan.studio.distributed.protocol import Arrays, Message

KEPT_DAYS = 30  # files that were sent here, since they were last used
KEPT_BYTES = 4 << 30  # together, without those of this job


class Actor:
    """Worker of a cluster."""

    def __init__(self) -> None:
        self._body = Body()

    def hello(self) -> Message:
        """Who is there, and with which versions."""
        return self._body.hello()

    def make(
        self, make: str, arguments: Message, names: dict[str, str], contents: dict[str, Any], report: Message | None
    ) -> Message:
        """Become ready for a job. `contents` are references to the files of the job, by hash."""
        try:
            files = {key: _placed(key, Path(names[key]), reference) for key, reference in contents.items()}
            clean(_received(), [path.parent for path in files.values()])
        except (OSError, WorkerError) as error:
            return {"kind": "failed", "error": "livegan", "text": str(error)}
        return self._body.make(make, arguments, files, report)

    def do(self, key: str, payload: bytes) -> tuple[Message, Arrays]:
        """Do one task."""
        return self._body.do(key, payload)


def _placed(key: str, name: Path, reference: Any) -> Path:
    """Where the file with this hash lies on this node; it is fetched where it is not here yet."""
    path = _received() / key[:32] / f"file{name.suffix}"
    if path.is_file() and file_hash(path) == key:
        with suppress(OSError):
            path.parent.touch()  # used now; the folder's time, as the file's is part of its memoised hash
        return path
    content = import_module("ray").get(reference)
    if hashlib.sha256(content).hexdigest() != key:
        raise WorkerError(f"{name} arrived damaged; begin again")
    write_atomic(path, content, durable=False)  # its hash is looked at before it is used again
    return path


def _received() -> Path:
    """Where files from other machines lie, one folder each."""
    return platformdirs.user_cache_path("livegan") / "received"


def clean(folder: Path, own: Sequence[Path], now_s: float | None = None) -> None:
    """Remove what was not used for KEPT_DAYS, and the longest unused beyond KEPT_BYTES; nothing of `own`.

    Another job of this node that has loaded its weights needs the files no more; one that is just loading them is
    younger than a day, and nothing of that age is removed.
    """
    now_s, kept = time.time() if now_s is None else now_s, 0
    entries = []
    for entry in folder.glob("*"):
        with suppress(OSError):
            if entry.is_dir() and not entry.is_symlink() and entry not in own:
                size = sum(path.stat().st_size for path in entry.iterdir())
                entries.append((entry.stat().st_mtime, size, entry))
    for used_s, size, entry in sorted(entries, reverse=True):
        kept += size
        days = (now_s - used_s) / 86400
        if days > KEPT_DAYS or (kept > KEPT_BYTES and days > 1):
            shutil.rmtree(entry, ignore_errors=True)
