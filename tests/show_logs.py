"""Show logs in tests: what they tell, as lines."""

from pathlib import Path
from typing import Any

from livegan.engine.show_log import ShowLog
from livegan.engine.show_log_reader import open_show_log
from livegan.engine.sound_runtime import Service


def log_service(log: ShowLog) -> Service:
    """The service that writes a log."""
    return Service("log", log.open, log.poll, log.close, lambda: log.notice)


def notes(path: Path) -> list[dict[str, Any]]:
    """Every note of a log, in order."""
    return [note for block in open_show_log(path).blocks() for note in block.notes]
