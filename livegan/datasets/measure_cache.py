"""Cache of measures in one SQLite file: by content, so that a renamed or copied picture is not measured again.

Threads and processes may share it. Like every cache it may be deleted at any time, and is done without where it cannot
be written.
"""

import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

import platformdirs

WAIT_S = 30.0  # for another process that is writing
TABLES = """
create table if not exists files (path text primary key, size integer, mtime_ns integer, sha256 text);
create table if not exists measures (sha256 text, method text, value text, primary key (sha256, method));
"""


def default_cache() -> Path:
    """Where measures are remembered."""
    return platformdirs.user_cache_path("livegan") / "pictures.sqlite"


class MeasureCache:
    """An open cache; every value is on disk when `remember` returns."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: of the file; None remembers nothing after this process."""
        self._lock = Lock()
        self._base = self._open(path) or self._open(None)

    def __enter__(self) -> "MeasureCache":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            if self._base is not None:
                self._base.close()
            self._base = None

    def known_hash(self, path: Path) -> str | None:
        """SHA-256 of a file whose size and time stamp are those of last time; None if it must be read. OSError."""
        status = path.stat()
        row = self._ask("select size, mtime_ns, sha256 from files where path = ?", _key(path))
        return str(row[2]) if row and row[:2] == (status.st_size, status.st_mtime_ns) else None

    def keep_hash(self, path: Path, sha256: str) -> None:
        """Remember what a file contains."""
        with suppress(OSError):
            status = path.stat()
            row = (_key(path), status.st_size, status.st_mtime_ns, sha256)
            if self._ask("select path, size, mtime_ns, sha256 from files where path = ?", row[0]) != row:
                self._write("insert or replace into files values (?, ?, ?, ?)", *row)

    def recall(self, sha256: str, method: str) -> dict[str, Any] | None:
        """The measures of that content by that method, as JSON holds them; or None."""
        row = self._ask("select value from measures where sha256 = ? and method = ?", sha256, method)
        with suppress(ValueError, RecursionError):
            value = json.loads(row[0]) if row else None
            return value if isinstance(value, dict) else None
        return None

    def remember(self, sha256: str, method: str, value: dict[str, object]) -> None:
        """Keep measures for `recall`."""
        self._write("insert or replace into measures values (?, ?, ?)", sha256, method, json.dumps(value))

    def _ask(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock, suppress(sqlite3.Error):
            if self._base is not None:
                row: tuple[Any, ...] | None = self._base.execute(query, values).fetchone()
                return row
        return None

    def _write(self, query: str, *values: object) -> None:
        with self._lock, suppress(sqlite3.Error):
            if self._base is not None:
                self._base.execute(query, values)

    def _open(self, path: Path | None) -> sqlite3.Connection | None:
        """The database; one that is damaged is made anew, None where none can be."""
        for _ in range(2):
            try:
                if path is not None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                base = sqlite3.connect(
                    path or ":memory:", timeout=WAIT_S, isolation_level=None, check_same_thread=False
                )
                base.execute("pragma synchronous = off")  # a crash of the system costs the cache, nothing else
                base.executescript(TABLES)
            except sqlite3.DatabaseError as error:
                if path is None or isinstance(error, sqlite3.OperationalError):  # no place, no right, a full disk
                    return None
                with suppress(OSError):
                    path.unlink()
            except OSError:
                return None
            else:
                return base
        return None


def _key(path: Path) -> str:
    return str(path.absolute()).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
