"""Files inside a zip of pictures, read in place."""

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from PIL import Image

from livegan.errors import DatasetError

MAX_PICTURE_BYTES = 1 << 28  # of a file of a picture
READ_ERRORS = (
    *(OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, SyntaxError),
    Image.DecompressionBombError,
)


class ZipFiles:
    """File access inside a zip, which may be anybody's: nothing is unpacked to disk.

    BadZipFile, OSError or ValueError if it is none; DatasetError if it holds what no set of pictures needs.
    """

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)  # its own lock makes reading safe from threads
        self.sizes: dict[str, int] = {}
        for info in self.zip.infolist():
            if info.filename.endswith("/") or is_system_file(info.filename):
                continue
            if not is_inside(info.filename):
                raise DatasetError(f"{path} holds a file that would lie outside of it: {info.filename!r:.100}")
            if info.filename in self.sizes:
                raise DatasetError(f"{path} holds {info.filename} twice")
            if info.flag_bits & 1:
                raise DatasetError(f"{path} is locked with a password; pack it again without one")
            self.sizes[info.filename] = info.file_size

    def read(self, name: str, limit: int) -> bytes:
        """At most the first `limit` bytes of a file."""
        with self.zip.open(name) as file:
            return file.read(limit)

    def close(self) -> None:
        self.zip.close()


def is_inside(name: str) -> bool:
    """Whether a file name in an archive stays inside of it, on every system."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name)


def is_system_file(name: str) -> bool:
    """Whether a file is metadata of macOS."""
    return name.startswith("__MACOSX/") or any(part.startswith("._") or part == ".DS_Store" for part in name.split("/"))
