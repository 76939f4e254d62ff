"""OpenCV's cameras, for those that FFmpeg does not open: Media Foundation on Windows, GStreamer, network cameras."""

from importlib.util import find_spec
from typing import Any

from livegan.core.text import printable, whole_number
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraLostError, CameraSettings
from livegan.datasets.cameras.registry import CAMERAS, CameraBackend, CameraRequest
from livegan.datasets.cameras.threaded import ThreadedCamera
from livegan.errors import DeviceError

MANUAL = {"V4L2": 1.0, "DSHOW": 0.25}  # CAP_PROP_AUTO_EXPOSURE, by backend; others: 0
AUTOMATIC = {"V4L2": 3.0, "DSHOW": 0.75}  # others: 1
EXPOSURE_UNITS_US = {"V4L2": 100.0, "AVFOUNDATION": 1.0}  # of CAP_PROP_EXPOSURE; others: log2 of seconds


@CAMERAS("opencv", order=300)
class OpenCvBackend(CameraBackend):
    """Backend of OpenCV; the device is a number or an address that OpenCV's VideoCapture understands."""

    @classmethod
    def unavailable(cls) -> str:
        return "" if find_spec("cv2") else "OpenCV is not installed; type: pip install 'livegan[faces]'"

    @classmethod
    def cameras(cls) -> list[CameraInfo]:
        return []  # OpenCV cannot list; those of the system are in the list of `av`

    @classmethod
    def open(cls, device: str, request: CameraRequest) -> Camera:
        import cv2

        logging = getattr(getattr(cv2, "utils", None), "logging", None)
        if logging is not None:
            logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # a camera that is missing is said by us
        number = whole_number(device)
        place = (device or 0) if number is None else number
        try:
            capture = cv2.VideoCapture(place)
        except cv2.error:
            capture = None
        if capture is None or not capture.isOpened():
            raise DeviceError(
                f"OpenCV opens no camera {printable(place)}; plug it in, let no other program use it, "
                "or see which there are: livegan devices"
            )
        return OpenCvCamera(f"opencv:{device or 0}", cv2, capture, request)


class OpenCvCamera(ThreadedCamera):
    """Camera that OpenCV reads."""

    def __init__(self, name: str, cv2: Any, capture: Any, request: CameraRequest) -> None:
        """Owns `capture`, an open cv2.VideoCapture, from now on."""
        self._cv2, self._capture = cv2, capture
        if request.size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, request.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, request.size[1])
        if request.fps is not None:
            capture.set(cv2.CAP_PROP_FPS, request.fps)
        size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        super().__init__(printable(name), size, request.clock)
        self._driver = str(capture.getBackendName())
        kept = (cv2.CAP_PROP_EXPOSURE, cv2.CAP_PROP_GAIN, cv2.CAP_PROP_AUTO_WB, cv2.CAP_PROP_AUTO_EXPOSURE)
        self._before = [(key, capture.get(key)) for key in kept]  # drivers keep them after a program has ended
        self._changed = bool(request.settings.asked())
        self.ignored = self._set(request.settings)
        self.start()

    def lock(self) -> tuple[str, ...]:
        """What the driver claims to hold: OpenCV cannot ask whether it does."""
        cv2, capture = self._cv2, self._capture
        self._changed = True
        exposure = capture.get(cv2.CAP_PROP_EXPOSURE)
        held = capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL.get(self._driver, 0.0))
        held = bool(held and capture.set(cv2.CAP_PROP_EXPOSURE, exposure))
        white = bool(capture.set(cv2.CAP_PROP_AUTO_WB, 0.0))
        return tuple(name for name, well in (("exposure", held), ("white balance", white)) if not well)

    def grab(self) -> Any:
        try:
            well, picture = self._capture.read()
        except self._cv2.error as error:
            raise CameraLostError(printable(error)) from error
        if not well:
            raise CameraLostError("no picture came")
        return picture

    def convert(self, grabbed: Any) -> Pixels:
        pixels: Pixels = self._cv2.cvtColor(grabbed, self._cv2.COLOR_BGR2RGB)
        self.size = pixels.shape[1], pixels.shape[0]
        return pixels

    def release(self) -> None:
        for key, value in self._before if self._changed else ():
            self._capture.set(key, value)
        self._capture.release()

    def _set(self, settings: CameraSettings) -> tuple[str, ...]:
        """Apply settings; the names of those that the driver refuses."""
        cv2, put, done = self._cv2, self._capture.set, {}
        if settings.shutter_us is not None and settings.shutter_us > 0:
            from math import log2

            unit = EXPOSURE_UNITS_US.get(self._driver)
            put(cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL.get(self._driver, 0.0))
            value = settings.shutter_us / unit if unit else log2(settings.shutter_us / 1e6)
            done["shutter_us"] = put(cv2.CAP_PROP_EXPOSURE, value)
        elif settings.shutter_us is not None:
            done["shutter_us"] = put(cv2.CAP_PROP_AUTO_EXPOSURE, AUTOMATIC.get(self._driver, 1.0))
        if settings.iso is not None:
            done["iso"] = put(cv2.CAP_PROP_ISO_SPEED, settings.iso)
        if settings.gain is not None:
            done["gain"] = put(cv2.CAP_PROP_GAIN, settings.gain)
        if settings.red_gain is not None or settings.blue_gain is not None:
            put(cv2.CAP_PROP_AUTO_WB, 0.0)
        if settings.red_gain is not None:
            done["red_gain"] = put(cv2.CAP_PROP_WHITE_BALANCE_RED_V, settings.red_gain)
        if settings.blue_gain is not None:
            done["blue_gain"] = put(cv2.CAP_PROP_WHITE_BALANCE_BLUE_U, settings.blue_gain)
        return tuple(name for name, well in done.items() if not well)
