"""Zips of pictures as a source of training sets: anybody's, or a set that livegan made."""

import io
import struct
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from zipfile import BadZipFile

from livegan.datasets.dataset import TABLE, read_labels
from livegan.datasets.sources import Ground, Laid, count_endings, picture_endings, read_laid
from livegan.datasets.zip_files import MAX_PICTURE_BYTES, READ_ERRORS, ZipFiles
from livegan.errors import DatasetError

SIGNATURE = b"PK\x03\x04"


def is_zip(path: Path) -> bool:
    """Whether a file is meant to be a zip, by its name or its first bytes."""
    with suppress(OSError):
        if path.is_file():
            if path.suffix.lower() == ".zip":
                return True
            with path.open("rb") as file:
                return file.read(len(SIGNATURE)) == SIGNATURE
    return False


class PictureZip:
    """The pictures in a zip, read in place; threads may share it. DatasetError if it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._files = ZipFiles(path)
        except (BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
            raise DatasetError(
                f"'{path}' is no whole zip ({error}); copy or pack it again, or give the folder of pictures"
            ) from error
        names = [name for name in self._files.sizes if not _is_hidden(name)]
        endings = picture_endings()
        self.names = tuple(sorted(name for name in names if name.lower().endswith(endings)))
        self.skipped = count_endings(set(names) - {TABLE, *self.names})  # other files, by ending

    def __enter__(self) -> "PictureZip":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.close()

    def read(self, name: str, ground: Ground | None = None) -> Laid:
        """A picture; DatasetError, without its name, if it is broken or too long."""
        if self._files.sizes[name] > MAX_PICTURE_BYTES:
            raise DatasetError(f"it is longer than {MAX_PICTURE_BYTES >> 20} MiB")
        try:
            data = self._files.read(name, MAX_PICTURE_BYTES)
        except READ_ERRORS as error:
            raise DatasetError(f"it cannot be unpacked ({error})") from error
        return read_laid(io.BytesIO(data), ground=ground)

    def classes(self) -> tuple[tuple[str, ...], dict[str, int]]:
        """Names of the classes, and the class of each picture: as its table says, else a class for each sub-folder.

        A folder that holds all of the zip is none. DatasetError if the table has no classes.
        """
        if TABLE in self._files.sizes:
            labels, classes, _ = read_labels(self.path, self._files, self.names)
            if labels.ndim != 1 or not len(labels):
                raise DatasetError(f"{TABLE} in '{self.path}' gives its pictures no classes; leave --labels away")
            return classes, dict(zip(self.names, labels.tolist(), strict=True))
        depth = _common_depth(self.names)
        folders = {name: name.split("/")[depth:-1] for name in self.names}
        outside = next((name for name, inside in folders.items() if not inside), None)
        if outside is not None:
            raise DatasetError(
                f"classes come from sub-folders, but {outside} in '{self.path}' is in none; leave --labels away"
            )
        classes = tuple(sorted({inside[0] for inside in folders.values()}))
        number = {folder: label for label, folder in enumerate(classes)}
        return classes, {name: number[inside[0]] for name, inside in folders.items()}


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name).parts)


def _common_depth(names: tuple[str, ...]) -> int:
    """How many folders hold all the files, but for the last where there would be no folder below it."""
    parts = [name.split("/")[:-1] for name in names]
    depth = 0
    while all(len(folders) > depth + 1 for folders in parts) and len({folders[depth] for folders in parts}) == 1:
        depth += 1
    return depth
