"""Stand-ins for drivers of cameras: the kernel's V4L2, OpenCV's VideoCapture, and picamera2."""

import errno
import struct
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from livegan.datasets.cameras import v4l2


class Kernel:
    """V4L2 ioctls of one webcam: controls with ranges, modes, and what it is called."""

    def __init__(self, controls: dict[int, tuple[int, int, int]], *, capture: bool = True) -> None:
        """`controls`: id to (least, greatest, value)."""
        self.controls = dict(controls)
        self.capabilities = 0x1 if capture else 0x00800000  # else metadata
        self.modes = {b"YUYV": [(640, 480), (1280, 720)], b"MJPG": [(640, 480), (1280, 720), (2560, 1440)]}
        self.iso_menu: list[int] = []

    def value(self, control: int) -> int:
        return self.controls[control][2]

    def __call__(self, _descriptor: int, request: int, value: bytearray) -> None:
        size = request >> 16 & 0x3FFF
        assert len(value) == size, "the kernel writes past a struct that is too short"
        number = struct.unpack_from("=I", value)[0]
        if request == v4l2.QUERYCAP:
            struct.pack_into(
                "=16s32s32sIII", value, 0, b"uvcvideo", b"HD Webcam", b"usb", 0, 0x80000001, self.capabilities
            )
        elif request == v4l2.ENUM_FMT:
            if number >= len(self.modes):
                raise OSError(errno.EINVAL, "no more")
            struct.pack_into("4s", value, 44, list(self.modes)[number])
        elif request == v4l2.FRAMESIZES:
            sizes = self.modes[bytes(value[4:8])]
            if number >= len(sizes):
                raise OSError(errno.EINVAL, "no more")
            struct.pack_into("=III", value, 8, 1, *sizes[number])
        elif number not in self.controls:
            raise OSError(errno.EINVAL, "no such control")
        else:
            self._control(request, number, value)

    def _control(self, request: int, number: int, value: bytearray) -> None:
        low, high, now = self.controls[number]
        if request == v4l2.QUERYCTRL:
            struct.pack_into("=iiiiI", value, 40, low, high, 1, low, 0)
        elif request == v4l2.G_CTRL:
            struct.pack_into("=i", value, 4, now)
        elif request == v4l2.S_CTRL:
            wanted = struct.unpack_from("=i", value, 4)[0]
            if not low <= wanted <= high:
                raise OSError(errno.ERANGE, "out of range")
            self.controls[number] = low, high, wanted
        elif request == v4l2.QUERYMENU:
            index = struct.unpack_from("=I", value, 4)[0]
            if number != v4l2.ISO or index >= len(self.iso_menu):
                raise OSError(errno.EINVAL, "no such row")
            struct.pack_into("=q", value, 8, self.iso_menu[index])


class SlowRead:
    """Makes a driver's read block until somebody lets one picture through, or a moment has passed."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def wait(self) -> None:
        self._event.wait(0.01)


class Capture:
    """cv2.VideoCapture of a webcam with exposure and no ISO; pictures are blue, as BGR."""

    def __init__(self, place: int | str) -> None:
        self.opened = place == 0
        self.properties: dict[int, float] = {3: 640.0, 4: 480.0, 15: 156.0}
        self.refused = {30}  # CAP_PROP_ISO_SPEED
        self.pace = SlowRead()
        self.left = 1 << 30  # pictures until it is unplugged

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def getBackendName(self) -> str:  # noqa: N802
        return "V4L2"

    def get(self, key: int) -> float:
        return self.properties.get(key, 0.0)

    def set(self, key: int, value: float) -> bool:
        if key in self.refused:
            return False
        if key not in (3, 4):  # it has one size
            self.properties[key] = value
        return True

    def read(self) -> tuple[bool, Any]:
        self.pace.wait()
        self.left -= 1
        picture = np.zeros((480, 640, 3), np.uint8)
        picture[..., 0] = 200
        return (True, picture) if self.left >= 0 else (False, None)

    def release(self) -> None:
        self.opened = False


class Picamera2:
    """picamera2.Picamera2 of one HQ camera."""

    busy = False

    def __init__(self, number: int = 0) -> None:
        if number:
            raise IndexError("list index out of range")
        if Picamera2.busy:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.sensor_resolution = (4056, 3040)
        self.controls: dict[str, Any] = {}
        self.size = (0, 0)
        self.pace = SlowRead()
        self.running = False

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return [{"Model": "imx477", "Num": 0, "Id": "/base/soc/i2c0mux"}]

    def create_video_configuration(self, main: dict[str, Any], controls: dict[str, Any]) -> dict[str, Any]:
        assert main["format"] == "BGR888"
        return {"main": main, "controls": controls}

    def align_configuration(self, configuration: dict[str, Any]) -> None:
        width, height = configuration["main"]["size"]
        configuration["main"]["size"] = width // 32 * 32, height // 2 * 2

    def configure(self, configuration: dict[str, Any]) -> None:
        self.size, self.controls = configuration["main"]["size"], dict(configuration["controls"])

    def set_controls(self, controls: dict[str, Any]) -> None:
        self.controls |= controls

    def capture_metadata(self) -> dict[str, Any]:
        return {"ExposureTime": 8123, "AnalogueGain": 2.5, "ColourGains": (3.1, 1.9)}

    def start(self) -> None:
        self.running = True

    def capture_array(self, _stream: str) -> Any:
        self.pace.wait()
        return np.full((self.size[1], self.size[0], 3), (200, 20, 10), np.uint8)

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        assert not self.running


def picamera2_module() -> ModuleType:
    """A module to be put into sys.modules as "picamera2"."""
    module: Any = ModuleType("picamera2")
    module.__spec__ = ModuleSpec("picamera2", None)
    module.Picamera2 = Picamera2
    return module  # type: ignore[no-any-return]
