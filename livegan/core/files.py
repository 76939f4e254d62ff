"""Files: atomic writes, moves that never overwrite, and reading text that people wrote."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A new, empty file beside `path` to write to; it takes the place of `path` when the block ends well.

    If the block raises, the new file is removed and `path` is as it was. Makes the folder. Raises OSError. A crash, or
    two writers at once, leave a whole file, of one of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _new_file(path.parent, f".{path.stem[:40]}.", path.suffix)
    try:
        yield aside
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a whole file or none: text as UTF-8. Makes the folder. Raises OSError."""
    with atomic_path(path) as aside:
        aside.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def move_to_free_name(part: Path, path: Path) -> Path:
    """Give `part` the name `path`, or, if that is taken by now, NAME-2, NAME-3 ...; returns the name it got.

    Never overwrites, so of two writers of one name neither is lost. Raises OSError.
    """
    for number in range(1, 10_000):
        target = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            os.link(part, target)  # fails where there is one, in one step
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            if target.exists():
                continue
            os.rename(part, target)
            return target
        part.unlink()
        return target
    raise FileExistsError(f"{path} and 9999 names after it are taken")


def check_writable(path: Path) -> None:
    """OSError, now, if a file cannot be written at `path`; makes its folder and leaves what is there as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder", str(path))
    if path.exists() and not path.is_file():  # a pipe or a device such as /dev/stdout
        return
    _new_file(path.parent, ".livegan.", "").unlink()
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(13, "Permission denied", str(path))


def read_text(path: Path) -> str:
    """The text of a UTF-8 file without a byte order mark. Raises OSError, UnicodeDecodeError."""
    return path.read_text(encoding="utf-8-sig")


def _new_file(folder: Path, prefix: str, suffix: str) -> Path:
    """An empty file that was not there, with the permissions of any new file."""
    while True:
        path = folder / f"{prefix}{secrets.token_hex(4)}{suffix}"
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return path
