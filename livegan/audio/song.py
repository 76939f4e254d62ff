"""A song read whole into memory: whatever libsndfile or FFmpeg can open."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livegan.core.types import Samples
from livegan.errors import MediaError

LONGEST_S = 3600.0  # an hour of stereo at 48 kHz takes 1.4 GB
DEMO_HINT = "to see the show without a song of your own: livegan play --input demo"


@dataclass(frozen=True, slots=True)
class Song:
    """All of it."""

    samples: Samples  # (n, channels), finite, n > 0
    sample_rate: int  # [Hz]

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.samples) / self.sample_rate

    def at_rate(self, sample_rate: int) -> "Song":
        """The same song at another sample rate (soxr, high quality)."""
        if sample_rate == self.sample_rate:
            return self
        import soxr  # late: only songs at another rate need it

        samples = soxr.resample(self.samples, self.sample_rate, sample_rate)
        return Song(np.asarray(samples, np.float32), sample_rate)


def read_song(path: str | Path) -> Song:
    """Decode a sound file or the sound of a film. MediaError, one sentence, for anything that cannot be played."""
    path = Path(path).expanduser()
    if not path.exists():
        raise MediaError(f"no file called '{path}'; check the name with: ls '{path.parent}' - or {DEMO_HINT}")
    if path.is_dir():
        raise MediaError(f"'{path}' is a folder, not a song; name one file in it - or {DEMO_HINT}")
    song = _with_soundfile(path) or _with_av(path)
    if not len(song.samples) or not song.samples.shape[1]:
        raise MediaError(f"'{path}' holds no sound; export it again - or {DEMO_HINT}")
    bad = len(song.samples) - int(np.isfinite(song.samples).all(axis=1).sum())
    if bad:
        raise MediaError(
            f"'{path}' holds {bad} samples that are not numbers (NaN or infinite); export it again as 16 or 24 bit - "
            f"or {DEMO_HINT}"
        )
    return song


def _too_long(path: Path, seconds: float) -> None:
    if seconds > LONGEST_S:
        raise MediaError(
            f"'{path}' is {seconds / 60:.0f} minutes long and would fill the memory; cut it with: "
            f"ffmpeg -i '{path}' -t {LONGEST_S:.0f} part.flac"
        )


def _with_soundfile(path: Path) -> Song | None:
    """None if libsndfile does not know this kind of file."""
    import soundfile  # late: it loads libsndfile

    try:
        with soundfile.SoundFile(path) as file:
            _too_long(path, file.frames / file.samplerate)
            samples = file.read(dtype="float32", always_2d=True)
            return Song(np.ascontiguousarray(samples), int(file.samplerate))
    except (soundfile.LibsndfileError, RuntimeError):
        return None


def _with_av(path: Path) -> Song:
    """Everything else: mp3, m4a, mp4, mkv ..."""
    import av  # late: it loads FFmpeg

    parts: list[Samples] = []
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise MediaError(f"'{path}' has no sound in it; choose another file - or {DEMO_HINT}")
            stream = container.streams.audio[0]
            rate = int(stream.codec_context.sample_rate)
            _too_long(path, float(container.duration or 0) / 1e6)
            resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
            for frame in container.decode(stream):
                parts += [part.to_ndarray().T.astype(np.float32) for part in resampler.resample(frame)]
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"'{path}' is not a sound file livegan can read ({error.strerror or error}); convert it with: "
            f"ffmpeg -i '{path}' song.flac - or {DEMO_HINT}"
        ) from error
    if not parts:
        raise MediaError(f"'{path}' holds no sound; export it again - or {DEMO_HINT}")
    return Song(np.ascontiguousarray(np.concatenate(parts), np.float32), rate)
