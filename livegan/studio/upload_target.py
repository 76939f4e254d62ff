"""Upload targets: where a dataset is copied to; a file gets its name there once all of it has arrived."""

import errno
import hashlib
import os
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.errors import DatasetError

CHUNK = 1 << 20
UNFINISHED = ".uploading"  # ending of what has not all arrived; Nextcloud refuses ".part"
RSYNC_S = 3600.0
FULL = (errno.ENOSPC, errno.EDQUOT)


class TransientUploadError(DatasetError):
    """An upload failed in a way that may pass: worth another try."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        """`wait_s`: how long the server asks to wait."""
        super().__init__(reason)
        self.wait_s = wait_s


class UploadTarget(ABC):
    """Target of uploads. DatasetError for what will not pass by itself, TransientUploadError for what may."""

    name: str  # for display, without secrets

    @abstractmethod
    def sizes(self, dataset: str) -> Mapping[str, int]:
        """Names and sizes [bytes] of the files of a dataset that are there; empty if it is not there at all."""

    @abstractmethod
    def put(self, path: Path, dataset: str) -> None:
        """Copy a file whole, check what arrived against it, and only then give it its name. The original is read."""

    def put_all(self, paths: Sequence[Path], dataset: str, done: Callable[[Path], object]) -> None:
        """Copy several, and call `done` after each."""
        for path in paths:
            self.put(path, dataset)
            done(path)

    def close(self) -> None:
        """End connections. Idempotent."""
        return


class FolderTarget(UploadTarget):
    """Folder that another program synchronises (ownCloud, Nextcloud, Dropbox, a network drive)."""

    def __init__(self, folder: Path) -> None:
        """DatasetError if it is not there: a drive that is not mounted must not be made up."""
        if not folder.is_dir():
            raise DatasetError(f"there is no folder {printable(folder)} to upload to; make it, or mount that drive")
        self.folder, self.name = folder.resolve(), printable(folder)

    def sizes(self, dataset: str) -> Mapping[str, int]:
        place = self.folder / dataset
        try:
            return {path.name: path.stat().st_size for path in place.iterdir() if path.is_file()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise TransientUploadError(f"{self.name} cannot be read ({reason_of(error)})") from error

    def put(self, path: Path, dataset: str) -> None:
        place = self.folder / dataset / path.name
        if place.parent.resolve() == path.parent.resolve():
            raise DatasetError(f"{self.name} is where the pictures are; choose another folder to upload to")
        part = place.with_name(f".{path.name}{UNFINISHED}")
        try:
            place.parent.mkdir(exist_ok=True)
            wanted = hashlib.sha256()
            with path.open("rb") as source, part.open("wb") as copy:
                while block := source.read(CHUNK):
                    wanted.update(block)
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            if file_hash(part, "sha256") != wanted.hexdigest():
                raise TransientUploadError(f"{path.name} did not arrive whole in {self.name}")
            os.replace(part, place)
        except OSError as error:
            part.unlink(missing_ok=True)
            reason = f"{path.name} cannot be written to {self.name} ({reason_of(error)})"
            if error.errno in FULL:
                raise DatasetError(f"{reason}; make room there and upload again") from error
            raise TransientUploadError(reason) from error


class RsyncTarget(UploadTarget):
    """Place that rsync reaches: ``user@host:folder``, ``rsync://...``; it checks every file that it has copied."""

    def __init__(self, place: str, program: str | None = None) -> None:
        """DatasetError if rsync is not installed."""
        found = program or shutil.which("rsync")
        if found is None:
            raise DatasetError("rsync is not installed; type: sudo apt install rsync (macOS: brew install rsync)")
        self._program, self._place, self.name = found, place.rstrip("/"), printable(place)

    def sizes(self, dataset: str) -> Mapping[str, int]:
        done = self._run(
            ["--list-only", "--no-human-readable", f"{self._place}/{dataset}/" if dataset else f"{self._place}/"]
        )
        if done.returncode == 23:  # no such folder yet
            return {}
        self._check(done)
        lines = (line.split(None, 4) for line in done.stdout.splitlines())
        rows = [words for words in lines if len(words) == 5 and words[0].startswith("-")]
        return {words[4]: int(re.sub(r"\D", "", words[1])) for words in rows}

    def put(self, path: Path, dataset: str) -> None:
        self.put_all([path], dataset, lambda _: None)

    def put_all(self, paths: Sequence[Path], dataset: str, done: Callable[[Path], object]) -> None:
        """In one run, so that there is one connection; it goes on with half-sent files by itself."""
        if not paths:
            return
        parents = f"{dataset}/" if dataset else ""
        folder = paths[0].parent.resolve()
        if dataset and folder.name != dataset:
            raise DatasetError(f"{folder} is not called {dataset}")
        base = folder.parent if dataset else folder
        names = "\n".join(f"./{parents}{path.name}" for path in paths)  # lines that begin with # or ; are left out
        options = ["--times", "--ignore-times", "--partial-dir=.livegan-partial", "--files-from=-"]
        self._check(self._run([*options, f"{base}/", f"{self._place}/"], names))
        for path in paths:
            done(path)

    def _run(self, words: list[str], typed: str = "") -> "subprocess.CompletedProcess[str]":
        command = [self._program, "-e", "ssh -o BatchMode=yes", *words]
        try:
            return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=RSYNC_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise TransientUploadError(f"rsync to {self.name} does not end") from error
        except OSError as error:
            raise DatasetError(f"rsync does not start ({reason_of(error)})") from error

    def _check(self, done: "subprocess.CompletedProcess[str]") -> None:
        """rsync's exit code, as an error: 10, 12, 30, 35 and 255 are troubles of the network."""
        if done.returncode == 0:
            return
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("rsync error")]
        reason = printable(lines[0] if lines else f"rsync ended with {done.returncode}")
        if "Permission denied" in done.stderr and done.returncode == 255:
            raise DatasetError(f"{self.name} lets nobody in without a key ({reason}); type: ssh-copy-id USER@HOST")
        if done.returncode in (10, 12, 30, 35, 255):
            raise TransientUploadError(f"{self.name} is not reached ({reason})")
        raise DatasetError(f"rsync to {self.name} fails ({reason}); mend that and upload again")


def file_hash(path: Path, kind: str) -> str:
    """Hash of a file's content, hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
