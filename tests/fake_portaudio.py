"""A PortAudio made of nothing: its devices come, go and fail as a test says."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from livegan.core.types import Samples


class FakeError(Exception):
    """Stands in for sounddevice.PortAudioError."""


def device(
    name: str, channels: int = 2, api: int = 0, rate: int = 48000, rates: tuple[int, ...] = ()
) -> dict[str, Any]:
    """One device; it opens at `rates` (none given: at its own)."""
    return {
        "name": name,
        "hostapi": api,
        "max_input_channels": channels,
        "default_samplerate": float(rate),
        "rates": rates or (rate,),
    }


class FakeStream:
    """Calls back when the test plays something."""

    def __init__(self, driver: "FakeDriver", found: dict[str, Any], settings: dict[str, Any]) -> None:
        self.driver, self.device, self.settings = driver, found, settings
        self.active = False
        self.closed = 0

    def start(self) -> None:
        self.active = True

    def abort(self) -> None:
        self.active = False
        if self.driver.sulks:
            raise FakeError("dead stream")

    def close(self) -> None:
        self.active = False
        self.closed += 1

    def play(self, block: Samples, age_s: float = 0.0, overflow: bool = False) -> None:
        """One callback: the first sample of `block` reached the converter `age_s` ago."""
        times = SimpleNamespace(currentTime=100.0, inputBufferAdcTime=100.0 - age_s)
        self.settings["callback"](block, len(block), times, SimpleNamespace(input_overflow=overflow))

    def silence(self) -> None:
        """One callback of zeros, as the stream was opened."""
        self.play(np.zeros((self.settings["blocksize"], self.settings["channels"]), np.float32))


@dataclass
class FakeDriver:
    """What livegan uses of `sounddevice`. `plugged` is the truth, `listed` what PortAudio believes."""

    plugged: list[dict[str, Any]]
    apis: tuple[str, ...] = ("ALSA",)
    refuses: str = ""  # every open fails with this
    sulks: bool = False  # abort() raises
    lists: int = 0  # how often the list was made anew
    streams: list[FakeStream] = field(default_factory=list)
    PortAudioError: type[Exception] = FakeError

    def __post_init__(self) -> None:
        self._initialize()

    def query_devices(self) -> list[dict[str, Any]]:
        return self.listed

    def query_hostapis(self) -> list[dict[str, Any]]:
        first = dict.fromkeys(range(len(self.apis)), -1)
        for index, found in reversed(list(enumerate(self.listed))):
            if found["max_input_channels"]:
                first[found["hostapi"]] = index
        return [{"name": name, "default_input_device": first[api]} for api, name in enumerate(self.apis)]

    def check_input_settings(self, **settings: Any) -> None:
        found = self.listed[settings["device"]]
        if settings["samplerate"] not in found["rates"]:
            raise FakeError("Invalid sample rate [PaErrorCode -9997]")

    def InputStream(self, **settings: Any) -> FakeStream:  # noqa: N802
        found = self.listed[settings["device"]]
        if self.refuses or found not in self.plugged:
            raise FakeError(self.refuses or "Illegal combination of I/O devices [PaErrorCode -9993]")
        if settings["channels"] > found["max_input_channels"]:
            raise FakeError("Invalid number of channels [PaErrorCode -9998]")
        self.check_input_settings(**settings)
        stream = FakeStream(self, found, settings)
        self.streams.append(stream)
        return stream

    def OutputStream(self, **settings: Any) -> FakeStream:  # noqa: N802
        if self.refuses:
            raise FakeError(self.refuses)
        self.streams.append(FakeStream(self, {}, settings))
        return self.streams[-1]

    def _initialize(self) -> None:
        self.listed = list(self.plugged)
        self.lists += 1

    def _terminate(self) -> None:
        self.listed = []

    @property
    def stream(self) -> FakeStream:
        """The newest stream."""
        return self.streams[-1]

    def unplug(self) -> None:
        """Everything goes away; streams end as PortAudio ends them."""
        self.plugged = []
        for stream in self.streams:
            stream.active = False
