"""Event log of a show (JSON Lines): scene, seed, networks, control events, changes of quality.

It cannot be replayed: what was heard and the time steps of the frames are not in it.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from livegan.core.channels import Inbox
from livegan.core.files import open_alone
from livegan.errors import MediaError


class Journal:
    """Bounded log: any thread adds events, one thread writes them; what does not fit is dropped and counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._lines: Inbox[dict[str, Any]] = Inbox(4096)
        self.notice = ""

    def open(self) -> None:
        """Open the file; MediaError if it cannot be written."""
        try:
            self._file = open_alone(self._path)
        except OSError as cause:
            sentence = f"the journal {self._path} cannot be written: {cause.strerror}; choose another path"
            raise MediaError(sentence) from cause

    @property
    def dropped(self) -> int:
        """Events lost because the disk was slow."""
        return self._lines.dropped

    def note(self, time_s: float, kind: str, **facts: Any) -> None:
        """Add one event; never waits."""
        self._lines.put({"time_s": round(time_s, 6), "kind": kind, **facts})

    def poll(self, now_s: float) -> float:
        """Write the events that wait; returns when to poll again [s]."""
        lines = self._lines.drain()
        if lines and self._file is not None and not self.notice:
            try:
                self._file.write("".join(json.dumps(line) + "\n" for line in lines))
                self._file.flush()
            except OSError as cause:
                self.notice = f"the journal ends here: {cause.strerror}"
        return 0.5

    def close(self) -> None:
        """Write the rest and close the file. Idempotent."""
        self.poll(0.0)
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # a full disk is in `notice` already
                file.close()
