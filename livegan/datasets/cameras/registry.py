"""CAMERAS: the table of camera backends, each one way to reach cameras."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from livegan.core.clock import Clock, WallClock
from livegan.core.registry import Registry
from livegan.datasets.cameras.camera import Camera, CameraInfo, CameraSettings


@dataclass(frozen=True, slots=True)
class CameraRequest:
    """What a camera is asked for; it gives the nearest that it has."""

    size: tuple[int, int] | None = None  # width, height [px]; None: the camera's own
    fps: float | None = None  # None: the camera's own
    settings: CameraSettings = field(default_factory=CameraSettings)
    clock: Clock = field(default_factory=WallClock)  # of the time stamps; films and fakes are paced by it


class CameraBackend(ABC):
    """Camera backend: lists its cameras and opens one. Nothing of its libraries is loaded before it is asked.

    `device` is what follows the colon of a camera's name: "0" in "opencv:0", "" in "opencv".
    """

    example: ClassVar[str | None] = None  # a device that every machine has, for the contract suite

    @classmethod
    def unavailable(cls) -> str:
        """Why it cannot be used on this machine, with what to type; "" if it can."""
        return ""

    @classmethod
    @abstractmethod
    def cameras(cls) -> list[CameraInfo]:
        """The cameras there are now, the first the one of ``device=""``."""

    @classmethod
    @abstractmethod
    def open(cls, device: str, request: CameraRequest) -> Camera:
        """Open one. DeviceError, one sentence with what to type, if it cannot be opened."""


CAMERAS: Registry[type[CameraBackend]] = Registry(
    "camera backend", package="livegan.datasets.cameras", entry_point_group="livegan.cameras"
)
