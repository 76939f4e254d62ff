"""Stream output: the show as H.264 and AAC to a server or a program on the network; it connects again by itself."""

import shutil
from fractions import Fraction
from math import inf
from typing import Annotated

import av
from pydantic import AfterValidator, BeforeValidator, Field

from livegan.core.files import check_writable
from livegan.core.types import Frame, Samples
from livegan.errors import MediaError
from livegan.outputs.encoders import hardware_encoder
from livegan.outputs.formats import even_size, need_encoder
from livegan.outputs.rate import frame_rate
from livegan.outputs.registry import OUTPUTS, LiveOptions, Output, ShowFormat
from livegan.outputs.size_option import Side, size_option
from livegan.outputs.stream_address import parse_stream_address
from livegan.outputs.stream_link import StreamFormat, StreamLink

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0  # before connecting again; twice as long each time
WELL_S = 3.0  # that a connection holds, until nothing is said of the one before
STEADY_S = 10.0  # and until the next wait is a short one again


def _url(text: str) -> str:
    return parse_stream_address(text).url


class StreamOptions(LiveOptions):
    """Options of the output `stream`."""

    url: Annotated[str, AfterValidator(_url)] = Field(
        description="rtmp://HOST/APP/KEY, rtmps://, srt://HOST:PORT, udp://, rtp://, tcp://, or a file NAME.ts"
    )
    size: Annotated[tuple[Side, Side] | None, BeforeValidator(size_option)] = Field(
        None, description='width and height [px], "1280x720"; the window\'s where it is not given'
    )
    bitrate: float = Field(6.0, ge=0.1, le=100, description="of the picture [Mbit/s]")
    sound: bool = Field(True, strict=True, description="with the sound that is heard")
    hardware: bool = Field(True, strict=True, description="encode on the graphics card if its encoder passes a trial")


@OUTPUTS("stream")
class Stream(Output):
    """Stream of the show. A server that is not there, or goes, is told; it is tried again, later each time."""

    Options = StreamOptions
    example = {"url": "udp://127.0.0.1:9", "sound": False, "hardware": False}  # noqa: RUF012
    takes_sound = True
    live = True

    def __init__(self, options: StreamOptions, show: ShowFormat) -> None:
        self._address = parse_stream_address(options.url)
        self._format = _format(options, show)
        self._link: StreamLink | None = None
        self._now_s = self._retry_s = -inf  # the newest frame's time; when to connect at the earliest
        self._wait_s = FIRST_WAIT_S
        self._lost, self._reason, self._closed = 0, "", False
        self.breaks = 0  # how often the connection was lost or not made

    @classmethod
    def check(cls, options: StreamOptions) -> None:
        address = parse_stream_address(options.url)
        need_encoder("libx264")
        if address.scheme == "srt" and not shutil.which("ffmpeg"):
            raise MediaError("a stream by SRT needs the program ffmpeg; type: sudo apt install ffmpeg")
        if (path := address.path) is not None:
            try:
                check_writable(path)
            except OSError as error:
                raise MediaError(f"cannot write '{path}': {error.strerror}; choose another place") from error

    @property
    def dropped(self) -> int:
        return self._lost

    @property
    def notice(self) -> str:
        return self._reason

    def send(self, frame: Frame) -> None:
        """Send one frame; while there is no connection it is dropped and counted."""
        now_s = self._now_s = frame.plan.time_s
        if self._closed:
            return
        try:
            if self._link is None and now_s >= self._retry_s:
                self._link = StreamLink(self._address, self._format)
            if self._link is None:
                self._lost += 1
                return
            self._link.send(frame)
        except (av.FFmpegError, OSError) as error:
            self._lost += 1
            self._broken(error)
            return
        held_s = now_s - (now_s if self._link.taken_s is None else self._link.taken_s)
        if held_s >= WELL_S:
            self._reason = ""
        if held_s >= STEADY_S:
            self._wait_s = FIRST_WAIT_S

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        if self._link is None or not self._format.sample_rate:
            return
        try:
            self._link.send_audio(samples, start_s)
        except (av.FFmpegError, OSError) as error:
            self._broken(error)

    def _broken(self, error: Exception) -> None:
        """End the connection, and say when the next will be tried."""
        self.breaks += 1
        self._end()
        why = getattr(error, "strerror", None) or str(error)
        if self._address.path is not None:
            raise MediaError(f"cannot write on in '{self._address.url}': {why}; look at the free space: df -h")
        self._reason = f"stream: {self._address.shown} is not reached ({why}); it is tried again every few seconds"
        self._retry_s, self._wait_s = self._now_s + self._wait_s, min(2 * self._wait_s, LONGEST_WAIT_S)

    def _end(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._end()


def _format(options: StreamOptions, show: ShowFormat) -> StreamFormat:
    fps: Fraction = frame_rate(show.fps)
    size = even_size(options.size or show.size)
    codec = (hardware_encoder(size, fps) if options.hardware else "") or "libx264"
    rate = show.sample_rate if options.sound else 0
    return StreamFormat(size, fps, round(options.bitrate * 1e6), codec, rate, show.channels)
