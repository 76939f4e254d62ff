"""Hearing the song that plays: a source's ring, aloud, through the default output."""

from functools import partial
from typing import Any

from livegan.audio.portaudio import ANSWER_S, HANGS, Driver, let_go, portaudio, within
from livegan.audio.source import Source
from livegan.core.types import Samples
from livegan.errors import DeviceError

BEHIND_S = 0.05  # how far the loudspeaker stays behind the newest sample
ASTRAY_S = 0.15  # this far from that place, it jumps back to it


class Monitor:
    """Plays what a source writes. A machine without loudspeaker is no error: it plays silently and says so.

    Started and stopped by one thread; nobody tends it.
    """

    def __init__(self, source: Source, *, driver: Driver | None = None) -> None:
        """Nothing is opened yet."""
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
            self._stream = self._driver.OutputStream(
                channels=min(self._ring.channels, 2),
                samplerate=self._ring.sample_rate,
                blocksize=512,
                dtype="float32",
                callback=self._play,
            )
            self._stream.start()
        except (self._driver.PortAudioError, ValueError, OSError) as error:
            self.stop()
            self.notice = f"no sound is played: {error}"

    def stop(self) -> None:
        """Close the output, within two seconds: if the driver hangs, `notice` says so. Twice is fine."""
        stream, self._stream = self._stream, None
        if (
            stream is not None
            and self._driver is not None
            and not within(ANSWER_S, partial(let_go, self._driver, stream))
        ):
            self.notice = f"{HANGS}: the loudspeaker was not closed"

    def _play(self, block: Samples, frames: int, times: Any, status: Any) -> None:
        """PortAudio calls this: copy from the ring, zeros where there is nothing yet."""
        rate = self._ring.sample_rate
        place = self._ring.written - round(BEHIND_S * rate)
        if abs(place - self._mark) > ASTRAY_S * rate:
            self._mark = max(place, 0)
        first, sound = self._ring.read(self._mark, self._mark + frames)
        count = len(sound) if first == self._mark else 0
        block[:count] = sound[:count, : block.shape[1]]
        block[count:] = 0.0
        self._mark += frames
