"""Image sources of training sets: folders, films, cameras."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from math import isclose
from os import walk
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

import av
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from livegan.core.text import printable
from livegan.errors import DatasetError

PICTURE_ENDINGS = {  # by format of Pillow; the last two need a Pillow with AVIF, and pillow-heif
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "JPEG2000": (".jp2", ".j2k"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "TGA": (".tga",),
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif"),
}
RAW_ENDINGS = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw")
HEIF = "pillow_heif"  # the module that adds HEIC to Pillow
MAX_PIXELS = 80_000_000  # of a picture; more is taken for an attack on the memory
CAMERA = re.compile(r"camera(?::(\d{1,3}))?")
Ground = Literal["black", "white"]  # what lies under a transparent picture
LIGHT = 128  # mean luminance of the visible pixels, of 255, from which on black lies under them
READ_ERRORS = (OSError, ValueError, SyntaxError, EOFError, RuntimeError, TypeError, OverflowError, MemoryError)


@dataclass(frozen=True, slots=True)
class FolderListing:
    """The pictures of a folder and its sub-folders, and what else is there."""

    pictures: tuple[str, ...]  # relative names, sorted
    skipped: Mapping[str, int]  # other files, counted by ending


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """The formats of PICTURE_ENDINGS that Pillow reads here."""
    with suppress(ImportError):
        import_module(HEIF).register_heif_opener()
    Image.init()
    return tuple(name for name in PICTURE_ENDINGS if name in Image.OPEN)


def picture_endings() -> tuple[str, ...]:
    """The endings of the pictures that can be read here, in lower case."""
    return tuple(ending for name in readable_formats() for ending in PICTURE_ENDINGS[name])


def list_folder(folder: Path) -> FolderListing:
    """List the pictures in a folder by their endings. Hidden files are ignored, all others counted."""
    endings = picture_endings()
    pictures: list[str] = []
    others: list[str] = []
    for inside, folders, files in walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(inside, name)
            if name.startswith(".") or not (path.is_file() or not path.exists()):
                continue  # no pipes: they would never end; a broken link is reported when it is read
            (pictures if name.lower().endswith(endings) else others).append(path.relative_to(folder).as_posix())
    return FolderListing(tuple(sorted(pictures)), count_endings(others))


def count_endings(names: Iterable[str]) -> dict[str, int]:
    """How many of the files have each ending, the most frequent first; "" for no ending."""
    return dict(Counter(PurePosixPath(name).suffix.lower() for name in names).most_common())


def skipped_text(skipped: Mapping[str, int]) -> str:
    """Skipped files in words: `not read: 3 .heic (type: pip install pillow-heif), 1 .txt`."""
    hints = {".heic": " (type: pip install pillow-heif)", ".avif": " (a newer Pillow reads it)"}
    hints |= dict.fromkeys(PICTURE_ENDINGS["HEIF"], hints[".heic"]) | dict.fromkeys(RAW_ENDINGS, " (develop it first)")
    parts = [
        f"{count} {printable(ending, 20) or 'without an ending'}{hints.get(ending, '')}"
        for ending, count in skipped.items()
    ]
    return f"not read: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Laid:
    """A picture in RGB, and what was laid under it; None: nothing, it is opaque."""

    image: Image.Image
    ground: Ground | None = None


def read_picture(path: Path, about_px: int | None = None, ground: Ground | None = "black") -> Image.Image:
    """A picture in RGB, upright as its EXIF says; DatasetError if it is broken. See `read_laid`, but on black."""
    return read_laid(path, about_px, ground).image


def read_laid(file: Path | IO[bytes], about_px: int | None = None, ground: Ground | None = None) -> Laid:
    """A picture in RGB, upright as its EXIF says, on `ground` where it is transparent; DatasetError if it is broken.

    `ground`: None lays white under what is dark, black under what is bright. `about_px`: where that is quicker it
    comes smaller, its longer side no less than that.
    """
    try:
        with Image.open(file, formats=readable_formats()) as image:
            if not 1 <= image.width * image.height <= MAX_PIXELS:
                raise DatasetError(f"{image.width}x{image.height} is too large")
            if about_px is not None:
                image.draft("RGB", (about_px, about_px))
            return lay(ImageOps.exif_transpose(image), ground)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError("it is too large") from error
    except UnidentifiedImageError as error:
        raise DatasetError("it is no picture") from error
    except READ_ERRORS as error:
        raise DatasetError(_reason(error)) from error


def lay(image: Image.Image, ground: Ground | None = None) -> Laid:
    """Convert to RGB: 16 bits become 8, what is transparent shows the ground, None: the one it stands out from."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey, or numbers from 0 to 1
        white = 1.0 if image.mode == "F" else 65535.0
        light = np.nan_to_num(np.asarray(image, np.float64) / white).clip(0, 1) * 255
        image = Image.fromarray(light.round().astype(np.uint8))
    if not image.has_transparency_data:
        return Laid(image.convert("RGB"))
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return Laid(image.convert("RGB"))
    ground = ground or ("black" if _luminance(image, alpha) >= LIGHT else "white")
    return Laid(Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB"), ground)


def _luminance(image: Image.Image, alpha: Image.Image) -> float:
    """Mean luminance of the visible pixels, 0..255, each counted as it is opaque; 255 where none is visible."""
    weights = np.asarray(alpha, np.float32)
    whole = float(weights.sum(dtype=np.float64))
    if whole == 0:
        return 255.0
    return float((np.asarray(image.convert("L"), np.float32) * weights).sum(dtype=np.float64)) / whole


def camera_number(source: str) -> int | None:
    """N of "camera:N", 0 of "camera"; None for other sources."""
    match = CAMERA.fullmatch(source)
    return int(match[1] or 0) if match else None


def film_length_s(path: Path) -> float | None:
    """The duration of a film; None if it is unknown. DatasetError for what is no film."""
    with open_film(path) as container:
        return container.duration / 1e6 if container.duration else None


def film_pictures(path: Path, every_s: float) -> Iterator[Image.Image]:
    """One picture of a film every so many seconds, from its first; DatasetError for what is no film."""
    with open_film(path) as container:
        yield from _sampled(container, every_s, f"'{path}'")


def open_film(path: Path) -> AbstractContextManager[Any]:
    """Open a film; DatasetError for what is none."""
    if not path.exists():
        raise DatasetError(f"there is no '{path}'; give a folder or a zip of pictures, a film, or camera:0")
    if not path.is_file():  # a pipe would never end
        raise DatasetError(
            f"'{path}' is no folder and no file; give a folder or a zip of pictures, a film, or camera:0"
        )
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise DatasetError(
            f"'{path}' is no folder and no film livegan can read ({_reason(error)}); give a folder or a zip of "
            "pictures, a film, or camera:0"
        ) from error


def _sampled(container: Any, every_s: float, what: str) -> Iterator[Image.Image]:
    """The first picture of each interval of `every_s`."""
    if not container.streams.video:
        raise DatasetError(f"{what} has no pictures in it; type: livegan dataset FILM, or a FOLDER of pictures")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    first, due, sampled = None, 0, False
    try:
        for frame in container.decode(stream):
            now = frame.time or 0.0
            first = now if first is None else first
            if sampled and now - first < due * every_s - 1e-6:
                continue
            sampled, due = True, int((now - first + 1e-6) / every_s) + 1
            yield upright(frame, stream)
    except (av.FFmpegError, OSError) as error:
        raise DatasetError(f"{what} breaks off ({_reason(error)})") from error


def upright(frame: Any, stream: Any) -> Image.Image:
    """A frame rotated as its metadata says, with square pixels."""
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    aspect = float(stream.sample_aspect_ratio or 1)
    if not isclose(aspect, 1, rel_tol=0.01) and 0.1 < aspect < 10:
        image = image.resize((max(1, round(image.width * aspect)), image.height), Image.Resampling.LANCZOS)
    turn = int(getattr(frame, "rotation", 0))
    return image.rotate(turn, expand=True) if turn else image


def _reason(error: BaseException) -> str:
    """The reason of an error, short and without paths."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(words)[:200]
