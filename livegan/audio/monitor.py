"""Audio monitor: plays a source's ring through the default output device."""

from functools import partial
from typing import Any

from livegan.audio.portaudio import (
    DRIVER_HANGS,
    DRIVER_TIMEOUT_S,
    Driver,
    close_stream,
    output_stream,
    portaudio,
    run_within,
)
from livegan.audio.source import Source
from livegan.core.types import Samples
from livegan.errors import DeviceError

LAG_S = 0.05  # how far the loudspeaker stays behind the newest sample
MAX_DRIFT_S = 0.15  # this far from that place, it jumps back to it


class Monitor:
    """Output stream that plays what a source writes. Without an output device it stays silent and `notice` says so.

    Started and stopped by one thread; needs no polling.
    """

    def __init__(self, source: Source, *, driver: Driver | None = None) -> None:
        self.notice = ""
        self._ring = source.ring
        self._driver = driver
        self._stream: Any = None
        self._mark = 0

    def start(self) -> None:
        """Open the default output; if there is none, `notice` says so."""
        try:
            self._driver = self._driver or portaudio()
        except DeviceError as error:
            self.notice = f"no sound is played: {error}"
            return
        try:
            self._stream = output_stream(
                self._driver, min(self._ring.channels, 2), self._ring.sample_rate, self._callback
            )
            self._stream.start()
        except (self._driver.PortAudioError, ValueError, OSError) as error:
            self.stop()
            missing = "device -1" in str(error)
            reason = "this machine has no loudspeaker that livegan can open" if missing else str(error)
            self.notice = f"no sound is played: {reason}"

    def stop(self) -> None:
        """Close the output, within two seconds: if the driver hangs, `notice` says so. Idempotent."""
        stream, self._stream = self._stream, None
        if (
            stream is not None
            and self._driver is not None
            and not run_within(DRIVER_TIMEOUT_S, partial(close_stream, self._driver, stream))
        ):
            self.notice = f"{DRIVER_HANGS}: the loudspeaker was not closed"

    def _callback(self, block: Samples, frames: int, times: Any, status: Any) -> None:
        """PortAudio calls this: copy from the ring, zeros where there is nothing yet."""
        rate = self._ring.sample_rate
        place = self._ring.written - round(LAG_S * rate)
        if abs(place - self._mark) > MAX_DRIFT_S * rate:
            self._mark = max(place, 0)
        block[self._ring.read_into(block, self._mark) :] = 0.0
        self._mark += frames
