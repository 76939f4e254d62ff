"""V4L2: cameras of Linux listed, their modes and controls, by the kernel's ioctls.

FFmpeg and OpenCV stream from a V4L2 device but set few or none of its controls. Numbers and layouts are of
``linux/videodev2.h`` and ``linux/v4l2-controls.h``, the same on 32 and 64 bits for the structs used here.
"""

import errno
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from livegan.core.files import reason_of
from livegan.core.text import printable, quoted, whole_number
from livegan.datasets.cameras.camera import CameraInfo, CameraSettings
from livegan.errors import DeviceError

Ioctl = Callable[[int, int, bytearray], object]  # descriptor, request, struct that is read and written

QUERYCAP, ENUM_FMT, FRAMESIZES = 0x80685600, 0xC0405602, 0xC02C564A
G_CTRL, S_CTRL, QUERYCTRL, QUERYMENU = 0xC008561B, 0xC008561C, 0xC0445624, 0xC02C5625
CAN_CAPTURE, HAS_DEVICE_CAPS = 0x1, 0x80000000
CAPTURE_STREAM = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
DISABLED = 0x1  # V4L2_CTRL_FLAG_DISABLED
INTEGER_MENU = 9  # V4L2_CTRL_TYPE_INTEGER_MENU
AUTO_WHITE, RED, BLUE, AUTO_GAIN, GAIN = 0x98090C, 0x98090E, 0x98090F, 0x980912, 0x980913
AUTO_EXPOSURE, EXPOSURE, AUTO_ISO, ISO = 0x9A0901, 0x9A0902, 0x9A0918, 0x9A0917
CHANGED = (EXPOSURE, GAIN, ISO, RED, BLUE, AUTO_GAIN, AUTO_ISO, AUTO_WHITE, AUTO_EXPOSURE)
MANUAL, APERTURE_PRIORITY, AUTOMATIC = 1, 3, 0  # values of AUTO_EXPOSURE
EXPOSURE_US = 100  # unit of EXPOSURE
NEUTRAL_GAIN = 1.0  # of white balance: the middle of the camera's range

FORMATS = {  # FFmpeg's names of pixel formats, the best for still pictures first
    b"RGB3": "rgb24",
    b"BGR3": "bgr24",
    b"YUYV": "yuyv422",
    b"UYVY": "uyvy422",
    b"NV12": "nv12",
    b"YU12": "yuv420p",
    b"MJPG": "mjpeg",
    b"GREY": "gray",
}


def _fcntl(descriptor: int, request: int, value: bytearray) -> object:
    from fcntl import ioctl  # Linux only

    return ioctl(descriptor, request, value, True)


class V4l2Device:
    """An open V4L2 device: its capabilities, modes and controls. Streaming is FFmpeg's or OpenCV's business."""

    def __init__(self, descriptor: int, ioctl: Ioctl = _fcntl) -> None:
        self._descriptor, self._ioctl = descriptor, ioctl

    def title(self) -> str:
        """What the camera calls itself, or "" if it gives no pictures (metadata, radio ...)."""
        value = bytearray(104)
        self._ioctl(self._descriptor, QUERYCAP, value)
        (card,) = struct.unpack_from("32s", value, 16)
        capabilities, of_device = struct.unpack_from("=II", value, 84)
        if not (of_device if capabilities & HAS_DEVICE_CAPS else capabilities) & CAN_CAPTURE:
            return ""
        return printable(card.split(b"\0")[0].decode("utf-8", "replace")) or "camera"

    def modes(self) -> list[tuple[bytes, tuple[int, int]]]:
        """Pixel formats and the sizes (width, height) of each; of a range of sizes its ends."""
        found: list[tuple[bytes, tuple[int, int]]] = []
        for value in self._enumerate(ENUM_FMT, 64, lambda index: struct.pack("=II", index, CAPTURE_STREAM)):
            fourcc = bytes(value[44:48])
            for size in self._enumerate(FRAMESIZES, 44, lambda i, f=fourcc: struct.pack("=I4s", i, f)):  # type: ignore[misc]
                kind, width, height, *steps = struct.unpack_from("=I6I", size, 8)
                if kind == 1:
                    found.append((fourcc, (width, height)))
                    continue
                # stepwise: min, max, step of the width, then of the height
                found += [(fourcc, (width, steps[1])), (fourcc, (height, steps[2]))]
                break
        return found

    def set(self, settings: CameraSettings) -> tuple[str, ...]:
        """Apply settings as far as the camera has them; the names of those it has not."""
        ignored = []
        if settings.shutter_us is not None and not self._set_shutter(settings.shutter_us):
            ignored.append("shutter_us")
        if settings.iso is not None and not self._set_iso(settings.iso):
            ignored.append("iso")
        if settings.gain is not None:
            self._put(AUTO_GAIN, 0)
            if not self._put(GAIN, round(settings.gain)):
                ignored.append("gain")
        for name, control, gain in (("red_gain", RED, settings.red_gain), ("blue_gain", BLUE, settings.blue_gain)):
            if gain is not None:
                self._put(AUTO_WHITE, 0)
                if not self._put_gain(control, gain):
                    ignored.append(name)
        return tuple(ignored)

    def lock(self) -> tuple[str, ...]:
        """Hold exposure and white balance as they are; names of what cannot be held."""
        exposure = self._get(EXPOSURE)
        held = self._put(AUTO_EXPOSURE, MANUAL)
        if held and exposure is not None:
            self._put(EXPOSURE, exposure)
        self._put(AUTO_GAIN, 0)
        self._put(AUTO_ISO, 0)
        white = self._put(AUTO_WHITE, 0)
        return tuple(name for name, well in (("exposure", held), ("white balance", white)) if not well)

    def values(self) -> dict[int, int]:
        """The controls that `set` and `lock` may change, as they are now: V4L2 keeps them after a program has ended."""
        return {control: value for control in CHANGED if (value := self._get(control)) is not None}

    def restore(self, values: dict[int, int]) -> None:
        """Set controls to what `values` returned."""
        for control, value in values.items():  # what is automatic comes last
            self._put(control, value)

    def _set_shutter(self, shutter_us: int) -> bool:
        if shutter_us == 0:
            return self._put(AUTO_EXPOSURE, APERTURE_PRIORITY) or self._put(AUTO_EXPOSURE, AUTOMATIC)
        self._put(AUTO_EXPOSURE, MANUAL)
        return self._put(EXPOSURE, max(1, round(shutter_us / EXPOSURE_US)))

    def _set_iso(self, iso: int) -> bool:
        if iso == 0:
            return self._put(AUTO_ISO, 1) or self._put(AUTO_GAIN, 1)
        span = self._range(ISO)
        if span is None:
            return False
        self._put(AUTO_ISO, 0)
        menu = [
            (value, index) for index in range(span[0], span[1] + 1) if (value := self._menu(ISO, index)) is not None
        ]
        if not menu:
            return self._put(ISO, iso)
        return self._put(ISO, min(menu, key=lambda row: (abs(row[0] / 1000 - iso), row))[1])

    def _put_gain(self, control: int, gain: float) -> bool:
        """A white balance gain: 1 is the middle of the camera's range, 0 its low end, 2 and more its high end."""
        span = self._range(control)
        if span is None:
            return False
        low, high = span
        return self._put(control, round(low + (high - low) / 2 * min(gain, 2.0) / NEUTRAL_GAIN))

    def _enumerate(self, request: int, size: int, head: Callable[[int], bytes]) -> Iterator[bytearray]:
        for index in range(256):
            value = bytearray(head(index).ljust(size, b"\0"))
            try:
                self._ioctl(self._descriptor, request, value)
            except OSError:
                return
            yield value

    def _range(self, control: int) -> tuple[int, int] | None:
        """Least and greatest value of a control; None if the camera has none."""
        value = bytearray(struct.pack("=I", control).ljust(68, b"\0"))
        try:
            self._ioctl(self._descriptor, QUERYCTRL, value)
        except OSError:
            return None
        low, high, _step, _default, flags = struct.unpack_from("=iiiiI", value, 40)
        return None if flags & DISABLED else (low, high)

    def _menu(self, control: int, index: int) -> int | None:
        """Value of one row of a menu of integers."""
        value = bytearray(struct.pack("=II", control, index).ljust(44, b"\0"))
        try:
            self._ioctl(self._descriptor, QUERYMENU, value)
        except OSError:
            return None
        return int(struct.unpack_from("=q", value, 8)[0])

    def _get(self, control: int) -> int | None:
        value = bytearray(struct.pack("=Ii", control, 0))
        try:
            self._ioctl(self._descriptor, G_CTRL, value)
        except OSError:
            return None
        return int(struct.unpack_from("=i", value, 4)[0])

    def _put(self, control: int, number: int) -> bool:
        """Set a control to the nearest value that it has; False if the camera refuses or has none."""
        span = self._range(control)
        if span is None:
            return False
        try:
            self._ioctl(
                self._descriptor, S_CTRL, bytearray(struct.pack("=Ii", control, min(max(number, span[0]), span[1])))
            )
        except OSError:
            return False
        return True


def best_mode(modes: list[tuple[bytes, tuple[int, int]]], size: tuple[int, int]) -> tuple[str, tuple[int, int]] | None:
    """FFmpeg's name of a format and the size nearest to `size` that covers it, else the largest; None without modes."""
    order = list(FORMATS)
    known = [(place, order.index(fourcc)) for fourcc, place in modes if fourcc in FORMATS]
    if not known:
        return None
    covering = [mode for mode in known if mode[0][0] >= size[0] and mode[0][1] >= size[1]]
    if covering:
        place, number = min(covering, key=lambda mode: (mode[0][0] * mode[0][1], mode[1]))
    else:
        place, number = max(known, key=lambda mode: (mode[0][0] * mode[0][1], -mode[1]))
    return FORMATS[order[number]], place


@contextmanager
def open_v4l2(path: str) -> Iterator[V4l2Device]:
    """A device, for its controls. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield V4l2Device(descriptor)
    finally:
        os.close(descriptor)


def list_v4l2(folder: Path = Path("/dev")) -> list[CameraInfo]:
    """Cameras of this machine, also those that cannot be opened now, with the reason."""
    found = []
    nodes = [path for path in folder.glob("video*") if whole_number(path.name[5:]) is not None]
    for path in sorted(nodes, key=lambda path: int(path.name[5:])):
        name = f"camera:{path.name[5:]}"
        try:
            with open_v4l2(str(path)) as device:
                title = device.title()
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):  # no V4L2 device at all
                found.append(CameraInfo(name, str(path), str(cannot_open(name, str(path), error))))
            continue
        if title:
            found.append(CameraInfo(name, title))
    return found


def cannot_open(name: str, path: str, error: OSError) -> DeviceError:
    """The error for a camera that does not open, with what to type."""
    absent = f"there is no {name} ({path}); plug it in, and see which there are with: livegan devices"
    forbidden = f"{name} ({path}) may not be opened by you; type: sudo usermod -aG video $USER, then log in again"
    known = dict.fromkeys((errno.ENOENT, errno.ENODEV, errno.ENXIO), absent)
    known |= dict.fromkeys((errno.EACCES, errno.EPERM), forbidden)
    known[errno.EBUSY] = f"{name} is in use by another program; close it (which one says: fuser {quoted(path)})"
    other = f"{name} ({path}) does not open ({printable(reason_of(error))}); is it a camera? see: livegan devices"
    return DeviceError(known.get(error.errno or 0, other))
