"""Upload of captured datasets: what is missing at the target, with retries and backoff; originals are only read."""

import re
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from livegan.core.files import user_path
from livegan.core.progress import ProgressCallback
from livegan.core.text import printable
from livegan.datasets.sources import list_folder
from livegan.errors import DatasetError
from livegan.studio.upload_target import FolderTarget, RsyncTarget, TransientUploadError, UploadTarget

TRIES = 6  # with backoff that is a minute
MAX_WAIT_S = 60.0
AT_ONCE = 4  # files of a background upload between two looks at whether it shall stop
ASK_S = 2.0  # a background upload looks again for pictures it was not told of
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in a zip: the same bytes for the same pictures
REMOTE = re.compile(r"(?![A-Za-z]:)[^/\\:]+:[^:]*")  # host:folder, no drive of Windows

Answer = TypeVar("Answer")
Wait = Callable[[float, TransientUploadError], bool]  # waits so many seconds because of an error; True: give up


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """How much of a dataset is at the target."""

    dataset: str
    done: tuple[Path, ...]
    partial: tuple[Path, ...]  # there, of another size
    missing: tuple[Path, ...]

    @property
    def todo(self) -> tuple[Path, ...]:
        return (*self.partial, *self.missing)

    def __str__(self) -> str:
        """For lists."""
        total = len(self.done) + len(self.todo)
        pictures = "1 picture" if total == 1 else f"{total} pictures"
        if not self.todo:
            return f"{self.dataset}: uploaded, {pictures}"
        if not self.done and not self.partial:
            return f"{self.dataset}: not uploaded, {pictures}"
        broken = f", {len(self.partial)} of another size" if self.partial else ""
        return f"{self.dataset}: partially uploaded, {len(self.done)} of {pictures}{broken}"


def upload_target(place: str, user: str, password: Callable[[str, str], str]) -> UploadTarget:
    """The target that `place` names: https://... is WebDAV, host:folder and rsync: are rsync's, all else is a folder.

    `password` is called with user and host where a server needs one. DatasetError if it cannot be used.
    """
    if re.match(r"https?:", place):
        from livegan.studio.webdav import WebDavTarget, check_address

        parts = check_address(place)
        who = user or parts.username or ""
        if not who:
            raise DatasetError(f"who are you on {printable(parts.hostname)}? type: --user NAME")
        return WebDavTarget(place, who, password(who, parts.hostname or ""))
    if place.startswith("rsync:") and not place.startswith("rsync://"):
        return RsyncTarget(place.removeprefix("rsync:"))
    if place.startswith("rsync://") or REMOTE.fullmatch(place):
        return RsyncTarget(place)
    try:
        return FolderTarget(user_path(place))
    except ValueError as error:
        raise DatasetError(f"'{printable(place)}' cannot be a folder to upload to ({error})") from error


def datasets_in(folder: Path) -> list[Path]:
    """The datasets of a folder: itself if it has pictures, else its sub-folders that have. DatasetError if none has."""
    if not folder.is_dir():
        raise DatasetError(
            f"there is no folder '{printable(folder)}'; give a dataset, or the folder that datasets are in"
        )
    if pictures_of(folder):
        return [folder]
    found = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != "." and pictures_of(path))
    if not found:
        raise DatasetError(f"there are no pictures in '{printable(folder)}' and its folders; give another")
    return found


def pictures_of(folder: Path) -> list[Path]:
    """The pictures that lie in a folder itself."""
    return [folder / name for name in list_folder(folder).pictures if "/" not in name]


def retried(
    ask: Callable[[], Answer], wait: Wait, tries: int | None = TRIES, left: Callable[[], int] = lambda: 0
) -> Answer:
    """Ask again after 1, 2, 4 ... seconds, as long as the error may pass; from 1 again when less is `left` to do.

    DatasetError after so many tries without progress, or when `wait` gives up.
    """
    tried, before = 0, left()
    while True:
        try:
            return ask()
        except TransientUploadError as error:
            tried = tried + 1 if left() == before else 1
            before = left()
            wait_s = min(error.wait_s or 2.0 ** (tried - 1), MAX_WAIT_S)
            if (tries is not None and tried >= tries) or wait(wait_s, error):
                raise DatasetError(f"{error}; type the same again to go on") from error


class Uploader:
    """Upload of one dataset. One thread at a time."""

    def __init__(self, folder: Path, target: UploadTarget, *, tries: int | None = TRIES, wait: Wait) -> None:
        """`tries`: of each file, None for as long as `wait` lets it."""
        self.folder, self.dataset = folder, folder.resolve().name
        self._target, self._tries, self._wait = target, tries, wait
        self._there: dict[str, int] | None = None

    def status(self) -> UploadStatus:
        """What is there and what is not, as far as this uploader knows. DatasetError if the target cannot be asked."""
        if self._there is None:
            self._there = dict(retried(lambda: self._target.sizes(self.dataset), self._wait, self._tries))
        there = self._there
        done: list[Path] = []
        broken: list[Path] = []
        missing: list[Path] = []
        for path in pictures_of(self.folder):
            if path.name not in there:
                missing.append(path)
            else:
                (done if there[path.name] == path.stat().st_size else broken).append(path)
        return UploadStatus(self.dataset, tuple(done), tuple(broken), tuple(missing))

    def run(self, progress: ProgressCallback = lambda done: None, most: int | None = None) -> int:
        """Upload what is missing, `most` files at most, and say how many those were.

        DatasetError if it cannot go on; what is done stays.
        """
        todo = list(self.status().todo)[:most]
        total = len(todo)

        def done(path: Path) -> None:
            assert self._there is not None
            self._there[path.name] = path.stat().st_size
            todo.remove(path)
            progress(total - len(todo))

        if todo:
            put = partial(self._target.put_all, dataset=self.dataset, done=done)
            retried(lambda: put(tuple(todo)), self._wait, self._tries, lambda: len(todo))
        return total


class BackgroundUpload:
    """Upload beside a capture, on the thread livegan-upload: tries for ever; a failure does not end the capture."""

    def __init__(self, folder: Path, target: UploadTarget, echo: Callable[[str], object]) -> None:
        self._stop, self._woken = threading.Event(), threading.Event()
        self._uploader = Uploader(folder, target, tries=None, wait=lambda seconds, _: self._stop.wait(seconds))
        self._echo = echo
        self._thread = threading.Thread(target=self._run, name="livegan-upload", daemon=True)

    def start(self) -> None:
        """Begin with what is there already."""
        self._thread.start()

    def wake(self, _path: Path) -> None:
        """There is a new picture. Any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End after the file in progress. Idempotent."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._woken.clear()
            try:
                more = self._uploader.run(most=AT_ONCE)
            except (DatasetError, OSError) as error:
                if not self._stop.is_set():
                    self._echo(f"uploading stops: {error}")
                return
            if not more:
                self._woken.wait(ASK_S)


def zip_dataset(folder: Path, path: Path) -> None:
    """Write the pictures of a dataset into a zip, uncompressed. Raises OSError."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for picture in pictures_of(folder):
            info = zipfile.ZipInfo(f"{folder.resolve().name}/{picture.name}", ZIP_DATE)
            info.external_attr = 0o644 << 16
            with (
                picture.open("rb") as file,
                archive.open(info, "w", force_zip64=picture.stat().st_size > 1 << 31) as inside,
            ):
                while block := file.read(1 << 20):
                    inside.write(block)
