"""Lossy codecs in memory: what MP3, AAC, Opus, Vorbis and telephones leave of a sound, not delayed."""

import io
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import scipy.signal
import soxr
from numpy.typing import NDArray

from livegan.errors import MediaError


class Codec(NamedTuple):
    """An encoder of libav, the container it is written to, and the rates that it is used at."""

    encoder: str
    container: str
    sample_rate: int
    bit_rates: tuple[int, ...]  # [bit/s] of one channel


CODECS: Mapping[str, Codec] = {
    "mp3": Codec("libmp3lame", "mp3", 44100, (32000, 48000, 64000)),
    "aac": Codec("aac", "mp4", 44100, (24000, 32000, 48000, 64000)),
    "opus": Codec("libopus", "ogg", 48000, (12000, 16000, 24000, 32000)),
    "telephone": Codec("pcm_mulaw", "wav", 8000, (64000,)),
}
SHARES = {"mp3": 0.25, "aac": 0.3, "opus": 0.35, "telephone": 0.1}  # how often each is drawn
LATEST_S = 0.15  # no codec here delays by more


@cache
def available() -> tuple[str, ...]:
    """Those of CODECS that libav can encode here, in order."""
    import av  # late on purpose: only codecs need it

    found = []
    for name, codec in CODECS.items():
        try:
            av.Codec(codec.encoder, "w")
        except ValueError:  # UnknownCodecError
            continue
        if codec.container in av.formats_available:
            found.append(name)
    return tuple(found)


def any_codec(sound: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The sound (n,), transcoded by one of the codecs that are here at one of its bit rates; as it is if none is."""
    names = available()
    if not names:
        return sound
    shares = np.array([SHARES[name] for name in names])
    name = str(rng.choice(names, p=shares / shares.sum()))
    return transcode(sound, sample_rate, name, int(rng.choice(CODECS[name].bit_rates)))


def transcode(sound: NDArray[np.float32], sample_rate: int, name: str, bit_rate: int = 0) -> NDArray[np.float32]:
    """The sound (n,) after it was encoded and decoded, (n,) within ±1, in step with what went in.

    `name`: of CODECS; `bit_rate` [bit/s], 0 for the lowest of that codec. MediaError where libav lacks the encoder.
    """
    if name not in CODECS:
        raise MediaError(f"no codec called '{name}'; there are: {', '.join(CODECS)}")
    if not len(sound):
        return np.zeros(0, np.float32)
    codec = CODECS[name]
    there = soxr.resample(np.asarray(sound, np.float32), sample_rate, codec.sample_rate)
    back = _round_trip(np.clip(there, -1.0, 1.0), codec, bit_rate or codec.bit_rates[0])
    heard = soxr.resample(back, codec.sample_rate, sample_rate)
    late = _delay(sound, heard, round(LATEST_S * sample_rate))
    moved = heard[late:] if late >= 0 else np.concatenate([np.zeros(-late, np.float32), heard])
    whole = np.zeros(len(sound), np.float32)
    whole[: len(moved)] = np.clip(moved[: len(sound)], -1.0, 1.0)
    return whole


def _round_trip(sound: NDArray[np.float32], codec: Codec, bit_rate: int) -> NDArray[np.float32]:
    import av  # late on purpose: only codecs need it
    from av.audio.stream import AudioStream
    from av.error import FFmpegError

    file = io.BytesIO()
    try:
        with av.open(file, "w", format=codec.container) as written:
            stream = written.add_stream(codec.encoder, rate=codec.sample_rate, layout="mono")
            assert isinstance(stream, AudioStream)
            stream.bit_rate = bit_rate
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[None]), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = codec.sample_rate, 0
            for given in (frame, None):
                written.mux(stream.encode(given))
        file.seek(0)
        with av.open(file, "r") as read:
            plain = av.AudioResampler(format="fltp", layout="mono", rate=codec.sample_rate)
            parts = [part.to_ndarray()[0] for frame in read.decode(audio=0) for part in plain.resample(frame)]
    except (FFmpegError, ValueError) as error:
        raise MediaError(f"libav here cannot encode with '{codec.encoder}': {error}; choose another codec") from None
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _delay(sound: NDArray[np.float32], heard: NDArray[np.float32], most: int) -> int:
    """Samples by which the second is later than the first, by their correlation; 0 if one is silent."""
    count = min(len(sound), len(heard), 1 << 19)
    if not count:
        return 0
    alike = scipy.signal.correlate(heard[:count], sound[:count], "full", "fft")
    around = alike[count - 1 - min(most, count - 1) : count + min(most, count - 1)]
    return int(np.argmax(around)) - min(most, count - 1) if np.abs(around).max() > 1e-9 else 0
