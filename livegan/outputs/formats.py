"""Film formats: file endings, containers and encoders."""

from dataclasses import dataclass
from pathlib import Path

import av

from livegan.errors import MediaError


@dataclass(frozen=True, slots=True)
class Format:
    """Container and encoders of one file ending."""

    muxer: str
    video: str  # encoder of the picture, where none is asked for
    others: tuple[str, ...]  # encoders that it can hold besides
    lossless: tuple[str, str]  # encoders of 16 and 24 bit sound that lose nothing; ("", "") if there is none
    lossy: str
    copied: frozenset[str]  # codecs of a song whose packets go in untouched
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Codec:
    """Codec of films: its encoder, and what is usual for it."""

    encoder: str
    quality: float | None  # CRF where none is asked for; None: it has no such setting
    ending: str  # the usual one
    about: str
    transparent: str = ""  # pixel format with alpha; "": it has none


# A fragmented film plays up to its last whole fragment even if the process is killed: one a second [µs], however few
# pictures there are in it. `hybrid_fragmented` turns it into an ordinary one, with one index at the end, when it is
# closed. (An index in front, "faststart", cannot be had together with that without writing the whole film twice.)
# `delay_moov` waits for the first packets, which tell how much of a copied song is run-up and not music, and closes a
# film without packets in peace, where the others crash.
SAFE = (("movflags", "hybrid_fragmented+frag_keyframe+delay_moov"), ("frag_duration", "1000000"))

EVERY_VIDEO = ("libx265", "libsvtav1", "libvpx-vp9", "prores_ks", "ffv1")
FRAGMENTED = (".mp4", ".mov")

FILM_FORMATS: dict[str, Format] = {
    ".mp4": Format("mp4", "libx264", EVERY_VIDEO[:3], ("flac", "flac"), "aac", frozenset({"aac", "mp3"}), SAFE),
    ".mov": Format(
        "mov", "libx264", ("libx265", "prores_ks"), ("pcm_s16le", "pcm_s24le"), "aac", frozenset({"aac", "mp3"}), SAFE
    ),
    ".mkv": Format(
        "matroska", "libx264", EVERY_VIDEO, ("flac", "flac"), "aac", frozenset({"aac", "mp3", "vorbis", "opus"})
    ),
    ".webm": Format("webm", "libvpx-vp9", ("libsvtav1",), ("", ""), "libopus", frozenset({"vorbis", "opus"})),
}

HARDWARE = ("h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox")  # encoders of live films, each after a trial

VIDEO_OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {},
    **{name: {} for name in HARDWARE},
    "libx265": {"x265-params": "log-level=error"},
    "libsvtav1": {"preset": "8"},
    "libvpx-vp9": {"deadline": "good", "cpu-used": "5", "row-mt": "1", "b": "0"},
    "prores_ks": {"profile": "hq", "vendor": "apl0"},
    "ffv1": {"level": "3", "slices": "4", "slicecrc": "1"},
}

CODECS: dict[str, Codec] = {
    "h264": Codec("libx264", 17, ".mp4", "plays everywhere"),
    "h265": Codec("libx265", 20, ".mp4", "half the size of h264; newer players"),
    "av1": Codec("libsvtav1", 28, ".mp4", "smaller still; browsers and players of the last years"),
    "vp9": Codec("libvpx-vp9", 17, ".webm", "browsers", "yuva420p"),
    "prores": Codec("prores_ks", None, ".mov", "for editing: 422 HQ", "yuva444p10le"),
    "ffv1": Codec("ffv1", None, ".mkv", "loses nothing: RGB as it was drawn", "bgra"),
}
"""Codecs of films by the names that people type."""

TRANSPARENT = {".mov": "prores", ".webm": "vp9", ".mkv": "ffv1"}
"""Endings of films that hold alpha, with the usual codec for it. MP4 has no place for that of VP9."""


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
        **{codec.encoder: f"films, --codec {name}" for name, codec in CODECS.items() if name not in ("h264", "vp9")},
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


def codec_named(name: str, path: Path, transparent: bool = False) -> Codec:
    """The codec of a film called `path`, by the name that was typed; "": the usual one of its ending. MediaError."""
    if transparent:
        name = name or TRANSPARENT.get(path.suffix.lower(), "")
        if path.suffix.lower() not in TRANSPARENT or (name in CODECS and not CODECS[name].transparent):
            raise MediaError(
                f"{name + ' in ' if name else ''}{path.name} cannot be transparent; these can: -o film.mov (ProRes "
                "4444), -o film.webm (VP9), -o film.mkv (FFV1 or --codec vp9) and -o frames/%06d.png"
            )
    kind = film_format(path)
    if not name:
        return next(codec for codec in CODECS.values() if codec.encoder == kind.video)
    if name not in CODECS:
        raise MediaError(f"--codec {name!r} is not one of {', '.join(CODECS)}; type for example: --codec h264")
    codec = CODECS[name]
    if codec.encoder not in (kind.video, *kind.others):
        raise MediaError(f"a {path.suffix} film cannot hold {name}; type: -o {path.with_suffix(codec.ending)}")
    if not _has(codec.encoder):
        raise MediaError(f"this PyAV has no encoder '{codec.encoder}' for --codec {name}; there are: {codec_names()}")
    return codec


def usual_ending(codec: str, transparent: bool = False) -> str:
    """Ending of films of a codec, by the name that was typed; .mp4 or .mov where none was, or a wrong one."""
    return CODECS[codec].ending if codec in CODECS else ".mov" if transparent else ".mp4"


def codec_lines() -> list[str]:
    """A line for each codec: its endings, what it is for, and whether it is missing here."""
    lines = []
    for name, codec in CODECS.items():
        fitting = [ending for ending, kind in FILM_FORMATS.items() if codec.encoder in (kind.video, *kind.others)]
        endings = " ".join([codec.ending, *(ending for ending in fitting if ending != codec.ending)])
        missing = "" if _has(codec.encoder) else f"; missing here: this PyAV has no encoder '{codec.encoder}'"
        crf = f"--quality {codec.quality:g}" if codec.quality is not None else ""
        lines.append(f"{name:7} {endings:22} {crf:13} {codec.about}{missing}")
    return lines


def codec_names() -> str:
    """Names of the codecs that this machine's PyAV can encode."""
    return ", ".join(name for name, codec in CODECS.items() if _has(codec.encoder))


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
