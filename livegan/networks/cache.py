"""What livegan remembers between shows: one folder per network, named by the SHA-256 of its weights. No torch here.

Only caches live here: any file may be deleted at any time, and a folder that cannot be written is done without.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

Arrays = dict[str, NDArray[np.float32]]


def cache_folder(key: str) -> Path:
    """Where things about the file with that hash are kept; may not exist yet."""
    return platformdirs.user_cache_path("livegan") / "networks" / key[:32]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, in hex; OSError if it cannot be read. Asked again of an unchanged file, at once."""
    stat = path.stat()
    return _hash(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1024)
def _hash(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recall(key: str, what: str) -> dict[str, Any] | None:
    """What was remembered under that name, or None."""
    try:
        found = json.loads((cache_folder(key) / f"{what}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def remember(key: str, what: str, value: Mapping[str, Any]) -> None:
    """Keep `value` for `recall`."""
    text = json.dumps(value, indent=1)
    _write(cache_folder(key) / f"{what}.json", lambda path: path.write_text(text, encoding="utf-8"))


def recall_arrays(key: str, what: str) -> Arrays | None:
    """Arrays remembered under that name, or None."""
    try:
        return load_file(cache_folder(key) / f"{what}.safetensors")
    except (OSError, SafetensorError, ValueError):
        return None


def remember_arrays(key: str, what: str, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Keep `arrays` for `recall_arrays`."""
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    _write(cache_folder(key) / f"{what}.safetensors", lambda path: save_file(whole, path))


def _write(path: Path, write: Any) -> None:
    """Write aside, then move into place: two livegans at once leave a whole file."""
    aside = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent)
        os.close(handle)
        write(Path(aside))
        os.replace(aside, path)
    except OSError:
        if aside:
            Path(aside).unlink(missing_ok=True)
