"""Cameras of a Raspberry Pi, by picamera2: shutter, gain and white balance are set exactly."""

from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from livegan.core.text import printable, whole_number
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraSettings
from livegan.datasets.cameras.registry import CAMERAS, CameraBackend, CameraRequest
from livegan.datasets.cameras.threaded import ThreadedCamera
from livegan.errors import DeviceError

ISO_OF_GAIN_1 = 100  # as of the older picamera: ISO 100 is an analogue gain of about 1
FPS = 30.0
INSTALL = "sudo apt install python3-picamera2 (and make the environment with --system-site-packages)"


@CAMERAS("picamera2", order=50)
class RaspberryBackend(CameraBackend):
    """Backend of picamera2; the device is the camera's number."""

    @classmethod
    def unavailable(cls) -> str:
        if find_spec("picamera2"):
            return ""
        return f"picamera2 is not installed; on a Raspberry Pi type: {INSTALL}, or: pip install 'livegan[raspberry]'"

    @classmethod
    def cameras(cls) -> list[CameraInfo]:
        try:
            from picamera2 import Picamera2
        except (ImportError, OSError):  # libcamera is missing
            return []
        listed = Picamera2.global_camera_info()
        return [CameraInfo(f"picamera2:{row['Num']}", printable(row["Model"])) for row in listed]

    @classmethod
    def open(cls, device: str, request: CameraRequest) -> Camera:
        try:
            from picamera2 import Picamera2
        except (ImportError, OSError) as error:
            raise DeviceError(f"picamera2 does not load ({printable(error)}); type: {INSTALL}") from error
        name = f"picamera2:{device or 0}"
        number = whole_number(device or "0")
        if number is None:
            raise DeviceError(f"'{printable(device)}' is no number of a camera; type for example: picamera2:0")
        try:
            driver = Picamera2(number)
        except IndexError as error:
            raise DeviceError(
                f"there is no {name}; push its ribbon cable in, and see what is there with: rpicam-hello --list-cameras"
            ) from error
        except (RuntimeError, OSError) as error:
            raise DeviceError(
                f"{name} does not open ({printable(error)}); end the program that uses it (rpicam-hello, motion ...)"
            ) from error
        try:
            return RaspberryCamera(name, driver, request)
        except (RuntimeError, OSError, ValueError) as error:
            driver.close()
            raise DeviceError(f"{name} does not start ({printable(error)}); give another --resolution") from error


class RaspberryCamera(ThreadedCamera):
    """Camera of a Raspberry Pi."""

    def __init__(self, name: str, driver: Any, request: CameraRequest) -> None:
        """Owns `driver`, a Picamera2, once it returns. RuntimeError if it does not start."""
        self._driver = driver
        most = driver.sensor_resolution
        size = (min(request.size[0], most[0]), min(request.size[1], most[1])) if request.size else most
        stream = {"size": size, "format": "BGR888"}  # which lies in memory as red, green, blue
        settings, fps = request.settings, request.fps or FPS
        if settings.shutter_us:
            fps = min(fps, 1e6 / settings.shutter_us)
        controls = {"FrameRate": fps} | _controls(settings)
        configuration = driver.create_video_configuration(main=stream, controls=controls)
        driver.align_configuration(configuration)
        driver.configure(configuration)
        width, height = configuration["main"]["size"]
        super().__init__(name, (int(width), int(height)), request.clock)
        self._settings = settings
        driver.start()
        self.start()

    def lock(self) -> tuple[str, ...]:
        now = self._driver.capture_metadata()
        held: dict[str, Any] = {"AeEnable": False, "AwbEnable": False}
        if not self._settings.shutter_us:
            held["ExposureTime"] = now["ExposureTime"]
        if not self._settings.iso and self._settings.gain is None:
            held["AnalogueGain"] = now["AnalogueGain"]
        if self._settings.red_gain is None and self._settings.blue_gain is None:
            held["ColourGains"] = now["ColourGains"]
        self._driver.set_controls(held)
        return ()

    def grab(self) -> Any:
        return self._driver.capture_array("main")

    def convert(self, grabbed: Any) -> Pixels:
        pixels: Pixels = grabbed[: self.size[1], : self.size[0], :3]
        return pixels

    def release(self) -> None:
        with suppress(RuntimeError, OSError):
            self._driver.stop()
        self._driver.close()


def _controls(settings: CameraSettings) -> dict[str, Any]:
    """Controls of libcamera for settings; what is 0 stays automatic."""
    controls: dict[str, Any] = {}
    if settings.shutter_us:
        controls["ExposureTime"] = settings.shutter_us
    if settings.gain is not None:
        controls["AnalogueGain"] = settings.gain
    elif settings.iso:
        controls["AnalogueGain"] = settings.iso / ISO_OF_GAIN_1
    if settings.red_gain is not None or settings.blue_gain is not None:
        controls["AwbEnable"] = False
        controls["ColourGains"] = (
            1.0 if settings.red_gain is None else settings.red_gain,
            1.0 if settings.blue_gain is None else settings.blue_gain,
        )
    return controls
