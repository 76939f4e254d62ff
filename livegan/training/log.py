"""JSON Lines log of a training run: one object per line, each with the kimg shown so far."""

import json
import math
from pathlib import Path
from typing import Any

from livegan.core.files import write_atomic
from livegan.errors import TrainingError


class RunLog:
    """Append-only JSON Lines file; lines written after the checkpoint that a run resumes from are dropped."""

    def __init__(self, path: Path, kimg: float, key: str = "kimg") -> None:
        """Resume at `kimg`, 0: start anew; a line has it as `key`. TrainingError if the file cannot be written."""
        self.path, self.key = path, key
        try:
            lines = [line for line in _lines(path) if _kimg(line, key) <= kimg] if kimg else []
            write_atomic(path, "".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise TrainingError(
                f"{path} cannot be written ({error.strerror}); choose another folder with -o"
            ) from error

    def add(self, kimg: float, **values: Any) -> None:
        """Append one line; a full disk is ignored here, because saving the checkpoint reports it."""
        text = json.dumps({self.key: round(kimg, 3), **values}, ensure_ascii=False)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")
        except OSError:
            return


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def _kimg(line: str, key: str) -> float:
    """The kimg of a line; infinity for one that was cut short."""
    try:
        return float(json.loads(line)[key])
    except (ValueError, KeyError, TypeError):
        return math.inf
