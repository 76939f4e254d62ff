"""Sound file decoder: PCM blocks and packets of one sound track on one continuous clock (FFmpeg, else libsndfile).

Nothing that a header says about length is believed: decoding goes on to the end of the file. What is heard and what is
copied into a film follow the same clock, made from the time stamps of the file: a hole in them is silence, a jump back
(joined files, chained Ogg) is closed.
"""

import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.file_kind import EMPTY_LOG, MIDI, SONG, USES, file_kind, folder_for_song, use_of
from livegan.core.files import expanded
from livegan.core.sections import SectionFile, sections
from livegan.core.text import printable, quoted
from livegan.errors import MediaError

Pcm = NDArray[Any]  # (n, channels) uint8, int16, int32, float32 or float64, full scale as usual for each
DEMO_HINT = "to see the show without a song of your own: livegan play --input demo"
TOLERANCE_S = 0.05  # time stamps of sound that is whole are this exact; what is further off is a hole or a jump
MAX_HOLE_S = 60.0  # a longer hole is closed like a jump back: no recording pauses that long and means it
MAX_PROMISE_S = 86_400.0  # a longer one stands for "unknown", or is wrong
MAX_PACKET_S = 0.25  # AAC, MP3 and Opus have shorter ones
MISSING_S = 0.5  # an end this much before the one that the header promises is reported
PROBE_S = 600.0  # of several sound tracks that much is decoded at most to find one that is not silent
AUDIBLE = 1e-3  # -60 dBFS
EXACT_S = 0.001  # ... and after a packet that cannot be decoded this exact: what it held is missing
UNNUMBERED = frozenset({"aac", "mp3", "ac3", "eac3", "dts"})  # FFmpeg makes up their time stamps
BLOCK = 4096  # samples that libsndfile reads at a time
PROMISING = frozenset({"flac", "mov,mp4,m4a,3gp,3g2,mj2", "caf", "aiff", "w64"})  # their durations are no estimates


class MediaClock:
    """Continuous time from the time stamps of a stream: holes stay, jumps back and absurd holes are closed."""

    def __init__(self) -> None:
        self._shift_s = 0.0

    def place(self, start_s: float, end_s: float, holes: bool = True) -> float:
        """Time [s] of what is stamped `start_s`, where everything before it ends at `end_s` on this clock.

        Without `holes`, they are closed too.
        """
        at_s = start_s + self._shift_s
        if not -TOLERANCE_S <= at_s - end_s <= (MAX_HOLE_S if holes else TOLERANCE_S):
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
        raise MediaError(f"{folder_for_song(path)} - or {DEMO_HINT}")
    if not stat.S_ISREG(mode):
        raise MediaError(
            f"'{name}' is a pipe or a device, and a song is read more than once; write it to a file first - or "
            f"{DEMO_HINT}"
        )


class SoundFile:
    """Decoder of the sound of one file: the track that sounds, forward, as often as asked."""

    def __init__(self, path: str | Path) -> None:
        """Looks at the file. MediaError, one sentence, for anything that holds no sound."""
        self.path = expanded(path)
        self.name = printable(self.path)
        self.notices: tuple[str, ...] = ()  # sentences for the user; those about damage come with the last block
        check_song_path(self.path)
        self._options: dict[str, str] = {}
        self._with_libsndfile = False
        self._sections = sections(self.path)
        self._promised_s: float | None = None
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
            self._is_mp4 = container.format.name.startswith("mov,mp4")
            self.codec = str(context.name)
            self.sample_rate, self.channels = int(context.sample_rate or 0), int(context.layout.nb_channels)
            self.sample_bytes = int(track.format.bytes) if track.format else 0
            self._layout = str(context.layout.name)
            self.extradata_size = int(context.extradata_size)
            self.expected_s = float(container.duration / 1e6) if container.duration else None
            if not self.sample_rate or not self.channels:
                raise MediaError(f"'{self.name}' holds no sound; export it again - or {DEMO_HINT}")
            unknown = any(section.unknown for section in self._sections)
            if container.format.name == "mp3":
                self._promised_s = _mp3_promise_s(self.path)
            elif track.duration and container.format.name in PROMISING and not unknown:
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
        """The file as av.InputContainer (one section of it); the caller closes it."""
        import av  # late: it loads FFmpeg

        try:
            source: Any = f"file:{self.path}"
            if len(self._sections) > 1 or self._sections[0].patches:
                source = SectionFile(self.path, self._sections[section])
            return av.open(source, options=self._options, metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = printable(getattr(error, "strerror", None) or error)
            if other := _other_kind(self.path):
                raise MediaError(f"'{self.name}' is {other}") from error
            if self._is_empty():
                raise MediaError(f"'{self.name}' is empty; export it again - or {DEMO_HINT}") from error
            raise MediaError(
                f"'{self.name}' is not a sound file livegan can read ({reason}); convert it with: "
                f"ffmpeg -i {printable(quoted(self.path))} song.flac - or {DEMO_HINT}"
            ) from error

    def _is_empty(self) -> bool:
        try:
            return self.path.stat().st_size == 0
        except OSError:
            return False

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

    def blocks(self, start_s: float = 0.0) -> Iterator[Pcm]:
        """Everything that can be decoded, holes as silence; blocks (n, channels), n > 0.

        What lies before `start_s`, to a packet, is left out without being decoded (of several sections, the first).
        """
        return self._blocks_of_libsndfile(start_s) if self._with_libsndfile else self._blocks_of_ffmpeg(start_s)

    def _blocks_of_libsndfile(self, start_s: float) -> Iterator[Pcm]:
        import soundfile

        with suppress(soundfile.LibsndfileError), self.path.open("rb") as file, soundfile.SoundFile(file) as sound:
            sound.seek(min(round(start_s * sound.samplerate), sound.frames))
            while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
                yield block

    def _blocks_of_ffmpeg(self, start_s: float) -> Iterator[Pcm]:
        rate, written, missing = self.sample_rate, 0, 0.0
        self._silent = self._damaged = 0
        for number, section in enumerate(self._sections):
            before = written
            with self.open(number) as container:
                tracks = container.streams.audio
                track = tracks[min(self.track, len(tracks) - 1)] if tracks else None
                for block in self._decoded(container, track, 0.0 if number else start_s) if track else ():
                    written += len(block)
                    yield block
            missing += (written - before) * section.missing
        if not written and self._is_mp4 and not self._options and not start_s:
            self._options = {"ignore_editlist": "1"}  # an edit list that leaves nothing
            yield from self._blocks_of_ffmpeg(start_s)
            return
        if start_s:
            return  # how much is missing was said when it was played from its beginning
        promised_s = max(self._promised_s or 0.0, (written + missing) / rate)
        self._report(written / rate, self._silent / rate, promised_s)

    def _decoded(self, container: Any, track: Any, from_s: float) -> Iterator[Pcm]:
        """Blocks of one track of an open file from `from_s` on, holes as silence; counts damage."""
        import av

        clock, written, rate = MediaClock(), 0, self.sample_rate
        numbered = container.format.name not in UNNUMBERED
        zero_s: float | None = None  # time stamp of the first sample
        converter, converted = None, None  # where the sample rate or the channels change
        lost = False  # the last packet
        begin_s: float | None = None
        for packet in _packets(container, [track]):
            if from_s and packet.pts is not None:
                at_s = float(packet.pts * packet.time_base)
                begin_s = at_s + from_s if begin_s is None else begin_s
                if at_s < begin_s:
                    continue
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._damaged, lost = self._damaged + 1, True
                continue
            for frame in frames:
                if frame.sample_rate != rate or frame.layout.nb_channels != self.channels:
                    kind = (frame.sample_rate, frame.layout.name, frame.format.name)
                    if kind != converted:
                        converter = av.AudioResampler(format="flt", layout=self._layout, rate=rate)
                        converted = kind
                    parts = [_values(part) for part in converter.resample(frame)] if converter else []
                else:
                    parts = [_values(frame)]
                if frame.pts is not None and parts:
                    start_s = float(frame.pts * frame.time_base)
                    if zero_s is None:
                        zero_s = float((track.start_time or 0) * track.time_base) if lost else start_s
                    at_s = clock.place(start_s - zero_s, written / rate, holes=numbered or lost)
                    hole = round(at_s * rate) - written
                    if hole > (EXACT_S if lost else TOLERANCE_S) * rate:
                        written, self._silent = written + hole, self._silent + hole
                        yield from _silence(hole, parts[0])
                    lost = False
                for part in parts:
                    written += len(part)
                    if len(part):
                        yield part

    def _report(self, decoded_s: float, silent_s: float, promised_s: float) -> None:
        if MISSING_S < promised_s - decoded_s <= MAX_PROMISE_S:
            self.note(
                f"'{self.name}' ends after {decoded_s:.1f} s of the {promised_s:.1f} s that its header promises: "
                f"the rest is missing or cannot be decoded"
            )
        elif self._damaged or silent_s:
            silent = f": {silent_s:.2f} s of it cannot be decoded and are silent" if silent_s >= 0.01 else ""
            self.note(f"'{self.name}' is damaged{silent or '; what can be decoded is played'}")

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
                length_s = float((packet.duration or 0) * packet.time_base)
                if length_s > MAX_PACKET_S:  # MP4 counts a hole to the packet before it
                    return False
                end_s = start_s + length_s
                if end_s > until_s:
                    break
        return True


def _other_kind(path: Path) -> str:
    """What a file is that holds no sound, and what to type with it: the rest of a sentence; "" if that is not known."""
    kind = file_kind(path)
    if kind == MIDI:
        return f"a MIDI file, not a sound file; make one of it with: livegan compose wav {printable(quoted(path))}"
    if kind == EMPTY_LOG:
        return f"empty: it is the log of no show, and no song; name a song - or {DEMO_HINT}"
    return f"{kind}, not a song; {use_of(path, kind)}" if kind in USES and kind != SONG else ""


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


def _mp3_promise_s(path: Path) -> float | None:
    """Duration of an MP3 whose first frame says how many follow (Xing, Info; VBRI); None of other files."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            file.seek(10 + sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(head[6:10]))))
            head = file.read(10)
        head += file.read(2048)
        version, rate = head[1] >> 3 & 3, head[2] >> 2 & 3
        if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or rate == 3:
            return None
        samples, hz = (1152 if version == 3 else 576), (44100, 48000, 32000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
        for mark, place in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
            at = head.find(mark)
            if at > 0 and (mark == b"VBRI" or head[at + 7] & 1):
                return int.from_bytes(head[at + place : at + place + 4], "big") * samples / hz
    return None
