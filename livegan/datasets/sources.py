"""Where the pictures of a training set come from: a folder, a film, a camera."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from math import isclose
from os import walk
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from livegan.errors import DatasetError

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
MOST_PIXELS = 80_000_000  # of a picture; a larger one is taken for an attack on the memory
CAMERA = re.compile(r"camera(?::(\d{1,3}))?")
CAMERAS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}  # FFmpeg's ways in, by sys.platform
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, RuntimeError, TypeError, OverflowError, MemoryError)

Opened = Callable[[str, str | None], AbstractContextManager[Any]]  # a container of PyAV, for a place and a format


def pictures_in(folder: Path) -> list[str]:
    """The pictures in a folder and those inside it, by their endings, hidden ones not: relative names, in order."""
    names = []
    for inside, folders, files in walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(inside, name) for name in files if not name.startswith(".") and name.lower().endswith(PICTURES))
        names += [path.relative_to(folder).as_posix() for path in paths if path.is_file() or not path.exists()]
    return sorted(names)  # no pipes: they would never end; a link to nothing is told later


def read_picture(path: Path) -> Image.Image:
    """A picture upright, in RGB, whatever is transparent on black; DatasetError with the reason if it is broken."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if not 1 <= image.width * image.height <= MOST_PIXELS:
                raise DatasetError(f"{image.width}x{image.height} is too large")
            return flat(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError("it is too large") from error
    except UnidentifiedImageError as error:
        raise DatasetError("it is no picture") from error
    except UNREADABLE as error:
        raise DatasetError(_reason(error)) from error


def flat(image: Image.Image) -> Image.Image:
    """The same in RGB: 16 bits become 8, transparency becomes black."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey, or numbers from 0 to 1
        most = 1.0 if image.mode == "F" else 65535.0
        light = np.nan_to_num(np.asarray(image, np.float64) / most).clip(0, 1) * 255
        image = Image.fromarray(light.round().astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image.convert("RGB")


def camera_number(source: str) -> int | None:
    """N of "camera:N", 0 of "camera"; None for what names no camera."""
    match = CAMERA.fullmatch(source)
    return int(match[1] or 0) if match else None


def film_length_s(path: Path) -> float | None:
    """How long a film is; None if it does not say. DatasetError for what is no film."""
    with _film(path) as container:
        return container.duration / 1e6 if container.duration else None


def film_pictures(path: Path, every_s: float) -> Iterator[Image.Image]:
    """One picture of a film every so many seconds, from its first; DatasetError for what is no film."""
    with _film(path) as container:
        yield from _taken(container, every_s, f"'{path}'")


def camera_pictures(number: int, every_s: float, opened: Opened | None = None) -> Iterator[Image.Image]:
    """One picture of a camera every so many seconds, without end; DatasetError if it cannot be opened."""
    place, way = _camera(number)
    what = f"camera {number}"
    try:
        container = (opened or _open)(place, way)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise DatasetError(
            f"{what} ({place}) does not open ({_reason(error)}); plug it in, let no other program use it, "
            "or try another: camera:0, camera:1 ..."
        ) from error
    with container:
        yield from _taken(container, every_s, what)


def _camera(number: int) -> tuple[str, str]:
    """What FFmpeg calls a camera, and its way in."""
    way = CAMERAS.get(sys.platform)
    if way == "v4l2":
        return f"/dev/video{number}", way
    if way == "avfoundation":
        return str(number), way
    if way is None:
        raise DatasetError(f"livegan knows no cameras on {sys.platform}; make a set of a folder or a film")
    listed: Callable[[str], list[Any]] | None = getattr(av, "enumerate_input_devices", None)
    devices = listed(way) if listed else []
    names = [device.name for device in devices if "video" in device.media_types]
    if number >= len(names):
        raise DatasetError(f"there is no camera {number}; there are: {', '.join(names) or 'none'}")
    return f"video={names[number]}", way


def _open(place: str, way: str | None) -> AbstractContextManager[Any]:
    return av.open(place, "r", way)


def _film(path: Path) -> AbstractContextManager[Any]:
    if path.exists() and not path.is_file():  # a pipe would never end
        raise DatasetError(f"'{path}' is no folder and no file; give a folder of pictures, a film, or camera:0")
    try:
        return _open(str(path), None)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise DatasetError(
            f"'{path}' is no folder and no film livegan can read ({_reason(error)}); give a folder of pictures, "
            "a film, or camera:0"
        ) from error


def _taken(container: Any, every_s: float, what: str) -> Iterator[Image.Image]:
    """The first picture of each stretch of `every_s`."""
    if not container.streams.video:
        raise DatasetError(f"{what} has no pictures in it; type: livegan dataset FILM, or a FOLDER of pictures")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    first, due, seen = None, 0, False
    try:
        for frame in container.decode(stream):
            now = frame.time or 0.0
            first = now if first is None else first
            if seen and now - first < due * every_s - 1e-6:
                continue
            seen, due = True, int((now - first + 1e-6) / every_s) + 1
            yield _upright(frame, stream)
    except (av.FFmpegError, OSError) as error:
        raise DatasetError(f"{what} breaks off ({_reason(error)})") from error


def _upright(frame: Any, stream: Any) -> Image.Image:
    """A frame as a person sees it: turned, and with square pixels."""
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    aspect = float(stream.sample_aspect_ratio or 1)
    if not isclose(aspect, 1, rel_tol=0.01) and 0.1 < aspect < 10:
        image = image.resize((max(1, round(image.width * aspect)), image.height), Image.Resampling.LANCZOS)
    turn = int(getattr(frame, "rotation", 0))
    return image.rotate(turn, expand=True) if turn else image


def _reason(error: BaseException) -> str:
    """Few words: no path, no addresses."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(words)[:200]
