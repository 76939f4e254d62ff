"""Concatenation of film segments: packets copied into one film, with its sound; nothing is encoded again but sound."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from livegan.core.files import move_to_free_name
from livegan.errors import MediaError
from livegan.outputs.formats import film_format
from livegan.outputs.sound import Silent, SoundWriter, song_writer
from livegan.outputs.soundtrack import AudioTrack

SEGMENT_ENDINGS = {"libvpx-vp9": ".webm", "prores_ks": ".mov", "ffv1": ".mkv"}  # of encoders; MP4 has exact time stamps
APPLE_TAGS = {"hevc": "hvc1"}  # QuickTime plays no other


class Segment(NamedTuple):
    """A whole part of a film: a file of its own, and the number of its first frame."""

    path: Path
    first: int


def segment_ending(encoder: str) -> str:
    """Ending of the files that segments of this encoder are written to."""
    return SEGMENT_ENDINGS.get(encoder, ".mp4")


def join(
    segments: Sequence[Segment],
    target: Path,
    fps: Fraction,
    audio: AudioTrack | None,
    report_progress: Callable[[int], None] = lambda frames: None,
) -> None:
    """Write one film of the segments to `target`, a new file; MediaError if that cannot be, and `target` is gone.

    `report_progress` is called with how many frames are in it.
    """
    kind = film_format(target)
    options = {**dict(kind.options), "fflags": "bitexact"}
    try:
        with av.open(f"file:{target}", "w", format=kind.muxer, options=options) as film:
            stream = _stream_like(film, segments[0].path, fps)
            sound: SoundWriter = Silent() if audio is None else song_writer(film, audio, kind)
            film.start_encoding()
            frames, delay = 0, 0
            for segment in segments:
                with av.open(f"file:{segment.path}") as part:
                    for packet in part.demux(video=0):
                        if packet.pts is None or packet.dts is None or packet.time_base is None:
                            continue  # the last one is empty
                        if frames == 0:  # how many frames are decoded before the first one is shown
                            delay = round((packet.pts - packet.dts) * packet.time_base * fps)
                        packet.pts = segment.first + round(packet.pts * packet.time_base * fps)
                        packet.dts = frames - delay
                        packet.duration, packet.time_base, packet.stream = 1, 1 / fps, stream
                        film.mux(packet)
                        frames += 1
                        sound.advance(frames / fps)
                        report_progress(frames)
            sound.finish()
    except (av.FFmpegError, OSError) as error:
        with suppress(OSError):
            target.unlink()
        raise MediaError(f"cannot write the film: {error}; look at the free space: df -h") from error


def _stream_like(film: OutputContainer, segment: Path, fps: Fraction) -> VideoStream:
    with av.open(f"file:{segment}") as part:
        source = part.streams.video[0]
        stream: Any = film.add_stream_from_template(source, opaque=True)
        stream.time_base = 1 / fps
        if film.format.name in ("mp4", "mov"):
            context = source.codec_context
            stream.codec_context.codec_tag = APPLE_TAGS.get(context.codec.canonical_name, context.codec_tag)
        for key, value in source.metadata.items():  # says that there is alpha
            if key == "alpha_mode":
                stream.metadata[key] = value
    assert isinstance(stream, VideoStream)
    return stream


def named(part: Path, path: Path, overwrite: bool) -> tuple[Path, str]:
    """Give a finished film its name, or the nearest free one if another has it by now: its path, and a notice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if overwrite:
        os.replace(part, path)
        return path, ""
    got = move_to_free_name(part, path)
    return got, f"another {path} was written meanwhile; this film is {got}" if got != path else ""
