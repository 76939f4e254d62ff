"""Actor of Ray: a worker on any machine of a cluster."""

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

import platformdirs

from livegan.core.files import write_atomic
from livegan.errors import WorkerError
from livegan.networks.cache import file_hash
from livegan.studio.distributed.body import Body
from livegan.studio.distributed.protocol import Arrays, Message


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
        except (OSError, WorkerError) as error:
            return {"kind": "failed", "error": "livegan", "text": str(error)}
        return self._body.make(make, arguments, files, report)

    def do(self, key: str, payload: bytes) -> tuple[Message, Arrays]:
        """Do one task."""
        return self._body.do(key, payload)


def _placed(key: str, name: Path, reference: Any) -> Path:
    """Where the file with this hash lies on this node; it is fetched where it is not here yet."""
    folder = platformdirs.user_cache_path("livegan") / "received" / key[:32]
    path = folder / f"file{name.suffix}"
    if path.is_file() and file_hash(path) == key:
        return path
    content = import_module("ray").get(reference)
    if hashlib.sha256(content).hexdigest() != key:
        raise WorkerError(f"{name} arrived damaged; begin again")
    write_atomic(path, content)
    return path
