"""The show's journal: seeds, scenes and hands, one JSON object a line, from which a show can be told again."""

import json
from pathlib import Path
from typing import Any

from livegan.core.channels import Inbox
from livegan.errors import MediaError


class Journal:
    """Any thread notes, one thread writes; what does not fit is dropped and counted."""

    def __init__(self, path: Path) -> None:
        """Opens `path` for writing; MediaError if it cannot."""
        try:
            self._file = path.open("w", encoding="utf-8")
        except OSError as cause:
            raise MediaError(f"the journal {path} cannot be written: {cause.strerror}; choose another path") from cause
        self._lines: Inbox[str] = Inbox(4096)

    @property
    def dropped(self) -> int:
        """Notes lost because the disk was slow."""
        return self._lines.dropped

    def note(self, time_s: float, kind: str, **facts: Any) -> None:
        """Remember one event; never waits."""
        self._lines.put(json.dumps({"time_s": round(time_s, 6), "kind": kind, **facts}))

    def tend(self, now_s: float) -> float:
        """Write what was noted; returns when to come back [s]."""
        lines = self._lines.drain()
        if lines:
            self._file.write("\n".join(lines) + "\n")
            self._file.flush()
        return 0.5

    def close(self) -> None:
        """Write the rest; twice is fine."""
        if not self._file.closed:
            self.tend(0.0)
            self._file.close()
