"""One connection of a stream: H.264 and AAC with little delay, to a file or to a carrier process."""

import json
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.video.stream import VideoStream

from livegan.core.own_process import module_command, module_environment
from livegan.core.priority import niced
from livegan.core.types import Frame, Samples
from livegan.errors import MediaError
from livegan.outputs.encoders import BT709, LIMITED, LIVE_THREADS, pixel_format
from livegan.outputs.frame_converter import FrameConverter
from livegan.outputs.live_sound import MAX_LIVE_CHANNELS, LiveSoundWriter
from livegan.outputs.sound import SoundEncoder
from livegan.outputs.stream_address import StreamAddress

CARRIER = "livegan.outputs.stream_carrier"
TICKS = 90_000  # per second
KEY_FRAME_S = 2  # what streaming services ask for
SOUND_BIT_RATE = 160_000
STALLED_S = 5.0  # that the carrier takes nothing
READY_S = 20.0  # that it takes to start on a busy machine
END_S = 2.0  # that it gets to send what it has
OPTIONS = {"flush_packets": "1", "max_interleave_delta": "500000"}
FLV = {"flvflags": "no_duration_filesize"}  # nobody can go back and write them


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """Format of a stream."""

    size: tuple[int, int]  # (width, height), even
    fps: Fraction
    bit_rate: int  # of the picture [bit/s]
    codec: str
    sample_rate: int  # 0: no sound
    channels: int


def encoder_options(codec: str) -> dict[str, str]:
    """Options of an H.264 encoder that keeps no picture back."""
    match codec:
        case "h264_nvenc":
            return {"preset": "p2", "tune": "ull", "rc": "cbr", "bf": "0", "zerolatency": "1"}
        case "h264_qsv":
            return {"preset": "veryfast", "bf": "0", "async_depth": "1"}
        case "h264_amf":
            return {"usage": "ultralowlatency", "rc": "cbr", "bf": "0"}
        case "h264_videotoolbox":
            return {"realtime": "1", "allow_sw": "0"}
    return {"preset": "superfast", "tune": "zerolatency", "bf": "0", "x264-params": "scenecut=0"}


def _free(path: Path) -> Path:
    """The path, or NAME-2, NAME-3 ... if there is a file already: a show that was started again goes on beside it."""
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return path if not path.exists() else next(name for name in names if not name.exists())


class Carrier:
    """Carrier process, and the socket that feeds it. OSError if it ends, or takes nothing for `STALLED_S`."""

    def __init__(self, address: StreamAddress) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (a pipe that nobody reads fills up)
        with ExitStack() as failed:
            failed.callback(self._log.close)
            with socket.create_server(("127.0.0.1", 0), backlog=1) as door:
                door.settimeout(0.1)
                port = door.getsockname()[1]
                self._process = self._start(address, port)
                failed.callback(self._process.wait)
                failed.callback(self._process.kill)
                self._socket = self._accept(door)
            self._socket.settimeout(STALLED_S)
            failed.pop_all()

    def _start(self, address: StreamAddress, port: int) -> "subprocess.Popen[bytes]":
        job: dict[str, Any] = {"port": port, "url": address.sent, "muxer": address.muxer}
        if address.scheme == "srt":  # PyAV's FFmpeg is built without libsrt
            if not (program := shutil.which("ffmpeg")):
                raise MediaError("SRT needs the program ffmpeg; type: sudo apt install ffmpeg")
            command = [program, "-nostdin", "-v", "error", "-f", "flv", "-analyzeduration", "400000"]
            command += ["-i", f"tcp://127.0.0.1:{port}", "-c", "copy", "-f", address.muxer, address.sent]
        else:
            command = module_command(CARRIER)
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._log, env=module_environment()
        )
        assert process.stdin is not None
        with suppress(OSError), process.stdin as stdin:
            stdin.write(json.dumps(job).encode() + b"\n")
        return process

    def _accept(self, door: socket.socket) -> socket.socket:
        for _ in range(round(READY_S / 0.1)):
            with suppress(TimeoutError):
                return door.accept()[0]
            if self._process.poll() is not None:
                break
        raise OSError(0, self.reason or "the carrier process did not start")

    @property
    def reason(self) -> str:
        """What it said last."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def check(self) -> None:
        """OSError if it has ended."""
        if self._process.poll() is not None:
            raise OSError(0, self.reason or "the connection was closed")

    def write(self, data: Any) -> int:
        """Hand bytes over, all of them."""
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise OSError(0, f"nothing was taken for {STALLED_S:.0f} s") from None
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            self.check()
            raise
        return len(data)

    def close(self) -> None:
        """Let it send what it has, for a moment. Idempotent."""
        with suppress(OSError):
            self._socket.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class StreamLink:
    """Encoder, muxer and connection; made anew after each break. OSError or av.FFmpegError where it breaks."""

    def __init__(self, address: StreamAddress, stream: StreamFormat) -> None:
        self._carrier = None if address.path is not None else Carrier(address)
        self._first_s: float | None = None
        self._last = -1
        self._sound: LiveSoundWriter | None = None
        self.taken_s: float | None = None  # since when it takes pictures, by their times
        target = f"file:{_free(address.path)}" if address.path is not None else self._carrier
        muxer, options = ("mpegts", OPTIONS) if self._carrier is None else ("flv", OPTIONS | FLV)
        with ExitStack() as failed:
            failed.callback(self._end_carrier)
            self._file = av.open(target, "w", format=muxer, options=options)
            failed.callback(self._end_file)
            self._converter = FrameConverter(*stream.size, exact=False, layout=pixel_format(stream.codec))
            niced(partial(self._add_streams, stream))
            self._file.start_encoding()
            failed.pop_all()

    def _add_streams(self, stream: StreamFormat) -> None:
        video = self._file.add_stream(stream.codec, rate=stream.fps, options=encoder_options(stream.codec))
        assert isinstance(video, VideoStream)
        video.width, video.height = stream.size
        video.pix_fmt = pixel_format(stream.codec)
        context = video.codec_context
        context.time_base = Fraction(1, TICKS)
        context.gop_size = max(1, round(KEY_FRAME_S * stream.fps))
        context.max_b_frames = 0
        context.bit_rate = stream.bit_rate
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        context.thread_count = LIVE_THREADS
        self._video = video
        if stream.sample_rate:
            channels = min(stream.channels, MAX_LIVE_CHANNELS)
            encoder = SoundEncoder(self._file, "aac", stream.sample_rate, channels, 0, SOUND_BIT_RATE)
            self._sound = LiveSoundWriter(encoder, stream.channels)

    def send(self, frame: Frame) -> None:
        """Encode and send one frame."""
        if self._carrier is not None:
            self._carrier.check()
        time_s = frame.plan.time_s
        if self._first_s is None:
            self._first_s = self.taken_s = time_s
            if self._sound is not None:
                self._sound.begin(time_s)
        picture = self._converter.convert(np.asarray(frame.pixels))
        self._last = max(round((time_s - self._first_s) * TICKS), self._last + 1)
        picture.pts, picture.time_base = self._last, Fraction(1, TICKS)
        self._file.mux(self._video.encode(picture))

    def send_audio(self, samples: Samples, start_s: float | None) -> None:
        """Encode and send a block of sound (n, channels)."""
        if self._sound is not None:
            self._sound.add(samples, start_s)

    def close(self) -> None:
        """Send what is held back, and end. Idempotent."""
        with suppress(av.FFmpegError, OSError):
            if self._first_s is not None:
                self._file.mux(self._video.encode(None))
                if self._sound is not None:
                    self._sound.finish()
        self._end_file()
        self._end_carrier()

    def _end_file(self) -> None:
        with suppress(av.FFmpegError, OSError):
            self._file.close()

    def _end_carrier(self) -> None:
        if self._carrier is not None:
            self._carrier.close()
