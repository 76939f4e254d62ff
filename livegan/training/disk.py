"""Why a file of a training run cannot be written: libraries hide the system's reason in errors of their own."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

FULL_BYTES = 1 << 20  # a disk with less room than this is full
FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name))
OS_ERROR = re.compile(r"os error (\d+)")  # how safetensors tells the system's number


def unwritable_text(path: Path, error: Exception, size: int = 0) -> str:
    """A sentence: that `path` cannot be written, why, and what to do; `size`: about how many bytes are needed (0: ?).

    The reason is the system's, wherever in `error` it is; never a library's own words.
    """
    number = _system_number(error)
    needed = f"about {_size_text(size)} are needed" if size else ""
    free = _free(path.parent)
    if number in (None, errno.ENOSPC) and free is not None and free < max(size, FULL_BYTES):
        facts = ", ".join(fact for fact in (needed, f"{_size_text(free)} are free") if fact)
        return f"{path} cannot be written: the disk is full ({facts}); make room there"
    reason = os.strerror(number) if number is not None else getattr(error, "strerror", None)
    reason = reason or "the system does not say why"
    return (
        f"{path} cannot be written ({reason}{f'; {needed}' if needed else ''}); "
        f"{'make room there' if number in FULL else 'see that such a file can be written there'}"
    )


def _system_number(error: BaseException) -> int | None:
    """The system's number in an error, in one that it came of, or in its text."""
    for each in _chain(error):
        if isinstance(each, OSError) and each.errno is not None:
            return each.errno
        if found := OS_ERROR.search(str(each)):
            return int(found[1])
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or error.__context__


def _free(folder: Path) -> int | None:
    """Free bytes where `folder` is, or will be; None if the system does not tell."""
    try:
        return shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free
    except (OSError, StopIteration):
        return None


def _size_text(count: int) -> str:
    """`12 kB`, `3.4 MB`, `250 MB`."""
    if count < 1e6:
        return f"{max(1, round(count / 1e3))} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e7 else f"{count / 1e6:.0f} MB"
