"""Training sets: a zip, or a folder, of PNGs of one size with a `dataset.json`, as StyleGAN2-ADA reads and writes them.

    00000/img00000000.png   the pictures, uncompressed inside the zip
    dataset.json            {"labels": [["00000/img00000000.png", 3], ...] or null, "classes": ["silk", ...]}

A label is the number of a class, or a list of numbers; `classes` is our own addition: the names of the classes.
"""

import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.core.types import Pixels
from livegan.errors import DatasetError

if TYPE_CHECKING:
    from torch import Tensor

SIDES = (4, 8192)  # the least and the greatest side of a picture [px]
ENDINGS = (".png", ".jpg", ".jpeg")
FORMATS = ("PNG", "JPEG")
MODES = ("1", "L", "P", "RGB", "RGBA")
TABLE = "dataset.json"
MOST_TABLE = 1 << 28  # bytes of a dataset.json
MOST_PICTURE = 1 << 28  # bytes of a picture's file
MOST_CLASSES = 10_000
PNG_HEAD = 24  # bytes up to the end of the size
MADE = (1980, 1, 1, 0, 0, 0)  # the date of every file inside: the same pictures are the same bytes
WRONG = (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, SyntaxError)


class _Zip:
    """The files inside a zip."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)  # its own lock makes reading safe from threads
        self.sizes: dict[str, int] = {}
        for info in self.zip.infolist():
            if info.filename.endswith("/") or _passed_over(info.filename):
                continue
            if not _inside(info.filename):
                raise DatasetError(f"{path} holds a file that would lie outside of it: {info.filename!r:.100}")
            if info.filename in self.sizes:
                raise DatasetError(f"{path} holds {info.filename} twice")
            if info.flag_bits & 1:
                raise DatasetError(f"{path} is locked with a password; pack it again without one")
            self.sizes[info.filename] = info.file_size

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file, or all of it where it is shorter."""
        with self.zip.open(name) as file:
            return file.read(most)

    def close(self) -> None:
        """Let go of the file."""
        self.zip.close()


class _Folder:
    """The files inside a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        for folder, _, files in os.walk(path):
            for file in files:
                whole = Path(folder, file)
                name = whole.relative_to(path).as_posix()
                if not _passed_over(name):
                    found = whole.stat()
                    if stat.S_ISREG(found.st_mode):  # a pipe would never end
                        self.sizes[name] = found.st_size

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file, or all of it where it is shorter."""
        with (self.path / name).open("rb") as file:
            return file.read(most)

    def close(self) -> None:
        """Nothing is held."""


class Pictures:
    """An opened training set; threads of one process may share it."""

    def __init__(self, path: Path) -> None:
        """`open_pictures` says what can be wrong."""
        self.path = path
        self.colours = 3  # grey pictures are read as coloured ones
        self._files: _Zip | _Folder = _Folder(path) if path.is_dir() else _Zip(path)
        with ExitStack() as broken:
            broken.callback(self.close)
            self.names = sorted(name for name in self._files.sizes if name.lower().endswith(ENDINGS))
            if not self.names:
                raise DatasetError(
                    f"{path} holds no pictures ({', '.join(ENDINGS)}); make a set with 'livegan dataset'"
                )
            self.size = self._side(self.names[0])  # height, width [px]
            for name in self.names:
                self._check(name)
            self._labels, self.classes, self.c_dim = self._table()
            broken.pop_all()  # it is whole: it stays open

    def __len__(self) -> int:
        return len(self.names)

    def __enter__(self) -> "Pictures":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def picture(self, i: int) -> Pixels:
        """Picture `i`, uint8 (height, width, 3); DatasetError if it is broken."""
        name = self.names[i]
        try:
            with Image.open(io.BytesIO(self._files.read(name, MOST_PICTURE)), formats=FORMATS) as image:
                if (image.height, image.width) != self.size:  # before anything is unpacked
                    raise DatasetError(f"{self.path}: {name} is {image.width}x{image.height}, {self._others()}")
                if image.mode not in MODES:
                    raise DatasetError(f"{self.path}: {name} has more than 8 bits a colour; {self._anew()}")
                pixels: Pixels = np.asarray(image.convert("RGB"))
        except WRONG as error:
            raise DatasetError(f"{self.path}: {name} is broken ({error}); {self._anew()}") from error
        return pixels

    def label(self, i: int) -> int:
        """The class of picture `i`; -1 where the set has no classes."""
        return -1 if self._labels.ndim != 1 or not len(self._labels) else int(self._labels[i])

    def batch(self, indices: Sequence[int]) -> "tuple[Tensor, Tensor]":
        """Pictures uint8 (n, 3, height, width), and what they are float32 (n, c_dim): one-hot, or the set's vectors."""
        import torch  # late: listing and making sets needs none

        height, width = self.size
        pixels = np.empty((len(indices), 3, height, width), np.uint8)
        for place, i in enumerate(indices):
            pixels[place] = self.picture(i).transpose(2, 0, 1)
        classes = np.zeros((len(indices), self.c_dim), np.float32)
        if self.c_dim and self._labels.ndim == 1:
            classes[np.arange(len(indices)), self._labels[list(indices)]] = 1
        elif self.c_dim:
            classes[:] = self._labels[list(indices)]
        return torch.from_numpy(pixels), torch.from_numpy(classes)

    def close(self) -> None:
        """Let go of the file."""
        self._files.close()

    def _side(self, name: str) -> tuple[int, int]:
        """Height and width of a picture, from its head alone."""
        try:
            head = self._files.read(name, PNG_HEAD)
            if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) == PNG_HEAD:
                width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
            else:
                with Image.open(io.BytesIO(self._files.read(name, MOST_PICTURE)), formats=FORMATS) as image:
                    width, height = image.size
        except (*WRONG, Image.DecompressionBombError) as error:
            raise DatasetError(f"{self.path}: {name} is no PNG or JPEG; {self._anew()}") from error
        if not SIDES[0] <= min(height, width) <= max(height, width) <= SIDES[1]:
            raise DatasetError(
                f"{self.path}: {name} is {width}x{height}; a training picture's sides are {SIDES[0]} to {SIDES[1]}"
            )
        return height, width

    def _check(self, name: str) -> None:
        """DatasetError if a picture is of another size, or its file too long for its size."""
        height, width = side = self._side(name)
        if side != self.size:
            raise DatasetError(f"{self.path}: {name} is {width}x{height}, {self._others()}")
        if self._files.sizes[name] > min(MOST_PICTURE, 8 * height * width + (1 << 20)):
            raise DatasetError(f"{self.path}: {name} is far too long for a picture of {width}x{height}; {self._anew()}")

    def _others(self) -> str:
        return f"the others {self.size[1]}x{self.size[0]}; {self._anew()}"

    def _anew(self) -> str:
        return "make the set again with 'livegan dataset'"

    def _table(self) -> tuple[NDArray[Any], tuple[str, ...], int]:
        """Labels, int64 (n,) or float32 (n, c_dim) or empty, the names of the classes, c_dim."""
        nothing = np.empty(0, np.int64)
        if TABLE not in self._files.sizes:
            return nothing, (), 0
        where = f"{self.path}: {TABLE}"
        if self._files.sizes[TABLE] > MOST_TABLE:
            raise DatasetError(f"{where} is longer than {MOST_TABLE >> 20} MiB")
        try:
            table = json.loads(self._files.read(TABLE, MOST_TABLE))
        except (*WRONG, RecursionError) as error:
            raise DatasetError(f"{where} is not JSON ({error})") from error
        if not isinstance(table, dict):
            raise DatasetError(f'{where} must be {{"labels": ...}}')
        names = table.get("classes") or []
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise DatasetError(f"{where}: classes must be a list of names")
        labels = table.get("labels")
        if labels is None or labels == []:
            return nothing, (), 0
        pair = isinstance(labels, list) and all(
            isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) for entry in labels
        )
        if not pair:
            raise DatasetError(f"{where}: labels must be a list of [name, label]")
        known = {name.replace("\\", "/"): label for name, label in labels}
        missing = next((name for name in self.names if name not in known), None)
        if missing is not None:
            raise DatasetError(f"{where}: there is no label for {missing}; label all pictures or none")
        given = [known[name] for name in self.names]
        if all(isinstance(label, int) and not isinstance(label, bool) for label in given):
            return _numbers(given, names, where)
        return _vectors(given, where)


def open_pictures(path: Path) -> Pictures:
    """The training set at `path`, a zip or a folder laid out the same; DatasetError says what is wrong with it."""
    if not path.exists():
        raise DatasetError(f"there is no {path}; make a training set with 'livegan dataset'")
    if not (path.is_file() or path.is_dir()):
        raise DatasetError(f"{path} is no file and no folder; make a training set with 'livegan dataset'")
    try:
        return Pictures(path)
    except zipfile.BadZipFile as error:
        raise DatasetError(
            f"{path} is no zip, nor a folder; make a training set of it with 'livegan dataset'"
        ) from error
    except (OSError, ValueError, NotImplementedError, struct.error) as error:
        raise DatasetError(f"{path} cannot be read ({error})") from error


class Writer:
    """A training set being written: `with Writer(path, (256, 256)) as writer: writer.add(picture)`.

    It grows in PATH.part and gets its name when all went well; whatever goes wrong leaves nothing behind.
    """

    def __init__(self, path: Path, size: tuple[int, int], classes: Sequence[str] = ()) -> None:
        """`size` is height, width [px]; DatasetError if it cannot be a training set's, or `path` is no zip."""
        if path.suffix.lower() != ".zip":
            raise DatasetError(f"a training set is a zip; call it {path.with_suffix('.zip')} rather than {path}")
        if path.is_dir():
            raise DatasetError(f"{path} is a folder; choose another name")
        height, width = size
        if not SIDES[0] <= min(height, width) <= max(height, width) <= SIDES[1]:
            raise DatasetError(f"a training picture's sides are {SIDES[0]} to {SIDES[1]}, not {width}x{height}")
        self.path, self.size, self.classes = path, size, tuple(classes)
        self.part = path.with_name(path.name + ".part")
        self.labels: list[int] = []
        self.count = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._zip = zipfile.ZipFile(self.part, "w", zipfile.ZIP_STORED)
        except OSError as error:
            raise self._fault(error) from error

    def __enter__(self) -> "Writer":
        return self

    def add(self, picture: Pixels, label: int | None = None) -> None:
        """Append a picture, uint8 (height, width, 3), and the number of its class: each has one, or none has."""
        if picture.shape != (*self.size, 3) or picture.dtype != np.uint8:
            raise DatasetError(f"a picture is {picture.dtype} {picture.shape}, the set uint8 {(*self.size, 3)}")
        if self.count and (label is None) == bool(self.labels):
            raise DatasetError("label all pictures of a training set, or none")
        if label is not None:
            if not 0 <= label < (len(self.classes) or MOST_CLASSES):
                raise DatasetError(f"there is no class {label}; there are {len(self.classes) or MOST_CLASSES}")
            self.labels.append(label)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=0)  # the same on every machine, and fast to read
        self._put(_name(self.count), file.getvalue())
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            file, self._zip.fp = self._zip.fp, None
            if file is not None:
                with suppress(OSError):  # a full disk again
                    file.close()  # as it is: nobody reads it
            self.part.unlink(missing_ok=True)

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
            self.part.replace(self.path)
        except OSError as error:
            raise self._fault(error) from error

    def _put(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name, MADE)
        info.create_system, info.external_attr = 3, 0o644 << 16
        try:
            self._zip.writestr(info, data)
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> DatasetError:
        return DatasetError(f"{self.path} cannot be written ({error.strerror or error}); choose another place")


def _name(number: int) -> str:
    """What picture `number` is called inside the set."""
    return f"{number // 1000:05d}/img{number:08d}.png"


def _inside(name: str) -> bool:
    """Whether a file of that name lies inside of what it comes in, on every system."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name)


def _passed_over(name: str) -> bool:
    """Whether a file is a system's own leftover."""
    return name.startswith("__MACOSX/") or any(part.startswith("._") or part == ".DS_Store" for part in name.split("/"))


def _numbers(given: list[int], names: list[str], where: str) -> tuple[NDArray[Any], tuple[str, ...], int]:
    least, most = min(given), max(given)
    if least < 0 or most >= MOST_CLASSES:
        raise DatasetError(
            f"{where}: a class is a number from 0 to {MOST_CLASSES - 1}, not {least if least < 0 else most}"
        )
    if names and most >= len(names):
        raise DatasetError(f"{where}: there is a label {most}, but only {len(names)} classes have names")
    classes = tuple(names) or tuple(str(number) for number in range(most + 1))
    return np.array(given, np.int64), classes, len(classes)


def _vectors(given: list[Any], where: str) -> tuple[NDArray[Any], tuple[str, ...], int]:
    """Labels that are lists of numbers."""
    try:
        vectors = np.array(given, np.float32)
    except (TypeError, ValueError, OverflowError):
        vectors = np.empty(0, np.float32)
    if vectors.ndim != 2 or not 1 <= vectors.shape[1] <= MOST_CLASSES or not np.isfinite(vectors).all():
        raise DatasetError(f"{where}: labels must all be whole numbers, or lists of numbers of one length")
    return vectors, (), vectors.shape[1]
