"""Sound writers of a film: packets copied or samples encoded, advanced with the picture."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

from livegan.core.media import Pcm, SoundFile
from livegan.errors import MediaError
from livegan.outputs.formats import Format, need_encoder
from livegan.outputs.soundtrack import AudioTrack

IntSamples = NDArray[np.int16] | NDArray[np.int32]  # (n, channels), full scale is the type's
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
MOST_EACH = 256_000  # bit/s a channel, of Opus
OPUS_RATES = (48000, 24000, 16000, 12000, 8000)


class SoundWriter(Protocol):
    """Sound writer: writes sound up to a given time of the film."""

    def advance(self, end_s: Fraction) -> None:
        """Write everything before `end_s`; may be asked again for the same moment."""
        ...

    def finish(self) -> None:
        """Write what is still held back."""
        ...


class Silent:
    """Sound writer of a film without sound."""

    def advance(self, end_s: Fraction) -> None: ...

    def finish(self) -> None: ...


class CopiedPackets:
    """Sound writer that copies the packets of a song. A song shorter than the picture ends early."""

    def __init__(self, film: OutputContainer, song: SoundFile) -> None:
        self._film, self._song = film, song.open()
        source = self._song.streams.audio[song.track]
        self._stream = film.add_stream_from_template(source)
        self._start = source.start_time or 0
        self._packets = self._song.demux(source)
        self._next: av.Packet[AudioStream] | None = next(self._packets, None)

    def advance(self, end_s: Fraction) -> None:
        """Copy every packet that begins before `end_s`."""
        while (packet := self._next) is not None and packet.pts is not None:
            begins = packet.pts - self._start
            if begins * packet.time_base >= end_s:
                return
            packet.pts = packet.dts = begins
            packet.stream = self._stream
            self._film.mux(packet)
            self._next = next(self._packets, None)

    def finish(self) -> None:
        self._song.close()


class SoundEncoder:
    """Audio encoder of a film."""

    def __init__(self, film: OutputContainer, codec: str, rate: int, channels: int, bits: int, bit_rate: int) -> None:
        """`bits` 16 or 24 for the lossless, 0 for the lossy, which take `bit_rate` [bit/s]."""
        check_channels(channels)
        self._film, self.rate, self.channels = film, rate, channels
        self._layout = LAYOUTS[channels]
        stream = film.add_stream(need_encoder(codec), rate=_near(codec, rate), layout=self._layout)
        assert isinstance(stream, AudioStream)
        self._stream = stream
        if bits:
            self.format = "s16" if bits == 16 else "s32"
            self._stream.codec_context.format = self.format
        else:
            self.format = "flt"
            self._stream.codec_context.bit_rate = bit_rate
        self.written = 0

    def write(self, samples: NDArray[np.generic]) -> None:
        """Encode samples (n, channels) of the stream's kind."""
        if not len(samples):
            return
        packed = np.ascontiguousarray(samples).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, self.format, self._layout)
        frame.sample_rate, frame.time_base, frame.pts = self.rate, Fraction(1, self.rate), self.written
        self.written += len(samples)
        self._film.mux(self._stream.encode(frame))

    def flush(self) -> None:
        """Write what the encoder holds back."""
        self._film.mux(self._stream.encode(None))


class EncodedSong:
    """Sound writer that encodes decoded songs, losslessly or as AAC. Silence after their end; cut to the sample."""

    def __init__(self, out: SoundEncoder, songs: Sequence[SoundFile], start_s: float, lossy: bool) -> None:
        """One after the other, from `start_s` on."""
        self._out, self._lossy = out, lossy
        self._blocks = (_whole_numbers(block) for song in songs for block in song.blocks())
        self._skip = round(start_s * out.rate)
        self._left: IntSamples = np.zeros((0, out.channels), np.int16)

    def advance(self, end_s: Fraction) -> None:
        """Write samples up to `end_s`; silence after the end of the song."""
        missing = round(end_s * self._out.rate) - self._out.written
        while missing > 0:
            if not len(self._left):
                block = next(self._blocks, None)
                self._left = np.zeros((missing + self._skip, self._out.channels), np.int32) if block is None else block
                skipped = min(self._skip, len(self._left))
                self._left, self._skip = self._left[skipped:], self._skip - skipped
                continue
            block, self._left = self._left[:missing], self._left[missing:]
            missing -= len(block)
            self._out.write(self._as_written(block))

    def _as_written(self, block: IntSamples) -> NDArray[np.generic]:
        if self._lossy:
            return (block / -float(np.iinfo(block.dtype).min)).astype(np.float32)
        if self._out.format == "s16":
            return block.astype(np.int16)
        return block.astype(np.int32) * (65536 if block.dtype == np.int16 else 1)

    def finish(self) -> None:
        self._out.flush()


def _near(codec: str, rate: int) -> int:
    rates = AAC_RATES if codec == "aac" else OPUS_RATES if codec == "libopus" else (rate,)
    return rate if rate in rates else 48000 if rate > 32000 else min(rates, key=lambda known: abs(known - rate))


def _whole_numbers(values: Pcm) -> IntSamples:
    if values.dtype == np.uint8:
        return (values.astype(np.int16) - 128) * 256
    if values.dtype == np.int16:
        return values.astype(np.int16, copy=False)
    if values.dtype == np.int32:
        return values.astype(np.int32, copy=False)
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    whole = np.rint(np.clip(finite, -1, 1) * 2**23)  # 24 bits hold everything audible of floating point samples
    return np.clip(whole, -(2**23), 2**23 - 1).astype(np.int32) * 256


def check_channels(count: int) -> None:
    """MediaError for sound of more channels than a film can hold."""
    if count not in LAYOUTS:
        raise MediaError(f"cannot write sound of {count} channels into a film; give it 1 to {max(LAYOUTS)}")


def song_writer(film: OutputContainer, track: AudioTrack, kind: Format) -> SoundWriter:
    """Sound writer that keeps the song's quality in a film of this kind; MediaError if the song cannot be read."""
    song = SoundFile(track.path)
    codec = song.codec.removesuffix("float")
    whole = codec != "aac" or song.extradata_size > 0  # bare ADTS streams lack the header a film needs
    more = [SoundFile(path) for path in track.more]
    copied = track.quality == "original" and codec in kind.copied and whole and track.start_s == 0 and not more
    if copied and song.is_continuous(track.until_s):
        return CopiedPackets(film, song)
    short = all(one.sample_bytes <= 2 for one in (song, *more))
    lossless = kind.lossless[0 if short else 1] if track.quality == "original" else ""
    rate, channels = song.sample_rate, song.channels
    if lossless:
        out = SoundEncoder(film, lossless, rate, channels, 16 if short else 24, 0)
        return EncodedSong(out, (song, *more), track.start_s, lossy=False)
    out = SoundEncoder(film, kind.lossy, rate, channels, 0, min(160_000 * max(2, channels), MOST_EACH * channels))
    return EncodedSong(out, (song, *more), track.start_s, lossy=True)
