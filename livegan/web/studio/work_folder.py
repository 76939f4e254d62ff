"""Work folders of the studio page: ROOT/SESSION/JOB, each job with its inputs, its outputs and a record.

job.json         what it is, and how it went
in/ out/         what was uploaded for it; what it has made
progress.jsonl   its progress (`core/progress.py`), progress.jpg: the work as it is now
log.txt          what it said
"""

import json
import os
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegan.core.files import write_atomic
from livegan.core.text import printable

RECORD, INPUTS, OUTPUTS, PROGRESS, NOW, LOG = "job.json", "in", "out", "progress.jsonl", "progress.jpg", "log.txt"
SESSION_NAME = re.compile(r"[0-9a-f]{32}")
JOB_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
UPLOADS = "livegan-uploads-"  # and what makes the name of a temporary folder
UPLOADS_NAME = re.compile(UPLOADS + r"[a-z0-9_]{8}")
LEAST_FREE_BYTES = 300 << 20  # below this no job begins, and nothing is uploaded
LONGEST_STEM, LONGEST_ENDING = 60, 11  # letters of a file's name
MAX_RESULTS = 200
TAIL_BYTES = 1 << 14
MAX_REMARKS = 3
TO_TYPE = re.compile(r"[;,]? ?(?:\btype|\bwith): [^.]*")  # what a shell is told, which a page has not
BARS = frozenset("\u2501\u2578\u257a")  # heavy lines: rich's progress bars
HIDDEN_ENDINGS = (".work", ".pt", ".lock", ".npy", ".jsonl")  # what goes on with a job, and is nobody's result

# Ending of a result -> how the page shows it, and its media type. Anything else is a download.
SHOWN = {
    ".mp4": ("film", "video/mp4"),
    ".webm": ("film", "video/webm"),
    ".png": ("picture", "image/png"),
    ".jpg": ("picture", "image/jpeg"),
    ".wav": ("sound", "audio/wav"),
    ".flac": ("sound", "audio/flac"),
    ".ogg": ("sound", "audio/ogg"),
}
ORDER = ("film", "picture", "sound", "file")


def safe_name(name: str) -> str:
    """A file name of letters, digits, spaces, dots, dashes and underscores that no command takes for an option."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    kept = "".join(letter if letter.isalnum() or letter in " ._-" else "_" for letter in text)
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = stem.strip(" .-_")[:LONGEST_STEM].strip(" .-_") or "file"
    ending = "".join(letter for letter in ending if letter.isascii() and letter.isalnum())[:LONGEST_ENDING]
    return f"{stem}.{ending}" if ending else stem


def kind_of(path: Path) -> str:
    """How a result is shown: film, picture, sound or file."""
    return SHOWN.get(path.suffix.lower(), ("file", ""))[0]


def results(folder: Path) -> list[str]:
    """Paths of what a job has made, below its outputs, the best to look at and the newest first.

    No links, nothing unfinished.
    """
    found: list[tuple[int, int, Path]] = []
    outputs = folder / OUTPUTS
    for place, folders, names in os.walk(outputs):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in names:
            path = Path(place) / name
            if not _is_hidden(name) and path.is_file() and not path.is_symlink():
                with suppress(OSError):  # a job that runs has renamed it
                    found.append((ORDER.index(kind_of(path)), -path.stat().st_mtime_ns, path.relative_to(outputs)))
    return [path.as_posix() for *_, path in sorted(found)[:MAX_RESULTS]]


def has_begun(folder: Path) -> bool:
    """Whether a job has written anything, finished or not."""
    try:
        return any((folder / OUTPUTS).iterdir())
    except OSError:
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or ".parts-" in name or name.endswith((*HIDDEN_ENDINGS, ".livegan.json"))


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of a job; None if this is no job's folder."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and JOB_NAME.fullmatch(folder.name) else None


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write it whole, on the event loop, which waits for no disk; OSError."""
    write_atomic(folder / RECORD, json.dumps(record, ensure_ascii=False, indent=1), durable=False)


def progress_of(folder: Path) -> dict[str, Any]:
    """The last line of a job's progress; empty before there is one."""
    for line in reversed(_tail(folder / PROGRESS).splitlines()):
        try:
            table = json.loads(line)
        except (ValueError, RecursionError):  # a line that is being written
            continue
        if isinstance(table, dict):
            return table
    return {}


def last_sentence(folder: Path) -> str:
    """What a job said last: its error, or its last line."""
    lines = [line.strip() for line in _tail(folder / LOG).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("livegan: ")]
    return errors[-1].removeprefix("livegan: ") if errors else lines[-1] if lines else ""


def remarks(folder: Path) -> list[str]:
    """What a job has remarked on besides its bars and what it has made: how words were understood, say."""
    lines = [line.strip() for line in _tail(folder / LOG).splitlines()]
    told = [
        line
        for line in lines
        if line and not set(BARS) & set(line) and " left  " not in line and "livegan: " not in line
    ]
    shown = (TO_TYPE.sub("", line) for line in told if f"{OUTPUTS}/" not in line)
    return [printable(line, 300) for line in shown][-MAX_REMARKS:]


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read(TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def jobs_in(root: Path) -> Iterator[Path]:
    """Every folder of a job below `root`, none that is something else's."""
    for session in _folders(root, SESSION_NAME):
        for folder in _folders(session, JOB_NAME):
            if read_record(folder) is not None:
                yield folder


def _folders(place: Path, name: re.Pattern[str]) -> list[Path]:
    try:
        inside = sorted(place.iterdir())
    except OSError:
        return []
    return [path for path in inside if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]


def remove_job(folder: Path) -> None:
    """Remove a job's folder, and its session's if that is empty then. What is no job's is left alone."""
    if folder.is_symlink() or read_record(folder) is None:
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.rmdir()
    except OSError:  # others are in it
        return


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except OSError:
                continue
    return total


def is_nearly_full(folder: Path, more_bytes: int = 0) -> bool:
    """Whether the disk of a folder would have little room left with so many bytes more. OSError."""
    return shutil.disk_usage(folder).free - more_bytes < LEAST_FREE_BYTES


def sweep_uploads(uploads: Path, now_s: float, keep_s: float) -> None:
    """Remove what was uploaded more than `keep_s` ago: jobs have it under names of their own. Beside the event loop."""
    for place, folders, names in os.walk(uploads, topdown=False):
        for name in names:
            with suppress(OSError):
                if now_s - (Path(place) / name).lstat().st_mtime > keep_s:
                    (Path(place) / name).unlink()
        if Path(place) != uploads and (folders or names):  # an empty one waits for its upload
            with suppress(OSError):  # others are in it
                os.rmdir(place)


def remove_stale_uploads(root: Path) -> None:
    """Remove the folders of uploads that killed servers have left. No other server may be at work in `root`."""
    for folder in _folders(root, UPLOADS_NAME):
        shutil.rmtree(folder, ignore_errors=True)


def overdue(root: Path, now_s: float, keep_s: float, keep_bytes: int, busy: Collection[Path]) -> list[Path]:
    """Folders of jobs that ended more than `keep_s` ago, and of the oldest until the rest takes `keep_bytes` at most.

    None that is `busy`.
    """
    ages = []
    for folder in jobs_in(root):
        if folder not in busy:
            try:
                ages.append(((folder / RECORD).stat().st_mtime, folder))
            except OSError:
                continue
    sizes = {folder: size_of(folder) for _, folder in ages}
    total, found = sum(sizes.values()), []
    for changed_s, folder in sorted(ages):
        if now_s - changed_s > keep_s or total > keep_bytes:
            found.append(folder)
            total -= sizes[folder]
    return found
