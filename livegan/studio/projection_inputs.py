"""Inputs of a projection: pictures, and videos frame by frame, cut to the shape of the network."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from PIL import Image

from livegan.core.text import printable, quoted
from livegan.core.types import Pixels
from livegan.datasets.make import fit
from livegan.datasets.sources import PICTURE_ENDINGS, read_picture, upright
from livegan.errors import DatasetError, MediaError
from livegan.studio.face_alignment import FaceAligner

FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".gif")
USUAL_FPS = Fraction(15)  # as GANce projects; frames of a scene are blended from one to the next


@dataclass(frozen=True, slots=True)
class Selection:
    """Which frames of videos are projected, and how they are cut."""

    fps: Fraction | None = None  # None: USUAL_FPS, or the video's own where that is lower
    frames: int | None = None  # at most
    start_s: float = 0.0
    duration_s: float | None = None
    align: bool = False  # faces to FFHQ's square


@dataclass(frozen=True, slots=True)
class InputInfo:
    """What is known of an input before it is projected."""

    is_video: bool
    size: tuple[int, int]  # width, height [px]
    fps: Fraction = Fraction(0)  # of the file; 0: a picture
    frames: int = 1  # of the file, as its header says; 0: it does not
    seconds: float = 0.0


def list_inputs(given: Sequence[Path]) -> list[Path]:
    """The pictures and videos among what was typed, and those in folders, by name; MediaError if there are none."""
    endings = {ending for all_of in PICTURE_ENDINGS.values() for ending in all_of} | set(FILMS)
    inputs: list[Path] = []
    for path in given:
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in endings and file.is_file())
            if not found:
                raise MediaError(f"there are no pictures and no videos in '{path}'; name a file, or another folder")
            inputs += found
        elif not path.is_file():
            raise MediaError(f"no file called '{printable(path)}'; check it with: ls {quoted(path.parent)}")
        else:
            inputs.append(path)
    stems: dict[str, Path] = {}
    for path in inputs:
        if path.stem in stems:
            raise MediaError(f"'{path}' and '{stems[path.stem]}' would both be written as {path.stem}; rename one")
        stems[path.stem] = path
    return inputs


def inspect_input(path: Path) -> InputInfo:
    """Whether an input is a picture or a video, and its size; MediaError if it is neither."""
    if not is_video(path):
        return InputInfo(False, _picture(path).size)
    with closing(_opened(path)) as container:
        stream = container.streams.video[0]
        fps = Fraction(stream.average_rate or 0)
        seconds = float(container.duration or 0) / 1e6
        frames = int(stream.frames or round(seconds * fps))
        return InputInfo(True, (stream.width, stream.height), fps, frames, seconds)


def is_video(path: Path) -> bool:
    """By its ending; a GIF of several pictures is a video."""
    ending = path.suffix.lower()
    if ending == ".gif":
        with closing(_opened(path)) as container:
            return len(list(islice(container.decode(video=0), 2))) > 1
    return not any(ending in endings for endings in PICTURE_ENDINGS.values())


def projection_fps(info: InputInfo, selection: Selection) -> Fraction:
    """Frames a second that are projected; 0 of a picture."""
    if not info.is_video:
        return Fraction(0)
    wanted = selection.fps or USUAL_FPS
    return min(wanted, info.fps) if info.fps else wanted


def expected_frames(info: InputInfo, selection: Selection) -> int:
    """How many frames will be projected, if the file is as long as its header says."""
    if not info.is_video:
        return 1
    seconds = max(info.seconds - selection.start_s, 0.0)
    if selection.duration_s is not None:
        seconds = min(seconds, selection.duration_s)
    count = max(1, round(seconds * projection_fps(info, selection)))
    return min(count, selection.frames or count)


def targets(path: Path, info: InputInfo, selection: Selection, size: tuple[int, int]) -> Iterator[Pixels]:
    """The pictures to be projected, uint8 (height, width, 3), `size` (height, width); MediaError if there is none.

    The middle is cut out, or the largest face is turned upright and squared with `align`.
    """
    aligner = FaceAligner() if selection.align else None
    images = _frames(path, info, selection) if info.is_video else iter([_picture(path)])
    count = 0
    for image in images:
        upright = image if aligner is None else aligner.align(image, f"'{path}'", count)
        yield fit(upright, size, "center")
        count += 1
    if not count:
        raise MediaError(f"'{path}' has no frame at {selection.start_s:g} s; it lasts {info.seconds:.1f} s")


def md5(path: Path) -> str:
    """MD5 of a file, which GANce's files name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _picture(path: Path) -> Image.Image:
    try:
        return read_picture(path)
    except DatasetError as error:
        raise MediaError(f"'{path}' cannot be read as a picture ({error}); give a PNG or a JPEG") from error


def _frames(path: Path, info: InputInfo, selection: Selection) -> Iterator[Image.Image]:
    """The first frame at or after each moment start + k / fps."""
    fps = projection_fps(info, selection)
    end_s = float("inf") if selection.duration_s is None else selection.start_s + selection.duration_s
    limit = selection.frames or float("inf")
    with closing(_opened(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        first, count = None, 0
        try:
            for frame in container.decode(stream):
                time_s = frame.time or 0.0
                first = time_s if first is None else first
                due_s = selection.start_s + float(count / fps)
                if time_s - first >= end_s - 1e-6 or count >= limit:
                    return
                if time_s - first >= due_s - 1e-6:
                    count += 1
                    yield upright(frame, stream)
        except (av.FFmpegError, OSError) as error:
            if not count:
                raise MediaError(f"'{path}' cannot be decoded ({error}); convert it to .mp4") from error


def _opened(path: Path) -> Any:
    try:
        container = av.open(f"file:{path}")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"'{path}' is no picture and no video livegan can read ({reason}); give another") from error
    if not container.streams.video:
        container.close()
        raise MediaError(f"'{path}' has no pictures in it; give a picture or a video")
    return container
