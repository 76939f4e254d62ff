"""Paced camera: pictures that are known beforehand, each at its time on a clock."""

from abc import abstractmethod
from math import floor

from livegan.core.clock import Clock
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraLostError, CameraPicture

EXACT = 1e-6  # frames


class PacedCamera(Camera):
    """Camera that gives picture i at ``i / fps`` seconds after it was opened; what is late is left out.

    On a ManualClock the same reads at the same times give the same pictures.
    """

    def __init__(self, name: str, size: tuple[int, int], fps: float, clock: Clock) -> None:
        super().__init__(name, size)
        self._fps, self._clock, self._start_s = fps, clock, clock.now()
        self._last = -1
        self._closed = False

    def read(self, timeout_s: float) -> CameraPicture | None:
        if self._closed:
            raise CameraLostError(f"{self.name} is closed")
        until_s = self._clock.now() + timeout_s
        due_s = self._start_s + (self._last + 1) / self._fps
        self._clock.wait_until(min(due_s, until_s))
        index = floor((self._clock.now() - self._start_s) * self._fps + EXACT)
        if index <= self._last:
            return None
        pixels = self.picture(index)
        self._last = index
        return CameraPicture(self._start_s + index / self._fps, pixels)

    @abstractmethod
    def picture(self, index: int) -> Pixels:
        """Picture `index`, asked for in rising order. CameraLostError if there is none any more."""

    def close(self) -> None:
        self._closed = True
