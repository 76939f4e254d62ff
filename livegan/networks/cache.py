"""Cache between runs: one folder per network, named by the SHA-256 of its weights. No torch here.

Only caches live here: any file may be deleted at any time, and a folder that cannot be written is done without.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from livegan.core.files import atomic_path, data_bytes, write_atomic
from livegan.errors import NetworkError

Arrays = dict[str, NDArray[np.float32]]
HOLES_MATTER_BYTES = 100_000_000


def cache_root() -> Path:
    """The folder of all of the cache; may not exist yet."""
    return platformdirs.user_cache_path("livegan") / "networks"


def cache_folder(key: str) -> Path:
    """The cache folder of the file with that hash; may not exist yet."""
    return cache_root() / key[:32]


def is_cached(path: Path) -> bool:
    """Whether a file lies in the cache, so that no person chose its place."""
    return path.is_relative_to(cache_root())


def check_whole(path: Path) -> None:
    """NetworkError, without the path, if a file is mostly holes: reading it would take long and give nothing."""
    size = path.stat().st_size
    if size >= HOLES_MATTER_BYTES and (held := data_bytes(path)) < size // 10:
        raise NetworkError(
            f"is only {held / 1e6:.1f} of its {size / 1e6:.1f} MB, the rest is holes, as in a download that was broken "
            "off; download or copy it again"
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex, memoised while it is unchanged; OSError if it is no file that can be read."""
    stat = path.stat()
    if not S_ISREG(stat.st_mode):  # a pipe would be waited for
        raise FileNotFoundError(f"{path} is no file")
    return _hash(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1024)
def _hash(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recall(key: str, what: str) -> dict[str, Any] | None:
    """The value remembered under that name, or None."""
    try:
        value = json.loads((cache_folder(key) / f"{what}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def remember(key: str, what: str, value: Mapping[str, Any]) -> None:
    """Keep `value` for `recall`; without effect where the cache cannot be written."""
    text = json.dumps(value, indent=1)
    with suppress(OSError):
        write_atomic(cache_folder(key) / f"{what}.json", text, durable=False)


def forget_all(prefix: str) -> None:
    """Forget what was remembered under names that begin so, of every file."""
    for path in cache_root().glob(f"*/{prefix}*.json"):
        with suppress(OSError):
            path.unlink()


def recall_arrays(key: str, what: str) -> Arrays | None:
    """Arrays remembered under that name, or None."""
    try:
        return load_file(cache_folder(key) / f"{what}.safetensors")
    except (OSError, SafetensorError, ValueError):
        return None


def remember_arrays(key: str, what: str, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Keep `arrays` for `recall_arrays`; without effect where the cache cannot be written."""
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    path = cache_folder(key) / f"{what}.safetensors"
    with suppress(OSError, SafetensorError), atomic_path(path, durable=False) as aside:
        save_file(whole, aside)
