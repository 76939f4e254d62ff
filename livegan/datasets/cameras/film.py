"""Films and folders of pictures as cameras: played in their own time, over and over."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from livegan.core.files import user_path
from livegan.core.text import printable
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraLostError
from livegan.datasets.cameras.paced import PacedCamera
from livegan.datasets.cameras.registry import CAMERAS, CameraBackend, CameraRequest
from livegan.datasets.sources import list_folder, open_film, read_picture, upright
from livegan.errors import DatasetError, DeviceError

FPS = 25.0  # of films that do not say theirs
PICTURES_FPS = 1.0  # a folder: one picture a second
MAX_FPS = 240.0
AHEAD_S = 2.0  # a frame farther ahead is sought, not decoded up to


@CAMERAS("file", order=800)
class FileBackend(CameraBackend):
    """Backend of files: the device is a film, a picture, or a folder of pictures."""

    @classmethod
    def cameras(cls) -> list[CameraInfo]:
        return []

    @classmethod
    def open(cls, device: str, request: CameraRequest) -> Camera:
        try:
            path = user_path(device)
        except ValueError as error:
            raise DeviceError(f"'{printable(device)}' cannot be a film or a folder ({error})") from error
        if not path.exists():
            raise DeviceError(f"there is no '{printable(device)}'; give a film, a picture, or a folder of pictures")
        try:
            if path.is_dir():
                names = list_folder(path).pictures
                if not names:
                    raise DeviceError(f"there are no pictures in '{printable(path)}'; give another folder or a film")
                return PicturesCamera(str(path), [path / name for name in names], request)
            try:
                read_picture(path)
            except DatasetError:
                return FilmCamera(path, request)
            return PicturesCamera(str(path), [path], request)
        except DatasetError as error:
            raise DeviceError(f"'{printable(path)}' cannot be a camera: {error}") from error


class PicturesCamera(PacedCamera):
    """Camera of still pictures, one a second unless another rate is asked for; all as large as the first."""

    def __init__(self, name: str, paths: list[Path], request: CameraRequest) -> None:
        self._paths = paths
        first = read_picture(paths[0])
        super().__init__(printable(name), first.size, request.fps or PICTURES_FPS, request.clock)
        self.ignored = request.settings.asked()

    def picture(self, index: int) -> Pixels:
        path = self._paths[index % len(self._paths)]
        try:
            image = read_picture(path)  # on black, all: another ground each time would flicker
        except DatasetError as error:
            raise CameraLostError(f"'{printable(path)}' cannot be read ({error})") from error
        if image.size != self.size:
            image = image.resize(self.size, Image.Resampling.LANCZOS)
        pixels: Pixels = np.asarray(image)
        return pixels


class FilmCamera(PacedCamera):
    """Camera that plays a film in its own time, again from its beginning when it ends."""

    def __init__(self, path: Path, request: CameraRequest) -> None:
        self._path = path
        self._container: Any = None
        self._frames: Iterator[tuple[float, Any]] = iter(())
        self._first_s = 0.0  # the first frame, on the film's time
        self._loop_s = 0.0  # the film's beginning, on the camera's time
        self._end_s = 0.0
        self._now: Any = None  # the frame that is seen
        self._next: tuple[float, Any] | None = None
        self._rewind()
        if self._next is None:
            raise DatasetError("no picture of it can be decoded")
        rate = float(self._container.streams.video[0].average_rate or FPS)
        fps = min(request.fps or rate, rate, MAX_FPS)
        size = upright(self._next[1], self._container.streams.video[0]).size
        super().__init__(printable(path), size, fps, request.clock)
        self.ignored = request.settings.asked()

    def picture(self, index: int) -> Pixels:
        time_s = index / self._fps
        self._seek(time_s - self._loop_s)
        while True:
            if self._next is None:
                length_s = max(self._end_s, 1 / self._fps)
                self._loop_s += length_s
                while self._loop_s + length_s <= time_s + 1e-6:  # nobody saw these
                    self._loop_s += length_s
                self._rewind()
                if self._next is None:
                    raise CameraLostError(f"'{self.name}' cannot be read again")
                self._seek(time_s - self._loop_s)
            if self._now is not None and self._loop_s + self._next[0] > time_s + 1e-6:
                break
            self._now = self._next[1]
            self._end_s = self._next[0] + 1 / self._fps
            self._next = next(self._frames, None)
        image = upright(self._now, self._container.streams.video[0])
        pixels: Pixels = np.asarray(image if image.size == self.size else image.resize(self.size))
        return pixels

    def close(self) -> None:
        super().close()
        if self._container is not None:
            self._container.close()
            self._container = None

    def _rewind(self) -> None:
        if self._container is not None:
            self._container.close()
        self._container = open_film(self._path)
        self._frames = _stamped(self._container)
        self._next = next(self._frames, None)
        if self._next is not None:
            self._first_s = self._next[1].time or 0.0

    def _seek(self, film_s: float) -> None:
        """If that time of the film is far ahead, go on from the key frame before it, or else from the beginning."""
        if self._next is None or film_s - self._next[0] <= AHEAD_S:
            return
        import av

        try:
            self._container.seek(int((self._first_s + film_s) * av.time_base))
            self._frames = _stamped(self._container, self._first_s)
            self._next = next(self._frames, None)
        except (av.FFmpegError, OSError):
            self._next = None
        if self._next is None or self._next[0] > film_s:
            self._rewind()


def _stamped(container: Any, first: float | None = None) -> Iterator[tuple[float, Any]]:
    """Frames with their times [s] from the first; ends where the film cannot be decoded any further."""
    import av

    if not container.streams.video:
        raise DatasetError("there are no pictures in it")
    try:
        for frame in container.decode(container.streams.video[0]):
            now_s = frame.time or 0.0
            first = now_s if first is None else first
            yield now_s - first, frame
    except (av.FFmpegError, OSError):
        return
