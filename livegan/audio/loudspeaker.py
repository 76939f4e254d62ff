"""Loudspeaker: the default sound output, played ahead of time from blocks that are handed over in order."""

from functools import partial
from typing import Any

from livegan.audio.portaudio import DRIVER_TIMEOUT_S, Driver, close_stream, output_stream, portaudio, run_within
from livegan.core.clock import Clock, WallClock
from livegan.core.rings import SampleRing
from livegan.core.types import Samples
from livegan.errors import DeviceError

AHEAD_S = 0.4  # how much is handed over before it is heard
WAIT_S = 0.01  # between two looks at how far it is
STALLED_S = 5.0  # a driver that takes nothing for so long is dead
NONE = (
    "the sound cannot be played: {}; see what is there with: livegan doctor - or write a sound file with: "
    "livegan compose wav FILE.mid"
)


class Loudspeaker:
    """Output stream that plays every block handed over, without a gap. One thread, which waits while enough is ahead.

    A context manager: it opens the device, and closes it whatever happened.
    """

    def __init__(self, sample_rate: int, *, driver: Driver | None = None, clock: Clock | None = None) -> None:
        self._ring = SampleRing(2, sample_rate)
        self._driver, self._clock = driver, clock or WallClock()
        self._stream: Any = None
        self._played = 0  # samples the driver has taken; written by its callback

    def __enter__(self) -> "Loudspeaker":
        """Open the default output. DeviceError if there is none."""
        self._driver = self._driver or portaudio()
        try:
            self._stream = output_stream(self._driver, 2, self._ring.sample_rate, self._callback)
            self._stream.start()
        except (self._driver.PortAudioError, ValueError, OSError) as error:
            self.__exit__()
            raise DeviceError(NONE.format(error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close the output at once, within two seconds if the driver hangs. Idempotent."""
        stream, self._stream = self._stream, None
        if stream is not None and self._driver is not None:
            run_within(DRIVER_TIMEOUT_S, partial(close_stream, self._driver, stream))

    def write(self, block: Samples) -> None:
        """Hand over samples (n, 2), at most a second; waits for room. DeviceError if the driver takes no more."""
        self._wait_until_left(round(AHEAD_S * self._ring.sample_rate))
        self._ring.write(block, 0.0)

    def drain(self) -> None:
        """Wait until all that was handed over has been heard. DeviceError as for `write`."""
        self._wait_until_left(0)
        self._clock.wait_until(self._clock.now() + float(self._stream.latency))

    def _wait_until_left(self, most: int) -> None:
        played, since_s = self._played, self._clock.now()
        while self._ring.written - self._played > most:
            now_s = self._clock.now()
            if self._played != played:
                played, since_s = self._played, now_s
            elif now_s - since_s > STALLED_S:
                raise DeviceError(NONE.format("the sound driver takes no more samples"))
            self._clock.wait_until(now_s + WAIT_S)

    def _callback(self, block: Samples, frames: int, times: Any, status: Any) -> None:
        """PortAudio calls this: copy from the ring, zeros where there is nothing."""
        there = self._ring.read_into(block, self._played)
        block[there:] = 0.0
        self._played += there
