"""Soundtrack of a film: a song from a file, or live sound."""

from dataclasses import dataclass
from math import inf
from pathlib import Path

from livegan.errors import MediaError

AUDIO_QUALITIES = ("original", "aac")


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Song as the soundtrack of a film.

    "original" keeps its quality: AAC and MP3 are copied untouched when the film begins with the song, everything else
    goes in without loss (FLAC; PCM in .mov). "aac" is 320 kbit/s, which every telephone plays.
    """

    path: Path
    start_s: float = 0.0  # where in the song the film begins
    quality: str = "original"  # one of AUDIO_QUALITIES
    until_s: float = inf  # the film needs no more of the song than that
    more: tuple[Path, ...] = ()  # songs that follow it, alike in sample rate and channels


@dataclass(frozen=True, slots=True)
class LiveSound:
    """Live soundtrack, given block by block to `send_audio`; AAC (Opus in .webm), at most stereo.

    Of more channels the odd ones (1, 3, 5 ...) are averaged into the left side, the even ones into the right.
    """

    sample_rate: int
    channels: int


def check_quality(audio: str) -> None:
    """MediaError for what is none of AUDIO_QUALITIES."""
    if audio not in AUDIO_QUALITIES:
        qualities = ", ".join(AUDIO_QUALITIES)
        raise MediaError(f"--audio {audio!r} is not one of {qualities}; type for example: --audio aac")
