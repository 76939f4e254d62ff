"""PyAV's cameras: V4L2 on Linux, AVFoundation on macOS, DirectShow on Windows, by FFmpeg's libavdevice."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from livegan.core.text import printable, whole_number
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraLostError
from livegan.datasets.cameras.registry import CAMERAS, CameraBackend, CameraRequest
from livegan.datasets.cameras.threaded import ThreadedCamera
from livegan.datasets.cameras.v4l2 import best_mode, cannot_open, list_v4l2, open_v4l2
from livegan.errors import DeviceError

DRIVERS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}  # FFmpeg's input formats, by sys.platform
SOURCES = ("lavfi", "x11grab")  # further input formats: "av:lavfi:testsrc2", "av:x11grab::0"
MAC_RATE = "30"  # AVFoundation refuses its own default rate with most cameras
PERMISSION = "allow it: System Settings, Privacy & Security, Camera, and choose your terminal"


@CAMERAS("av", order=100)
class AvBackend(CameraBackend):
    """Backend of FFmpeg's input devices; the device is a number, a path, or the name that DirectShow gives."""

    example = "lavfi:testsrc2=size=320x240:rate=30"

    @classmethod
    def unavailable(cls) -> str:
        if sys.platform not in DRIVERS:
            return f"livegan knows no cameras on {sys.platform}; give a film or a folder of pictures"
        return ""

    @classmethod
    def cameras(cls) -> list[CameraInfo]:
        if sys.platform == "linux":
            return list_v4l2()
        return [
            CameraInfo(f"camera:{number}", printable(device.description)) for number, device in enumerate(_listed())
        ]

    @classmethod
    def open(cls, device: str, request: CameraRequest) -> Camera:
        import av  # late: it loads FFmpeg

        kind, _, source = device.partition(":")
        if kind in SOURCES:
            name, driver, tries = f"av:{device}", kind, [dict[str, str]()]
        else:
            if cls.unavailable():
                raise DeviceError(cls.unavailable())
            number = device or "0"
            name = number if whole_number(number) is None else f"camera:{number}"
            driver, source = DRIVERS[sys.platform], _source(number)
            tries = _option_tries(driver, source, request)
        failure: BaseException | None = None
        for options in tries:
            try:
                return AvCamera(name, av.open(source, "r", driver, options=options), source, driver, request)
            except (PermissionError, FileNotFoundError, BlockingIOError) as error:
                failure = error
                break
            except (av.FFmpegError, OSError, ValueError) as error:
                failure = failure or error
        if driver == "v4l2" and isinstance(failure, OSError):
            raise cannot_open(name, source, failure) from failure
        reason = printable(getattr(failure, "strerror", None) or failure)
        what = f"{name} ({source})" if source != name else name
        hint = PERMISSION if driver == "avfoundation" else "plug it in, and let no other program use it"
        raise DeviceError(f"{what} does not open ({reason}); {hint}; see which there are: livegan devices") from failure


class AvCamera(ThreadedCamera):
    """Camera that FFmpeg reads."""

    def __init__(self, name: str, container: Any, source: str, driver: str, request: CameraRequest) -> None:
        """Owns `container` from now on, also if it raises ValueError, because that has no pictures."""
        if not container.streams.video:
            container.close()
            raise ValueError("it gives no pictures")
        stream = container.streams.video[0]
        super().__init__(name, (stream.width, stream.height), request.clock)
        self._container, self._frames, self._source = container, _decoded(container, stream), source
        self._v4l2 = driver == "v4l2"
        self._before: dict[int, int] = {}  # V4L2's controls, given back at the end
        self.ignored = request.settings.asked()
        if self._v4l2:
            with suppress(OSError), open_v4l2(source) as device:
                self._before = device.values()
                self.ignored = device.set(request.settings)
        self.start()

    def lock(self) -> tuple[str, ...]:
        if self._v4l2:
            with suppress(OSError), open_v4l2(self._source) as device:
                return device.lock()
        return super().lock()

    def grab(self) -> Any:
        return next(self._frames)

    def convert(self, grabbed: Any) -> Pixels:
        pixels: Pixels = grabbed.to_ndarray(format="rgb24")
        self.size = pixels.shape[1], pixels.shape[0]
        return pixels

    def release(self) -> None:
        self._container.close()
        if self._before:
            with suppress(OSError), open_v4l2(self._source) as device:  # it may be unplugged
                device.restore(self._before)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames; a damaged one (a webcam's first JPEG often is) is left out."""
    import av

    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue
    raise CameraLostError("it ended")


def _listed() -> list[Any]:
    """Devices with pictures, as FFmpeg lists them; none where this PyAV cannot."""
    import av

    listed = getattr(av, "enumerate_input_devices", None)
    if listed is None:
        return []
    try:
        return [device for device in listed(DRIVERS[sys.platform]) if "video" in device.media_types]
    except (av.FFmpegError, OSError, ValueError):
        return []


def _source(device: str) -> str:
    """FFmpeg's name of a device."""
    number = whole_number(device)
    if sys.platform == "linux":
        return device if number is None else f"/dev/video{device}"
    if sys.platform == "darwin" or number is None:
        return device if sys.platform == "darwin" else f"video={device}"
    names = [info.name for info in _listed()]
    if number >= len(names):
        raise DeviceError(f"there is no camera {device}; there are: {', '.join(map(printable, names)) or 'none'}")
    return f"video={names[number]}"


def _option_tries(driver: str, source: str, request: CameraRequest) -> list[dict[str, str]]:
    """Options of the driver for what is asked, then with less and less of it."""
    size = {"video_size": "{}x{}".format(*request.size)} if request.size else {}
    rate = {"framerate": f"{request.fps:g}"} if request.fps else {}
    if driver == "v4l2":
        if request.size is not None:
            with suppress(OSError), open_v4l2(source) as device:
                mode = best_mode(device.modes(), request.size)
                if mode is not None:
                    size = {"input_format": mode[0], "video_size": "{}x{}".format(*mode[1])}
        tries = [size | rate, size, {}]
    else:
        mac = {"framerate": MAC_RATE} if driver == "avfoundation" else {}
        tries = [size | (rate or mac), size, rate or mac, mac, {}]
    return [options for number, options in enumerate(tries) if options not in tries[:number]]
