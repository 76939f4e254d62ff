"""Video file writer (PyAV): frames and sound in one file that plays even after a crash."""

import itertools
import os
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from livegan.core.files import move_to_free_name
from livegan.core.types import Frame, Samples
from livegan.errors import MediaError
from livegan.outputs.encoders import add_video, pixel_format
from livegan.outputs.formats import FRAGMENTED, VIDEO_OPTIONS, Format, even_size, film_format, need_encoder
from livegan.outputs.fragments import whole_fragments
from livegan.outputs.frame_converter import FrameConverter
from livegan.outputs.live_sound import MAX_LIVE_CHANNELS, LiveSoundWriter
from livegan.outputs.rate import frame_rate
from livegan.outputs.registry import Output
from livegan.outputs.sound import Silent, SoundEncoder, SoundWriter, song_writer
from livegan.outputs.soundtrack import AudioTrack, LiveSound

TICKS = 90_000  # per second, for live recordings (the clock of MPEG systems, ISO 13818-1)
MAX_REORDER_S = 2  # between decoding and showing a frame
LIVE_BIT_RATE = 256_000


def _free_part(path: Path) -> Path:
    """Where a film is while it is written: one place for each film of this process."""
    for number in itertools.count(1):
        part = path.with_name(f"{path.stem}.part-{os.getpid()}{f'-{number}' if number > 1 else ''}{path.suffix}")
        if not part.exists():
            return part
    raise AssertionError


class Film(Output):
    """Video file writer for .mp4, .mov, .mkv and .webm.

    Renders place a frame by its index, live recordings (``live=True``) by its time. While it is made, film.mp4 is
    called film.part-1234.mp4 (the process's number); `close` makes it whole and gives it its name. So an older film of
    that name is there until there is a new one, two programs never write one file, and if the process is killed, the
    part plays up to about the last second. A film without frames leaves no file and replaces none. If there is a film
    of that name when this one is closed, this one becomes film-2.mp4 and `notice` says so, unless `overwrite` is set.
    One that cannot be written on, as the disk is full, is closed as it is: it ends with its last whole fragment.
    """

    takes_sound = True

    def __init__(
        self,
        path: Path | str,
        size: tuple[int, int],
        fps: str | Fraction | int | float,
        *,
        audio: AudioTrack | LiveSound | None = None,
        live: bool = False,
        quality: float = 17.0,
        codec: str = "",
        preset: str = "veryfast",
        threads: int = 0,
        overwrite: bool = False,
        transparent: bool = False,
    ) -> None:
        """Open the file; MediaError says what to type if that cannot be.

        `size` is (width, height) in pixels, odd numbers are rounded up; `quality` is the encoder's CRF (lower is
        better, 17 looks like the original); `codec` "" chooses by the ending; `threads` 0 lets the encoder choose.
        `transparent`: light on nothing instead of light on black (`frame_converter`).
        """
        self.path = Path(path)
        self._part = _free_part(self.path)
        self._overwrite = overwrite
        self._notice = ""
        self.fps = frame_rate(fps)
        self.frames = 0
        self._live = live
        self._tick = Fraction(1, TICKS) if live else 1 / self.fps
        width, height = even_size(size)
        kind = film_format(self.path)
        codec = codec or kind.video
        layout = pixel_format(codec, transparent)
        self._converter = FrameConverter(width, height, exact=not live, layout=layout)
        if codec not in VIDEO_OPTIONS:
            raise MediaError(f"no video encoder '{codec}'; there are: {', '.join(VIDEO_OPTIONS)}")
        need_encoder(codec)
        options = {**dict(kind.options), "fflags": "bitexact", "flush_packets": "1"}
        self._sound: SoundWriter
        self._closed = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.is_dir():
                raise IsADirectoryError("it is a folder")
            self._file = av.open(f"file:{self._part}", "w", format=kind.muxer, options=options)
            with ExitStack() as failed:
                failed.callback(self._discard)
                self._stream = add_video(
                    self._file,
                    codec,
                    (width, height),
                    self.fps,
                    tick=self._tick,
                    quality=quality,
                    preset=preset,
                    threads=threads,
                    transparent=transparent,
                )
                self._sound = self._writer(kind, audio)
                self._file.start_encoding()
                failed.pop_all()
        except (av.FFmpegError, OSError, ValueError) as error:
            sentence = f"cannot write the film '{self.path}': {error}; give another place, e.g. -o ~/{self.path.name}"
            raise MediaError(sentence) from error
        self._closed = False
        self._failed = False  # it could not be written on; `notice` says why
        self._first: int | float | None = None
        self._last = -1

    def _writer(self, kind: Format, audio: AudioTrack | LiveSound | None) -> SoundWriter:
        if isinstance(audio, AudioTrack):
            return song_writer(self._file, audio, kind)
        if isinstance(audio, LiveSound):
            channels = min(audio.channels, MAX_LIVE_CHANNELS)
            out = SoundEncoder(self._file, kind.lossy, audio.sample_rate, channels, 0, LIVE_BIT_RATE)
            return LiveSoundWriter(out, audio.channels)
        return Silent()

    def _discard(self) -> None:
        """What could not be begun leaves no file."""
        with suppress(av.FFmpegError, OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _place(self, frame: Frame) -> int:
        if self._live:
            if self._first is None:
                self._first = frame.plan.time_s
            place = round((frame.plan.time_s - self._first) * TICKS)
        else:
            if self._first is None:
                self._first = frame.plan.index
            place = int(frame.plan.index - self._first)
        return max(place, self._last + 1)

    def send(self, frame: Frame) -> None:
        """Write one frame, and the sound that belongs to it; MediaError if the disk is full, say."""
        if self._closed:
            raise MediaError(f"the film '{self.path}' is closed; open another")
        picture = self._converter.convert(np.asarray(frame.pixels))
        picture.pts, picture.time_base = self._place(frame), self._tick
        if isinstance(self._sound, LiveSoundWriter):
            self._sound.begin(frame.plan.time_s)
        try:
            self._mux(self._stream.encode(picture))
            self._last = picture.pts
            self.frames += 1
            self._sound.advance((self._last + 1) * self._tick)
        except (av.FFmpegError, OSError) as error:
            raise self._failure(error) from error

    def _failure(self, error: av.FFmpegError | OSError) -> MediaError:
        self._failed = True
        self._notice = f"cannot write on in '{self.path}': {error.strerror}; look at the free space: df -h"
        return MediaError(self._notice)

    def _mux(self, packets: "list[av.Packet[VideoStream]]") -> None:
        for packet in packets:
            late = 0 if packet.dts is None or packet.pts is None else packet.pts - packet.dts
            if not 0 <= late * self._tick <= MAX_REORDER_S:  # of one or two frames x265 makes them up
                packet.dts = packet.pts
            self._file.mux(packet)

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:
        """Sound of a live recording, (n, channels) -1..1; `start_s` is when its first sample was heard [s].

        Without `start_s` it follows what was sent before. Sound from before the first frame is left out.
        """
        if not isinstance(self._sound, LiveSoundWriter) or sample_rate != self._sound.sample_rate:
            raise MediaError(
                f"this film expects no sound at {sample_rate} Hz; open it with audio=LiveSound({sample_rate}, ...)"
            )
        try:
            self._sound.add(samples, start_s)
        except (av.FFmpegError, OSError) as error:
            raise self._failure(error) from error

    @property
    def part(self) -> Path:
        """Where it is while it is written."""
        return self._part

    @property
    def overwrites(self) -> bool:
        """Whether it replaces an older film of its name."""
        return self._overwrite

    @property
    def notice(self) -> str:
        return self._notice

    def _name(self) -> None:
        """Give the finished film its name, or the nearest free one if another film has it by now."""
        if self._overwrite:
            os.replace(self._part, self.path)
            return
        requested, self.path = self.path, move_to_free_name(self._part, self.path)
        if self.path != requested:
            self._notice = f"another {requested} was written meanwhile; this film is {self.path}"

    def _cut_off(self) -> bool:
        """Close the file as it is, and take its torn end away; whether anything of it plays. Raises OSError."""
        with suppress(av.FFmpegError, OSError):
            self._file.close()  # writes nothing: FFmpeg does not write on after an error
        whole = self._part.stat().st_size
        if self.path.suffix.lower() in FRAGMENTED:
            whole = whole_fragments(self._part)
            os.truncate(self._part, whole)
        return whole > 0

    def close(self) -> None:
        """Make the film whole and give it its name. Idempotent, also after an interrupt.

        MediaError if it cannot be; a live one that could not be written on is named too, and `notice` says so.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if not self._failed:
                if self.frames:
                    self._mux(self._stream.encode(None))
                    self._sound.finish()
                self._file.close()
        except (av.FFmpegError, OSError) as error:
            self._failure(error)
        try:
            plays = self._cut_off() if self._failed else self.frames > 0
            if plays and self._failed and not self._live:
                raise MediaError(f"{self._notice}; what there is of it is in '{self._part}'")
            if plays:
                self._name()
            else:
                self._part.unlink(missing_ok=True)
        except OSError as error:
            raise MediaError(f"cannot finish '{self.path}': {error}; it is '{self._part}'") from error
