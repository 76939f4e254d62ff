"""File watch: which of some files were saved since the last look. Polled; needs nothing of the system but stat."""

import os
from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[int, int, int]  # time of the last change [ns], size [bytes], number of the file


class FileWatch:
    """Watch of files. Owned by one thread.

    A file counts as saved once it is as it was at the look before, so that one that is still being written is not read.
    While it is missing nothing has happened: editors move files away and back.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        """What these files are now is not reported."""
        self._reported: dict[Path, Stamp | None] = {}
        self._newest: dict[Path, Stamp | None] = {}
        self.watch(paths)

    def watch(self, paths: Iterable[Path]) -> None:
        """Watch these and no others; of new ones, what they are now is not reported."""
        before = self._reported
        self._reported = {path: before[path] if path in before else file_stamp(path) for path in paths}
        self._newest = {path: self._newest.get(path, stamp) for path, stamp in self._reported.items()}

    def look(self) -> list[Path]:
        """The files that were saved."""
        saved = []
        for path, reported in self._reported.items():
            stamp = file_stamp(path)
            settled, self._newest[path] = stamp == self._newest[path], stamp
            if stamp is not None and settled and stamp != reported:
                self._reported[path] = stamp
                saved.append(path)
        return saved


def file_stamp(path: Path) -> Stamp | None:
    """What tells that a file is another than before; None if there is none, or none that can be read."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
