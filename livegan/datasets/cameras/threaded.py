"""Threaded camera: a thread takes pictures from a driver that blocks, and the reader gets the newest."""

import threading
from abc import abstractmethod
from typing import Any

from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.text import printable
from livegan.core.types import Pixels
from livegan.datasets.cameras.camera import Camera, CameraLostError, CameraPicture

JOIN_S = 2.0  # a driver that hangs longer keeps its thread


class ThreadedCamera(Camera):
    """Camera of a driver whose reads block. Call `start` at the end of `__init__`."""

    def __init__(self, name: str, size: tuple[int, int], clock: Clock) -> None:
        super().__init__(name, size)
        self._clock = clock
        self._newest: Latest[tuple[int, float, Any]] = Latest()  # number, time, picture as the driver gives it
        self._seen = 0
        self._woken = threading.Event()
        self._newest.subscribe(self._woken.set)
        self._stop = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="livegan-camera-driver", daemon=True)

    def start(self) -> None:
        """Begin to take pictures."""
        self._thread.start()

    @abstractmethod
    def grab(self) -> Any:
        """Wait for the next picture, in the driver's own form; None if there was none. On the camera's thread."""

    @abstractmethod
    def convert(self, grabbed: Any) -> Pixels:
        """A grabbed picture as uint8 RGB. On the reader's thread, only of pictures that are read."""

    @abstractmethod
    def release(self) -> None:
        """Close the device. On the camera's thread, after the last `grab`."""

    def read(self, timeout_s: float) -> CameraPicture | None:
        until_s = self._clock.now() + timeout_s
        while True:
            if self._stop.is_set():
                raise CameraLostError(f"{self.name} is closed")
            self._woken.clear()
            newest = self._newest.peek()
            if newest is not None and newest[0] > self._seen:
                self._seen = newest[0]
                return CameraPicture(newest[1], self.convert(newest[2]))
            if self._failure:
                raise CameraLostError(f"{self.name} gives no more pictures ({self._failure}); plug it in again")
            left_s = until_s - self._clock.now()
            if left_s <= 0 or not self._woken.wait(left_s):
                return None

    def close(self) -> None:
        """Stop the thread and the device; a driver that hangs is left behind after two seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        number = 0
        try:
            while not self._stop.is_set():
                grabbed = self.grab()
                if grabbed is not None:
                    number += 1
                    self._newest.put((number, self._clock.now(), grabbed))
        except (CameraLostError, OSError, ValueError, RuntimeError, EOFError) as error:
            self._failure = printable(getattr(error, "strerror", None) or error or "it ended")
        finally:
            self.release()
            self._woken.set()
