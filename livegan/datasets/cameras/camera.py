"""Camera interface: an open camera, its pictures and its settings."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Self

from livegan.core.types import Pixels
from livegan.errors import DeviceError

MAX_ISO, MAX_SHUTTER_US, MAX_WHITE_GAIN = 800, 1_000_000, 8.0  # as pitraiture's options


class CameraLostError(DeviceError):
    """An open camera gives no more pictures: it was unplugged, or its driver failed. Opening it again may help."""


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """One picture of a camera."""

    time_s: float  # when it came, on the clock that the camera was opened with
    pixels: Pixels  # uint8 RGB (height, width, 3)


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Exposure and white balance of a camera; None leaves each as the camera has it."""

    iso: int | None = None  # 1..800, 0: automatic
    gain: float | None = None  # in the camera's own units; on a Raspberry Pi a factor
    shutter_us: int | None = None  # exposure time [µs], 0: automatic
    red_gain: float | None = None  # white balance, 0..8; given, it is no longer automatic
    blue_gain: float | None = None

    def asked(self) -> tuple[str, ...]:
        """Names of the settings that are not None."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is not None)


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera of this machine, for lists."""

    name: str  # opens it: `open_camera(name)`
    title: str  # what the camera calls itself
    problem: str = ""  # why it cannot be opened now, and what to type


class Camera(ABC):
    """Open camera, a context manager. All calls come from one thread.

    Laws: `read` gives the newest picture that was not read yet, never an older one than before; it returns None
    within about `timeout_s` where there is no newer one; `size` is that of its pictures; closing is idempotent, and
    reading after it raises CameraLostError.
    """

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        self.name = name  # for display
        self.size = size  # width, height of its pictures [px]: the nearest to what was asked
        self.ignored: tuple[str, ...] = ()  # names of CameraSettings that were asked for and that it does not have

    @abstractmethod
    def read(self, timeout_s: float) -> CameraPicture | None:
        """The newest picture, waited for `timeout_s` at most; CameraLostError when the camera is gone."""

    def lock(self) -> tuple[str, ...]:
        """Hold exposure and white balance as they are now. Names of what cannot be held: "exposure", "white balance".

        What settings have set by hand is held already.
        """
        return ("exposure", "white balance")

    @abstractmethod
    def close(self) -> None:
        """Give the device back. Idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
