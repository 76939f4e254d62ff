"""Base of outputs that hand pictures to other programs: fits them to one size, and opens a device again that went."""

import sys
from abc import abstractmethod
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import BeforeValidator, Field

from livegan.core.types import Frame, Pixels, Samples
from livegan.errors import MediaError
from livegan.outputs.formats import even_size
from livegan.outputs.frame_converter import FrameConverter
from livegan.outputs.registry import LiveOptions, Output, ShowFormat
from livegan.outputs.size_option import Side, size_option

RETRY_S = 2.0
FAULTS = (RuntimeError, OSError, ValueError)  # that drivers raise


class WireOptions(LiveOptions):
    """Options of outputs that hand pictures to other programs."""

    size: Annotated[tuple[Side, Side] | None, BeforeValidator(size_option)] = Field(
        None, description='width and height [px], "1280x720"; the window\'s where it is not given'
    )


class Device(Protocol):
    """What takes the pictures."""

    def send(self, picture: Pixels, frame: Frame) -> None:
        """Hand over one picture, of the size it was opened with. Raises one of FAULTS."""

    def send_audio(self, samples: Samples, sample_rate: int) -> None:
        """Hand over a block of sound (n, channels), -1..1."""

    def close(self) -> None:
        """Give it back."""


class Wire(Output):
    """Output to another program. What it opens fails loudly before the show, and is opened again during it."""

    live = True
    name = ""  # in notices
    opens_at_first_frame = False  # by the thread that sends: OpenGL belongs to one
    channels = 3  # of the pictures; the fourth is 255

    def __init__(self, options: Any, show: ShowFormat) -> None:
        self.options, self.show = options, show
        self.size = even_size(options.size or show.size)
        self._converter = FrameConverter(*self.size, exact=False, layout="rgb24")
        self._four = np.full((self.size[1], self.size[0], 4), 255, np.uint8)
        self._device: Device | None = None if self.opens_at_first_frame else self.open_device()
        self._now_s = self._retry_s = float("-inf")  # the newest frame's time; when to open it again at the earliest
        self._lost, self._trouble, self._closed = 0, "", False

    @abstractmethod
    def open_device(self) -> Device:
        """Open it for pictures of `size`; MediaError, with what to type, where that cannot be."""

    @property
    def dropped(self) -> int:
        return self._lost

    @property
    def notice(self) -> str:
        return self._trouble

    def send(self, frame: Frame) -> None:
        """Hand over one frame; one that cannot be is counted."""
        if self._closed:
            return
        now_s = self._now_s = frame.plan.time_s
        try:
            if self._device is None and now_s >= self._retry_s:
                self._device = self.open_device()
            if self._device is None:
                self._lost += 1
                return
            self._device.send(self._fitted(np.asarray(frame.pixels)), frame)
            self._trouble = ""
        except (MediaError, *FAULTS) as error:
            self._lost += 1
            self._broken(error)

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        if self._device is None or self._closed:
            return
        try:
            self._device.send_audio(samples, sample_rate)
        except FAULTS as error:
            self._broken(error)

    def _fitted(self, pixels: Pixels) -> Pixels:
        fitted = self._converter.fitted(pixels)
        if self.channels == 3:
            return fitted
        self._four[..., :3] = fitted
        return self._four

    def _broken(self, error: Exception) -> None:
        self._end()
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        self._trouble = reason if isinstance(error, MediaError) else f"{self.name}: {reason}; it is opened again"
        self._retry_s = self._now_s + RETRY_S

    def _end(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            try:
                device.close()
            except FAULTS as error:
                self._trouble = f"{self.name}: {error}"

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._end()


def library(module: str, what: str, extra: str) -> Any:
    """The module of an optional extra; MediaError with what to type where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise MediaError(f"{what} needs {name}; type: pip install 'livegan[{extra}]'") from error


def has_library(module: str) -> bool:
    """Whether that module can be imported."""
    return module in sys.modules or find_spec(module) is not None
