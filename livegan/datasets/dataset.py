"""Image datasets for training: a zip or a folder of pictures of one size with a `dataset.json`, as in StyleGAN2-ADA.

    00000/img00000000.png   the pictures, uncompressed inside the zip
    dataset.json            {"labels": [["00000/img00000000.png", 3], ...] or null, "classes": ["silk", ...]}

A label is the number of a class, or a vector; `classes`, the names of the classes, is an extension of livegan.
"""

import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.core.text import valid_unicode
from livegan.core.types import Pixels
from livegan.datasets.sources import count_endings
from livegan.datasets.zip_files import MAX_PICTURE_BYTES, READ_ERRORS, ZipFiles, is_system_file
from livegan.errors import DatasetError

MIN_SIDE, MAX_SIDE = 4, 8192  # of a picture [px]
ENDINGS = (".png", ".jpg", ".jpeg")
PICTURE_FORMATS = ("PNG", "JPEG")
MODES = ("1", "L", "P", "RGB", "RGBA")
TABLE = "dataset.json"
MAX_TABLE_BYTES = 1 << 28
MAX_CLASSES = 10_000
PNG_HEADER_BYTES = 24  # up to the end of the size


class _Folder:
    """File access inside a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        for folder, _, files in os.walk(path):
            for file in files:
                whole = Path(folder, file)
                name = whole.relative_to(path).as_posix()
                if not is_system_file(name):
                    status = whole.stat()
                    if stat.S_ISREG(status.st_mode):  # a pipe would never end
                        self.sizes[name] = status.st_size

    def read(self, name: str, limit: int) -> bytes:
        """At most the first `limit` bytes of a file."""
        with (self.path / name).open("rb") as file:
            return file.read(limit)

    def close(self) -> None:
        """Nothing to close."""


class ImageDataset:
    """An open image dataset; threads of one process may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.colours = 3  # grey pictures are read as coloured ones
        self._files: ZipFiles | _Folder = _Folder(path) if path.is_dir() else ZipFiles(path)
        with ExitStack() as broken:
            broken.callback(self.close)
            self.names = sorted(name for name in self._files.sizes if name.lower().endswith(ENDINGS))
            self.skipped = count_endings(set(self._files.sizes) - {TABLE, *self.names})
            if not self.names:
                raise DatasetError(
                    f"{path} holds no pictures ({', '.join(ENDINGS)}); make a set with 'livegan dataset'"
                )
            self.size = self._side(self.names[0])  # height, width [px]
            for name in self.names:
                self._check(name)
            self._labels, self.classes, self.c_dim = read_labels(path, self._files, self.names)
            broken.pop_all()  # it is whole: it stays open

    def __len__(self) -> int:
        return len(self.names)

    def __enter__(self) -> "ImageDataset":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def picture(self, i: int) -> Pixels:
        """Picture `i`, uint8 (height, width, 3); DatasetError if it is broken."""
        name = self.names[i]
        try:
            with Image.open(io.BytesIO(self._files.read(name, MAX_PICTURE_BYTES)), formats=PICTURE_FORMATS) as image:
                if (image.height, image.width) != self.size:  # before anything is unpacked
                    raise DatasetError(f"{self.path}: {name} is {image.width}x{image.height}, {self._others()}")
                if image.mode not in MODES:
                    raise DatasetError(f"{self.path}: {name} has more than 8 bits a colour; {self._anew()}")
                pixels: Pixels = np.asarray(image.convert("RGB"))
        except READ_ERRORS as error:
            raise DatasetError(f"{self.path}: {name} is broken ({error}); {self._anew()}") from error
        return pixels

    def label(self, i: int) -> int:
        """The class of picture `i`; -1 where the set has no classes."""
        return -1 if self._labels.ndim != 1 or not len(self._labels) else int(self._labels[i])

    def batch(self, indices: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Pictures uint8 (n, 3, height, width), and classes float32 (n, c_dim): one-hot, or the set's vectors."""
        height, width = self.size
        pixels = np.empty((len(indices), 3, height, width), np.uint8)
        for place, i in enumerate(indices):
            pixels[place] = self.picture(i).transpose(2, 0, 1)
        classes = np.zeros((len(indices), self.c_dim), np.float32)
        if self.c_dim and self._labels.ndim == 1:
            classes[np.arange(len(indices)), self._labels[list(indices)]] = 1
        elif self.c_dim:
            classes[:] = self._labels[list(indices)]
        return pixels, classes

    def close(self) -> None:
        self._files.close()

    def _side(self, name: str) -> tuple[int, int]:
        """Height and width of a picture, from its header."""
        try:
            header = self._files.read(name, PNG_HEADER_BYTES)
            if header[:8] == b"\x89PNG\r\n\x1a\n" and header[12:16] == b"IHDR" and len(header) == PNG_HEADER_BYTES:
                width, height = int.from_bytes(header[16:20]), int.from_bytes(header[20:24])
            else:
                with Image.open(
                    io.BytesIO(self._files.read(name, MAX_PICTURE_BYTES)), formats=PICTURE_FORMATS
                ) as image:
                    width, height = image.size
        except READ_ERRORS as error:
            raise DatasetError(f"{self.path}: {name} is no PNG or JPEG; {self._anew()}") from error
        if not MIN_SIDE <= min(height, width) <= max(height, width) <= MAX_SIDE:
            raise DatasetError(
                f"{self.path}: {name} is {width}x{height}; a training picture's sides are {MIN_SIDE} to {MAX_SIDE}"
            )
        return height, width

    def _check(self, name: str) -> None:
        """DatasetError if a picture has another size, or its file is too long for that."""
        height, width = side = self._side(name)
        if side != self.size:
            raise DatasetError(f"{self.path}: {name} is {width}x{height}, {self._others()}")
        if self._files.sizes[name] > min(MAX_PICTURE_BYTES, 8 * height * width + (1 << 20)):
            raise DatasetError(f"{self.path}: {name} is far too long for a picture of {width}x{height}; {self._anew()}")

    def _others(self) -> str:
        return f"the others {self.size[1]}x{self.size[0]}; {self._anew()}"

    def _anew(self) -> str:
        return "make the set again with 'livegan dataset'"


def open_dataset(path: Path) -> ImageDataset:
    """Open the image dataset at `path`, a zip or a folder of that layout; DatasetError says what is wrong with it."""
    if not path.exists():
        raise DatasetError(f"there is no {path}; make a training set with 'livegan dataset'")
    if not (path.is_file() or path.is_dir()):
        raise DatasetError(f"{path} is no file and no folder; make a training set with 'livegan dataset'")
    try:
        return ImageDataset(path)
    except zipfile.BadZipFile as error:
        raise DatasetError(
            f"{path} is no zip, nor a folder; make a training set of it with 'livegan dataset'"
        ) from error
    except (OSError, ValueError, NotImplementedError, struct.error) as error:
        raise DatasetError(f"{path} cannot be read ({error})") from error


def read_labels(
    path: Path, files: ZipFiles | _Folder, names: Sequence[str]
) -> tuple[NDArray[Any], tuple[str, ...], int]:
    """What the table of a set says of the pictures `names`: their labels, names of the classes, c_dim.

    Labels are int64 (n,), float32 (n, c_dim), or empty.
    """
    no_labels = np.empty(0, np.int64)
    if TABLE not in files.sizes:
        return no_labels, (), 0
    where = f"{path}: {TABLE}"
    if files.sizes[TABLE] > MAX_TABLE_BYTES:
        raise DatasetError(f"{where} is longer than {MAX_TABLE_BYTES >> 20} MiB")
    try:
        table = json.loads(files.read(TABLE, MAX_TABLE_BYTES))
    except (*READ_ERRORS, RecursionError) as error:
        raise DatasetError(f"{where} is not JSON ({error})") from error
    if not isinstance(table, dict):
        raise DatasetError(f'{where} must be {{"labels": ...}}')
    class_names = table.get("classes") or []
    if not isinstance(class_names, list) or not all(isinstance(name, str) and name for name in class_names):
        raise DatasetError(f"{where}: classes must be a list of names")
    class_names = [valid_unicode(name) for name in class_names]  # JSON can hold lone surrogates
    labels = table.get("labels")
    if labels is None or labels == []:
        return no_labels, (), 0
    pair = isinstance(labels, list) and all(
        isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) for entry in labels
    )
    if not pair:
        raise DatasetError(f"{where}: labels must be a list of [name, label]")
    by_name = {name.replace("\\", "/"): label for name, label in labels}
    missing = next((name for name in names if name not in by_name), None)
    if missing is not None:
        raise DatasetError(f"{where}: there is no label for {missing}; label all pictures or none")
    labels = [by_name[name] for name in names]
    if all(isinstance(label, int) and not isinstance(label, bool) for label in labels):
        return _class_numbers(labels, class_names, where)
    return _class_vectors(labels, where)


def _class_numbers(labels: list[int], names: list[str], where: str) -> tuple[NDArray[Any], tuple[str, ...], int]:
    least, most = min(labels), max(labels)
    if least < 0 or most >= MAX_CLASSES:
        raise DatasetError(
            f"{where}: a class is a number from 0 to {MAX_CLASSES - 1}, not {least if least < 0 else most}"
        )
    if names and most >= len(names):
        raise DatasetError(f"{where}: there is a label {most}, but only {len(names)} classes have names")
    classes = tuple(names) or tuple(str(number) for number in range(most + 1))
    return np.array(labels, np.int64), classes, len(classes)


def _class_vectors(labels: list[Any], where: str) -> tuple[NDArray[Any], tuple[str, ...], int]:
    """Labels that are lists of numbers."""
    try:
        vectors = np.array(labels, np.float32)
    except (TypeError, ValueError, OverflowError):
        vectors = np.empty(0, np.float32)
    if vectors.ndim != 2 or not 1 <= vectors.shape[1] <= MAX_CLASSES or not np.isfinite(vectors).all():
        raise DatasetError(f"{where}: labels must all be whole numbers, or lists of numbers of one length")
    return vectors, (), vectors.shape[1]
