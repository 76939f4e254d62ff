"""Sound file decoder: PCM blocks and packets of one sound track on one continuous clock (FFmpeg, else libsndfile).

Nothing that a header says about length is believed: decoding goes on to the end of the file. What is heard and what is
copied into a film follow the same clock, made from the time stamps of the file: a hole in them is silence, a jump back
(joined files, chained Ogg) is closed.
"""

import io
import mmap
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.text import printable, quoted
from livegan.errors import MediaError

Pcm = NDArray[Any]  # (n, channels) uint8, int16, int32, float32 or float64, full scale as usual for each
DEMO_HINT = "to see the show without a song of your own: livegan play --input demo"
TOLERANCE_S = 0.05  # time stamps of sound that is whole are this exact; what is further off is a hole or a jump
MAX_HOLE_S = 60.0  # a longer hole is closed like a jump back: no recording pauses that long and means it
MISSING_S = 0.5  # an end this much before the one that the header promises is worth a word
PROBE_S = 600.0  # of several sound tracks that much is decoded at most to find one that is not silent
AUDIBLE = 1e-3  # -60 dBFS
EXACT_S = 0.001  # ... and after a packet that cannot be decoded this exact: what it held is missing
BLOCK = 4096  # samples that libsndfile reads at a time
PROMISING = frozenset({"flac", "mov,mp4,m4a,3gp,3g2,mj2", "caf", "aiff", "w64"})  # their durations are no estimates


class MediaClock:
    """Continuous time from the time stamps of a stream: holes stay, jumps back and absurd holes are closed."""

    def __init__(self) -> None:
        self._shift_s = 0.0

    def place(self, start_s: float, end_s: float) -> float:
        """Time [s] of what is stamped `start_s`, where everything before it ends at `end_s` on this clock."""
        at_s = start_s + self._shift_s
        if not -TOLERANCE_S <= at_s - end_s <= MAX_HOLE_S:
            self._shift_s += end_s - at_s
            at_s = end_s
        return at_s


def check_song_path(path: Path) -> None:
    """MediaError in one sentence for anything that is no ordinary file. Never opens it: a pipe could wait for ever."""
    name = printable(path)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path)):
        raise MediaError(f"'{name}' is an address on the network, not a file; download it first - or {DEMO_HINT}")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        where = printable(quoted(path.parent))
        raise MediaError(f"no file called '{name}'; check the name with: ls {where} - or {DEMO_HINT}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"'{name}' cannot be read ({printable(reason)}) - or {DEMO_HINT}") from error
    if stat.S_ISDIR(mode):
        raise MediaError(f"'{name}' is a folder, not a song; name one file in it - or {DEMO_HINT}")
    if not stat.S_ISREG(mode):
        raise MediaError(
            f"'{name}' is a pipe or a device, and a song is read more than once; write it to a file first - or "
            f"{DEMO_HINT}"
        )


class SoundFile:
    """Decoder of the sound of one file: the track that sounds, forward, as often as asked."""

    def __init__(self, path: str | Path) -> None:
        """Looks at the file. MediaError, one sentence, for anything that holds no sound."""
        self.path = Path(path).expanduser()
        self.name = printable(self.path)
        self.notices: tuple[str, ...] = ()  # sentences for the user; those about damage come with the last block
        check_song_path(self.path)
        self._options, self._promised_s = _wav_header(self.path)
        self._with_libsndfile = False
        self._sections = _ogg_sections(self.path)
        self.track = 0  # of the sound tracks
        try:
            self._look()
        except MediaError:
            if not self._try_libsndfile():
                raise

    def _look(self) -> None:
        with self.open() as container:
            tracks = container.streams.audio
            if not tracks:
                raise MediaError(f"'{self.name}' has no sound in it; choose another file - or {DEMO_HINT}")
            if len(tracks) > 1:
                self._choose_track(container)
                tracks = container.streams.audio
            track = tracks[self.track]
            context = track.codec_context
            self.codec = str(context.name)
            self.sample_rate, self.channels = int(context.sample_rate or 0), int(context.layout.nb_channels)
            self.sample_bytes = int(track.format.bytes) if track.format else 0
            self._layout = str(context.layout.name)
            self.extradata_size = int(context.extradata_size)
            self.expected_s = float(container.duration / 1e6) if container.duration else None
            if not self.sample_rate or not self.channels:
                raise MediaError(f"'{self.name}' holds no sound; export it again - or {DEMO_HINT}")
            if track.duration and (container.format.name in PROMISING or _has_frame_count(self.path)):
                self._promised_s = float(track.duration * track.time_base)

    def _try_libsndfile(self) -> bool:
        import soundfile  # late: it loads libsndfile

        try:
            with self.path.open("rb") as file, soundfile.SoundFile(file) as sound:
                self.codec, self.sample_bytes, self.extradata_size = str(sound.format).lower(), 4, 0
                self.sample_rate, self.channels = int(sound.samplerate), int(sound.channels)
                self.expected_s = None if sound.frames >= 1 << 40 else sound.frames / sound.samplerate
        except (soundfile.LibsndfileError, OSError, RuntimeError, TypeError):
            return False
        self._with_libsndfile = True
        return self.sample_rate > 0 and self.channels > 0

    def open(self, section: int = 0) -> Any:
        """The file as av.InputContainer (of chained Ogg one link); the caller closes it."""
        import av  # late: it loads FFmpeg

        try:
            source: Any = f"file:{self.path}"
            if len(self._sections) > 1:
                source = _Section(self.path, *self._sections[section])
            return av.open(source, options=self._options, metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = printable(getattr(error, "strerror", None) or error)
            raise MediaError(
                f"'{self.name}' is not a sound file livegan can read ({reason}); convert it with: "
                f"ffmpeg -i {printable(quoted(self.path))} song.flac - or {DEMO_HINT}"
            ) from error

    def _choose_track(self, container: Any) -> None:
        """The default track, unless it is silent and another one sounds."""
        tracks = list(container.streams.audio)
        order = sorted(tracks, key=lambda track: (not track.disposition & 1, track.index))  # 1: AV_DISPOSITION_DEFAULT
        sounding: set[int] = set()
        for packet in _packets(container, tracks):
            sounding |= {packet.stream.index for frame in _frames(packet) if _peak(frame) > AUDIBLE}
            late = packet.pts is not None and float(packet.pts * packet.time_base) > PROBE_S
            if order[0].index in sounding or late:
                break
        chosen = next((track for track in order if track.index in sounding), order[0])
        self.track = tracks.index(chosen)
        why = "" if chosen is order[0] else f", as track {tracks.index(order[0]) + 1} is silent"
        self.note(f"'{self.name}' has {len(tracks)} sound tracks; track {self.track + 1} is played{why}")

    def note(self, sentence: str) -> None:
        """Add a sentence to `notices`, once."""
        if sentence not in self.notices:
            self.notices = (*self.notices, sentence)

    def blocks(self) -> Iterator[Pcm]:
        """Everything that can be decoded, from the beginning, holes as silence; blocks (n, channels), n > 0."""
        return self._blocks_of_libsndfile() if self._with_libsndfile else self._blocks_of_ffmpeg()

    def _blocks_of_libsndfile(self) -> Iterator[Pcm]:
        import soundfile

        with suppress(soundfile.LibsndfileError), self.path.open("rb") as file, soundfile.SoundFile(file) as sound:
            while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
                yield block

    def _blocks_of_ffmpeg(self) -> Iterator[Pcm]:
        rate, written = self.sample_rate, 0
        self._silent = self._damaged = 0
        for section in range(len(self._sections)):
            with self.open(section) as container:
                tracks = container.streams.audio
                track = tracks[min(self.track, len(tracks) - 1)] if tracks else None
                for block in self._decoded(container, track) if track else ():
                    written += len(block)
                    yield block
        self._report(written / rate, self._silent / rate)

    def _decoded(self, container: Any, track: Any) -> Iterator[Pcm]:
        """Blocks of one track of an open file, holes as silence; counts damage."""
        import av

        clock, written, rate = MediaClock(), 0, self.sample_rate
        zero_s = float((track.start_time or 0) * track.time_base)
        converter = None  # where the sample rate or the channels change
        lost = False  # the last packet
        for packet in _packets(container, [track]):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._damaged, lost = self._damaged + 1, True
                continue
            for frame in frames:
                if frame.sample_rate != rate or frame.layout.nb_channels != self.channels:
                    layout = self._layout
                    converter = converter or av.AudioResampler(format="flt", layout=layout, rate=rate)
                    parts = [_values(part) for part in converter.resample(frame)]
                else:
                    parts = [_values(frame)]
                if frame.pts is not None and parts:
                    at_s = clock.place(float(frame.pts * frame.time_base) - zero_s, written / rate)
                    hole = round(at_s * rate) - written
                    if hole > (EXACT_S if lost else TOLERANCE_S) * rate:
                        written, self._silent = written + hole, self._silent + hole
                        yield from _silence(hole, parts[0])
                    lost = False
                for part in parts:
                    written += len(part)
                    if len(part):
                        yield part

    def _report(self, decoded_s: float, silent_s: float) -> None:
        if self._promised_s is not None and self._promised_s - decoded_s > MISSING_S:
            self.note(
                f"'{self.name}' ends after {decoded_s:.1f} s of the {self._promised_s:.1f} s that its header promises: "
                f"the rest is missing or cannot be decoded"
            )
        elif self._damaged or silent_s:
            self.note(f"'{self.name}' is damaged: {silent_s:.2f} s of it cannot be decoded and are silent")

    def is_continuous(self, until_s: float = float("inf")) -> bool:
        """True if the time stamps up to `until_s` have no hole and no jump, so that packets can be copied."""
        if self._with_libsndfile or len(self._sections) > 1:
            return False
        end_s: float | None = None
        with self.open() as container:
            for packet in _packets(container, [container.streams.audio[self.track]]):
                if packet.pts is None:
                    return bool(packet.size == 0)
                start_s = float(packet.pts * packet.time_base)
                if end_s is not None and abs(start_s - end_s) > TOLERANCE_S:
                    return False
                end_s = start_s + float((packet.duration or 0) * packet.time_base)
                if end_s > until_s:
                    break
        return True


class _Section(io.RawIOBase):
    """Part of a file as a file of its own."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._file = path.open("rb")
        self._start, self._size, self._at = start, end - start, 0

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._at
        self._file.seek(self._start + self._at)
        part = self._file.read(left if size < 0 else min(size, left))
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _ogg_sections(path: Path) -> list[tuple[int, int]]:
    """Where the links of a chained Ogg file lie (RFC 3533, section 4), as (start, end); of other files the whole."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if file.read(4) != b"OggS":
            return [(0, size)]
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            starts, at = [0], 0
            while (first := data.find(b"OggS\x00\x02", at + 1)) > 0:  # a page that begins a stream
                page = data.rfind(b"OggS\x00", at, first)
                if data[page + 5] & 2 == 0:  # after one that does not: a new link
                    starts.append(first)
                at = first
    return list(zip(starts, [*starts[1:], size], strict=True))


def _packets(container: Any, tracks: list[Any]) -> Iterator[Any]:
    """Packets until the file ends or cannot be read any further; the last, empty ones flush the decoders."""
    import av

    with suppress(av.FFmpegError):
        yield from container.demux(tracks)


def _frames(packet: Any) -> list[Any]:
    import av

    try:
        return list(packet.decode())
    except av.FFmpegError:
        return []


def _values(frame: Any) -> Pcm:
    values: Pcm = frame.to_ndarray()
    return values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)


def _peak(frame: Any) -> float:
    values = to_float(_values(frame))
    return float(np.abs(values).max()) if values.size else 0.0


def _silence(count: int, like: Pcm) -> Iterator[Pcm]:
    quiet = 128 if like.dtype == np.uint8 else 0
    for start in range(0, count, BLOCK):
        yield np.full((min(BLOCK, count - start), like.shape[1]), quiet, like.dtype)


def to_float(pcm: Pcm) -> NDArray[np.float32]:
    """PCM as float32, full scale ±1: exact for 8 to 24 bits."""
    if pcm.dtype == np.uint8:
        return (pcm.astype(np.float32) - np.float32(128.0)) * np.float32(1 / 128)
    if pcm.dtype.kind == "i":
        return pcm.astype(np.float32) * np.float32(-1.0 / np.iinfo(pcm.dtype).min)
    return np.ascontiguousarray(pcm, np.float32)


def _has_frame_count(path: Path) -> bool:
    """True for an MP3 whose first frame says how many follow (Xing, Info, VBRI): other durations are estimates."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            file.seek(10 + sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(head[6:10]))))
            head = file.read(10)
        head += file.read(2048)
        return head[:1] == b"\xff" and any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))
    return False


def _wav_header(path: Path) -> tuple[dict[str, str], float | None]:
    """FFmpeg's options for a WAV file, and the length that its header promises [s].

    The data chunk of a recorder that lost power, or of a file beyond 4 GB, is longer than its header says: if what
    follows its end is no list of chunks, everything up to the end of the file is sound.
    """
    with suppress(OSError), path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(12)
        bytes_per_s = 0
        while head[:4] == b"RIFF" and head[8:] == b"WAVE" and len(chunk := file.read(8)) == 8:
            length, at = int.from_bytes(chunk[4:], "little"), file.tell()
            if chunk[:4] == b"fmt ":
                bytes_per_s = int.from_bytes(file.read(12)[8:], "little")
            elif chunk[:4] == b"data":
                if 0 < length < 0xFFFFFFFF and at + length < size and not _chunks_follow(file, at + length, size):
                    return {"ignore_length": "1"}, None
                promised = 0 < length < 0xFFFFFFFF and bytes_per_s > 0
                return {}, length / bytes_per_s if promised else None
            file.seek(at + length + length % 2)
    return {}, None


def _chunks_follow(file: Any, at: int, size: int) -> bool:
    """True if chunks (four printable characters and a length each) lead from `at` to the end of a RIFF file."""
    for start in {at, at + at % 2}:
        place = start
        while place + 8 <= size:
            file.seek(place)
            chunk = file.read(8)
            if not all(32 <= byte < 127 for byte in chunk[:4]):
                break
            place += 8 + int.from_bytes(chunk[4:], "little")
            place += place % 2
        else:
            if start + 8 > size or place > start:
                return True
    return False
