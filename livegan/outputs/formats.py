"""Film formats: file endings, containers and encoders."""

from dataclasses import dataclass
from pathlib import Path

import av

from livegan.errors import MediaError


@dataclass(frozen=True, slots=True)
class Format:
    """Container and encoders of one file ending."""

    muxer: str
    video: str  # encoder of the picture
    lossless: tuple[str, str]  # encoders of 16 and 24 bit sound that lose nothing; ("", "") if there is none
    lossy: str
    copied: frozenset[str]  # codecs of a song whose packets go in untouched
    options: tuple[tuple[str, str], ...] = ()


# A fragmented film plays up to its last whole fragment even if the process is killed; `hybrid_fragmented` turns it into
# an ordinary one, with one index at the end, when it is closed. (An index in front, "faststart", cannot be had together
# with that without writing the whole film twice.) `delay_moov` waits for the first packets, which tell how much of a
# copied song is run-up and not music, and closes a film without packets in peace, where the others crash.
SAFE = (("movflags", "hybrid_fragmented+frag_keyframe+delay_moov"),)

FILM_FORMATS: dict[str, Format] = {
    ".mp4": Format("mp4", "libx264", ("flac", "flac"), "aac", frozenset({"aac", "mp3"}), SAFE),
    ".mov": Format("mov", "libx264", ("pcm_s16le", "pcm_s24le"), "aac", frozenset({"aac", "mp3"}), SAFE),
    ".mkv": Format("matroska", "libx264", ("flac", "flac"), "aac", frozenset({"aac", "mp3", "vorbis", "opus"})),
    ".webm": Format("webm", "libvpx-vp9", ("", ""), "libopus", frozenset({"vorbis", "opus"})),
}

HARDWARE = ("h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox")  # encoders of live films, each after a trial

VIDEO_OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {},
    **{name: {} for name in HARDWARE},
    "libvpx-vp9": {"deadline": "good", "cpu-used": "5", "row-mt": "1", "b": "0"},
}


@dataclass(frozen=True, slots=True)
class Encoder:
    """Encoder and its availability, as `livegan doctor` lists it."""

    name: str
    purpose: str
    available: bool


def encoders() -> list[Encoder]:
    """Every encoder that films are written with, and whether this machine's PyAV has it."""
    purposes = {
        "libx264": "films .mp4 .mov .mkv",
        "libvpx-vp9": "films .webm",
        "flac": "lossless sound in .mp4 .mkv",
        "aac": "sound of live recordings",
        "libopus": "sound in .webm",
    }
    return [Encoder(name, purpose, _has(name)) for name, purpose in purposes.items()]


def _has(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except (av.codec.codec.UnknownCodecError, ValueError):
        return False
    return True


def film_format(path: Path) -> Format:
    """The format of a file so called; MediaError with the endings we know."""
    try:
        return FILM_FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(FILM_FORMATS)
        sentence = f"cannot write a film called '{path.name}'; give it one of the endings {known}, e.g. {path.stem}.mp4"
        raise MediaError(sentence) from None


def even_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) [px] that a film of this size gets: its colour has half of the sides, so they are even."""
    width, height = (max(2, side + side % 2) for side in size)
    return width, height


def odd_size_text(size: tuple[int, int]) -> str:
    """What a film of this size becomes, in a sentence; "" if it is even."""
    width, height = even_size(size)
    if (width, height) == size:
        return ""
    return f"The film is {width}x{height} instead of {size[0]}x{size[1]}: the sides of a film must be even."


def need_encoder(name: str) -> str:
    """`name` again; MediaError if this machine cannot encode with it."""
    if not _has(name):
        raise MediaError(f"no encoder called '{name}' in this PyAV; type: pip install --force-reinstall av")
    return name
