"""Shared memory of two processes: a mapped file, in memory where the system has such a place."""

import os
import sys
import tempfile
from contextlib import suppress
from mmap import mmap
from pathlib import Path

IN_MEMORY = Path("/dev/shm")


class SharedMemory:
    """Shared memory, zeros at first: made by one process, which gives its `name` to another, which calls `attach`."""

    def __init__(self, size: int) -> None:
        """`size` bytes. OSError where there is no room."""
        folder = str(IN_MEMORY) if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) else None
        descriptor, self.name = tempfile.mkstemp(prefix="livegan-", dir=folder)
        try:
            if sys.platform == "linux":
                os.posix_fallocate(descriptor, 0, size)  # else a full /dev/shm ends the program later, at a write
            else:
                os.truncate(descriptor, size)
            self.bytes = memoryview(_mapped(descriptor, size, self.name))
        except OSError:
            self.forget()
            raise
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """Take its name away, if that has not happened; what is attached stays."""
        with suppress(OSError):
            Path(self.name).unlink()


def attach(name: str) -> memoryview:
    """The memory of that name, made by another process. Then nobody else can attach it, and nothing is left behind."""
    with Path(name).open("r+b") as file:
        memory = memoryview(_mapped(file.fileno(), os.fstat(file.fileno()).st_size, name))
    with suppress(OSError):
        Path(name).unlink()
    return memory


def _mapped(descriptor: int, size: int, name: str) -> mmap:
    if sys.platform == "win32":  # a file that is mapped cannot be removed there
        return mmap(-1, size, tagname=Path(name).name)
    return mmap(descriptor, size)
