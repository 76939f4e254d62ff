"""Writer of image datasets: a zip of uncompressed PNGs and `dataset.json`, the same bytes for the same pictures."""

import io
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

from livegan.core.files import check_writable, move_to_free_name, new_file_beside
from livegan.core.text import valid_unicode
from livegan.core.types import Pixels
from livegan.datasets.dataset import MAX_CLASSES, MAX_SIDE, MIN_SIDE, TABLE
from livegan.errors import DatasetError

DATE = (1980, 1, 1, 0, 0, 0)  # of every file inside


def check_output(path: Path, overwrite: bool) -> None:
    """DatasetError if a dataset cannot be written at `path`, or something is there and `overwrite` is False."""
    if path.suffix.lower() != ".zip":
        raise DatasetError(f"a training set is a zip; call it {path.with_suffix('.zip')} rather than {path}")
    if path.is_dir():
        raise DatasetError(f"{path} is a folder; choose another name")
    if path.exists() and not overwrite:
        raise DatasetError(f"{path} is there already; type --overwrite, or give another name")
    try:
        check_writable(path)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written ({error.strerror or error}); choose another place") from error


class DatasetWriter:
    """A training set being written: `with Writer(path, (256, 256)) as writer: writer.add(picture)`.

    It grows in PATH.part and gets its name when all went well; whatever goes wrong leaves nothing behind.
    """

    def __init__(self, path: Path, size: tuple[int, int], classes: Sequence[str] = (), overwrite: bool = False) -> None:
        """`size` is height, width [px]; DatasetError if it cannot be a training set's, or `path` cannot be written."""
        check_output(path, overwrite=True)
        height, width = size
        if not MIN_SIDE <= min(height, width) <= max(height, width) <= MAX_SIDE:
            raise DatasetError(f"a training picture's sides are {MIN_SIDE} to {MAX_SIDE}, not {width}x{height}")
        self.path, self.size, self.overwrite = path, size, overwrite
        self.classes = tuple(map(valid_unicode, classes))
        self.labels: list[int] = []
        self.count = 0
        try:
            self._part = new_file_beside(path)
            self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_STORED)
        except OSError as error:
            raise self._error(error) from error

    def __enter__(self) -> "DatasetWriter":
        return self

    def add(self, picture: Pixels, label: int | None = None) -> None:
        """Append a picture, uint8 (height, width, 3), and the number of its class: for all pictures, or for none."""
        if picture.shape != (*self.size, 3) or picture.dtype != np.uint8:
            raise DatasetError(f"a picture is {picture.dtype} {picture.shape}, the set uint8 {(*self.size, 3)}")
        if self.count and (label is None) == bool(self.labels):
            raise DatasetError("label all pictures of a training set, or none")
        if label is not None:
            if not 0 <= label < (len(self.classes) or MAX_CLASSES):
                raise DatasetError(f"there is no class {label}; there are {len(self.classes) or MAX_CLASSES}")
            self.labels.append(label)
        png = io.BytesIO()
        Image.fromarray(picture).save(png, "PNG", compress_level=0)  # the same on every machine, and fast to read
        self._put(_name(self.count), png.getvalue())
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            file, self._zip.fp = self._zip.fp, None
            if file is not None:
                with suppress(OSError):  # the disk may be full
                    file.close()
            self._part.unlink(missing_ok=True)

    def _finish(self) -> None:
        if not self.count:
            raise DatasetError(f"{self.path} would hold no pictures")
        labels = [[_name(i), label] for i, label in enumerate(self.labels)] or None
        table: dict[str, Any] = {"labels": labels}
        if self.classes and labels:
            table["classes"] = list(self.classes)
        self._put(TABLE, json.dumps(table, ensure_ascii=False).encode())
        try:
            self._zip.close()
            if self.overwrite:
                self._part.replace(self.path)
            else:
                self.path = move_to_free_name(self._part, self.path)
        except OSError as error:
            raise self._error(error) from error

    def _put(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name, DATE)
        info.create_system, info.external_attr = 3, 0o644 << 16
        try:
            self._zip.writestr(info, data)
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> DatasetError:
        return DatasetError(f"{self.path} cannot be written ({error.strerror or error}); choose another place")


def _name(number: int) -> str:
    """The name of picture `number` inside the zip."""
    return f"{number // 1000:05d}/img{number:08d}.png"
