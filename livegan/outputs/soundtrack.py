"""Soundtrack of a film: a song from a file, or live sound."""

from dataclasses import dataclass
from math import inf
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Song as the soundtrack of a film.

    "original" keeps its quality: AAC and MP3 are copied untouched when the film begins with the song, everything else
    goes in without loss (FLAC; PCM in .mov). "aac" is 320 kbit/s, which every telephone plays.
    """

    path: Path
    start_s: float = 0.0  # where in the song the film begins
    quality: str = "original"  # or "aac"
    until_s: float = inf  # the film needs no more of the song than that
    more: tuple[Path, ...] = ()  # songs that follow it, alike in sample rate and channels


@dataclass(frozen=True, slots=True)
class LiveSound:
    """Live soundtrack, given block by block to `send_audio`; AAC (Opus in .webm), at most stereo.

    Of more channels the odd ones (1, 3, 5 ...) are averaged into the left side, the even ones into the right.
    """

    sample_rate: int
    channels: int
