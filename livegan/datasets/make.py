"""Training sets from a folder or a zip of pictures, a film or a camera: crop, filter, label, write."""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from itertools import count as numbers
from math import isfinite
from os import cpu_count
from pathlib import Path
from typing import Literal, get_args
from warnings import catch_warnings, simplefilter

import numpy as np
from PIL import Image

from livegan.core.progress import ProgressCallback
from livegan.core.types import Pixels
from livegan.datasets.cameras import Camera, open_camera
from livegan.datasets.dataset import MAX_SIDE, MIN_SIDE
from livegan.datasets.faces import FaceFinder, face_finder
from livegan.datasets.filters import DuplicateFilter, sharpness
from livegan.datasets.picture_zip import PictureZip, is_zip
from livegan.datasets.selection import is_selection, selected_files
from livegan.datasets.sources import (
    Ground,
    Laid,
    camera_number,
    film_length_s,
    film_pictures,
    list_folder,
    read_laid,
    skipped_text,
)
from livegan.datasets.writer import DatasetWriter, check_output
from livegan.errors import DatasetError, DeviceError

Crop = Literal["center", "none", "wide"]
MAX_THREADS = 16
PATIENCE_S = 5.0  # for the next picture of a camera
MAX_PAIRS = 3  # of duplicates that are named

OpenCamera = Callable[[str], AbstractContextManager[Camera]]


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """Options of `make_dataset`: how pictures are selected and cropped."""

    size: tuple[int, int] = (256, 256)  # height, width [px]
    crop: Crop = "center"  # cut out the middle; "none" squeezes, "wide" fits all of it on black
    duplicates: bool = True  # leave out pictures that look like an earlier one
    background: Ground | None = None  # under transparent pictures; None: what each stands out from
    min_sharpness: float | None = None  # see `filters.sharpness`; None keeps all
    faces: bool = False  # only pictures with a face in them
    labels: bool = False  # a class for each sub-folder; of a zip with a table as that says
    every_s: float = 1.0  # of a film or a camera one picture in so many seconds
    limit: int | None = None  # at most so many pictures


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """Result of making a training set."""

    path: Path  # of the zip; another than asked for if that name was taken meanwhile
    kept: int
    broken: tuple[tuple[str, str], ...] = ()  # name, why
    duplicates: int = 0
    blurred: int = 0
    faceless: int = 0
    enlarged: int = 0  # kept, but smaller than `size`
    classes: tuple[str, ...] = ()
    per_class: tuple[int, ...] = ()  # how many of each
    unreached: tuple[str, ...] = ()  # classes left out because `limit` was reached before them
    skipped: Mapping[str, int] = field(default_factory=dict)  # files that are no readable pictures, by ending
    changed: tuple[str, ...] = ()  # what was changed to make pictures of the source, a line each
    pairs: tuple[tuple[str, str], ...] = ()  # the first few duplicates, each with the picture that it looks like
    grounds: Mapping[Ground, int] = field(default_factory=dict)  # kept transparent pictures, by what lies under them


@dataclass(slots=True)
class _Candidate:
    """A cropped picture of the source, or the reason why it is broken."""

    name: str
    label: int | None = None
    pixels: Pixels | None = None
    why: str = ""
    enlarged: bool = False
    ground: Ground | None = None


@dataclass(slots=True)
class _Counts:
    """Counts for `DatasetReport`."""

    broken: list[tuple[str, str]] = field(default_factory=list)
    duplicates: int = 0
    blurred: int = 0
    faceless: int = 0
    enlarged: int = 0
    pairs: list[tuple[str, str]] = field(default_factory=list)
    grounds: Counter[Ground] = field(default_factory=Counter)


def expected_count(source: Path | str, options: DatasetOptions) -> int | None:
    """How many pictures `make_dataset` will read, for its progress bar; None if that is unknown."""
    if camera_number(str(source)) is not None:
        return options.limit
    path = Path(source)
    if path.is_dir():
        return len(list_folder(path).pictures)
    if is_selection(path):
        return len(selected_files(path))
    if is_zip(path):
        with PictureZip(path) as pictures:
            return len(pictures.names)
    length_s = film_length_s(path)
    return None if length_s is None else max(1, -int(-length_s // options.every_s))


def make_dataset(
    source: Path | str,
    output: Path,
    options: DatasetOptions,
    report: ProgressCallback = lambda done: None,
    threads: int | None = None,
    overwrite: bool = False,
    opened: OpenCamera | None = None,
    face_detector: FaceFinder | None = None,
) -> DatasetReport:
    """A training set of a folder, a zip, a selection, a film or "camera:N"; `report` is called with how many were read.

    Broken pictures are left out and reported. `opened` and `face_detector` replace camera and detector in tests.
    DatasetError, and nothing written, if no picture is left.
    """
    _check(source, options)
    check_output(output, overwrite)
    if options.faces and face_detector is None:
        face_detector = face_finder()
    counts, duplicates, labels = _Counts(), DuplicateFilter(), set()
    with ExitStack() as stack:
        stack.enter_context(catch_warnings())
        found = _open_source(source, options, _thread_count(threads), opened or open_camera, stack)
        candidates = stack.enter_context(closing(found.candidates))
        writer = stack.enter_context(DatasetWriter(output, options.size, found.classes, overwrite))
        simplefilter("ignore")  # Pillow's, about odd metadata
        for done, candidate in enumerate(candidates, 1):
            labels.add(candidate.label)
            if _is_kept(candidate, options, counts, duplicates, face_detector):
                assert candidate.pixels is not None
                writer.add(candidate.pixels, candidate.label)
                counts.enlarged += candidate.enlarged
                if candidate.ground:
                    counts.grounds[candidate.ground] += 1
            report(done)
            if options.limit is not None and writer.count >= options.limit:
                break
        if not writer.count:
            raise DatasetError(f"no picture of '{source}' is left{_reasons(counts)}; give another folder or film")
        drop_empty_classes(writer)
        per_class = tuple(np.bincount(writer.labels, minlength=len(writer.classes)).tolist()) if found.classes else ()
    return DatasetReport(
        writer.path,
        writer.count,
        tuple(counts.broken),
        counts.duplicates,
        counts.blurred,
        counts.faceless,
        counts.enlarged,
        writer.classes,
        per_class,
        tuple(name for label, name in enumerate(found.classes) if label not in labels),
        found.skipped,
        pairs=tuple(counts.pairs),
        grounds=dict(counts.grounds),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """An opened source: its pictures, its classes, and what is in it besides."""

    candidates: Generator[_Candidate, None, None]
    classes: tuple[str, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)


def _open_source(
    source: Path | str, options: DatasetOptions, threads: int, opened: OpenCamera, stack: ExitStack
) -> _Found:
    """Open a source until `stack` ends; DatasetError if there are no pictures in it."""
    path = Path(source)
    if camera_number(str(source)) is not None:
        return _Found(_from_stream(camera_pictures(str(source), options.every_s, opened), options))
    if is_selection(path):
        chosen = tuple(map(str, selected_files(path)))
        if not chosen:
            raise DatasetError(f"'{source}' keeps no pictures; choose some with: livegan select")
        return _Found(
            _from_files(lambda name: read_laid(Path(name), ground=options.background), chosen, {}, options, threads)
        )
    if path.is_dir():
        listing = list_folder(path)
        names, skipped = listing.pictures, listing.skipped
        _check_any(names, skipped, source)
        classes, numbers = _classes(names, path) if options.labels else ((), {})
        return _Found(
            _from_files(
                lambda name: read_laid(path / name, ground=options.background), names, numbers, options, threads
            ),
            classes,
            skipped,
        )
    if is_zip(path):
        pictures = stack.enter_context(PictureZip(path))
        _check_any(pictures.names, pictures.skipped, source)
        classes, numbers = pictures.classes() if options.labels else ((), {})
        return _Found(
            _from_files(
                lambda name: pictures.read(name, options.background), pictures.names, numbers, options, threads
            ),
            classes,
            pictures.skipped,
        )
    return _Found(_from_stream(film_pictures(path, options.every_s), options))


def _check_any(names: Sequence[str], skipped: Mapping[str, int], source: Path | str) -> None:
    """DatasetError if a folder or a zip holds no pictures."""
    if not names:
        reason = f" ({skipped_text(skipped)})" if skipped else ""
        raise DatasetError(f"there are no pictures in '{source}'{reason}; type: livegan dataset FOLDER")


def camera_pictures(name: str, every_s: float, opened: OpenCamera) -> Iterator[Image.Image]:
    """One picture of a camera every so many seconds, without end; DatasetError if it does not open or breaks off."""
    due_s: float | None = None
    try:
        with opened(name) as camera:
            while True:
                picture = camera.read(PATIENCE_S)
                if picture is None:
                    raise DatasetError(f"{camera.name} breaks off (no picture for {PATIENCE_S:g} s)")
                due_s = picture.time_s if due_s is None else due_s
                late_s = picture.time_s - due_s + 1e-6
                if late_s >= 0:
                    due_s += every_s * (late_s // every_s + 1)
                    yield Image.fromarray(picture.pixels)
    except DeviceError as error:
        raise DatasetError(str(error)) from error


def fit(image: Image.Image, size: tuple[int, int], crop: Crop) -> Pixels:
    """Crop and resize (Lanczos) an RGB picture to uint8 (height, width, 3)."""
    height, width = size
    wide, high = image.size
    if crop == "center":
        scale = min(wide / width, high / height)
        x, y = width * scale, height * scale
        left, top = max(0, (wide - x) / 2), max(0, (high - y) / 2)
        box = (left, top, min(wide, left + x), min(high, top + y))
        image = image.resize((width, height), Image.Resampling.LANCZOS, box)
    elif crop == "none":
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    else:
        scale = min(width / wide, height / high)
        inside = max(1, min(width, round(wide * scale))), max(1, min(height, round(high * scale)))
        canvas = Image.new("RGB", (width, height))
        canvas.paste(
            image.resize(inside, Image.Resampling.LANCZOS), ((width - inside[0]) // 2, (height - inside[1]) // 2)
        )
        image = canvas
    pixels: Pixels = np.asarray(image)
    return pixels


def _check(source: Path | str, options: DatasetOptions) -> None:
    """DatasetError for impossible options."""
    camera = camera_number(str(source)) is not None
    height, width = options.size
    if not MIN_SIDE <= min(height, width) <= max(height, width) <= MAX_SIDE:
        raise DatasetError(f"a training picture's sides are {MIN_SIDE} to {MAX_SIDE}, not {width}x{height}")
    if options.crop not in get_args(Crop):
        raise DatasetError(f"--crop {options.crop!r} is not one of {', '.join(get_args(Crop))}")
    if not 0 < options.every_s < float("inf"):
        raise DatasetError(f"a picture every {options.every_s} s is not possible; give more than 0")
    if options.min_sharpness is not None and not isfinite(options.min_sharpness):
        raise DatasetError(f"--sharpness {options.min_sharpness} is no number to compare with; 100 is usual")
    if options.limit is not None and options.limit < 1:
        raise DatasetError(f"a limit of {options.limit} pictures leaves none; give 1 or more")
    if camera and options.limit is None:
        raise DatasetError("a camera never ends; say how many pictures you want with --limit, for example 1000")
    if not camera and not Path(source).exists():
        raise DatasetError(f"there is no '{source}'; give a folder or a zip of pictures, a film, or camera:0")
    if options.labels and (camera or not (Path(source).is_dir() or is_zip(Path(source)))):
        raise DatasetError("classes come from sub-folders: give a folder or a zip, or leave --labels away")


def _classes(names: Sequence[str], folder: Path) -> tuple[tuple[str, ...], dict[str, int]]:
    """The sub-folders that hold pictures, sorted, and the class of each picture."""
    outside = [name for name in names if "/" not in name]
    if outside:
        count = "1 picture" if len(outside) == 1 else f"{len(outside)} pictures"
        raise DatasetError(
            f"classes come from sub-folders, but there {'is' if len(outside) == 1 else 'are'} {count} of '{folder}' "
            f"outside of them, for example {outside[0]}; move all into one"
        )
    classes = tuple(sorted({name.split("/")[0] for name in names}))
    number = {folder: label for label, folder in enumerate(classes)}
    return classes, {name: number[name.split("/")[0]] for name in names}


def _from_files(
    open_picture: Callable[[str], Laid],
    names: Sequence[str],
    numbers: Mapping[str, int],
    options: DatasetOptions,
    threads: int,
) -> Generator[_Candidate, None, None]:
    """The pictures of these names in order, prefetched by a thread pool; `numbers`: the class of each, or nothing."""

    def read(name: str) -> _Candidate:
        label = numbers.get(name)
        try:
            return _candidate(name, open_picture(name), options, label)
        except DatasetError as error:
            return _Candidate(name, label, why=str(error))

    pool = ThreadPoolExecutor(threads)
    ahead: deque[Future[_Candidate]] = deque()
    try:
        for name in names:
            ahead.append(pool.submit(read, name))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _from_stream(images: Iterator[Image.Image], options: DatasetOptions) -> Generator[_Candidate, None, None]:
    """The pictures of a film or a camera; an error after the first one is reported as a broken picture and ends it."""
    for number in numbers():
        try:
            image = next(images, None)
        except DatasetError as error:
            if number == 0:
                raise
            yield _Candidate(f"picture {number}", why=str(error))
            return
        if image is None:
            return
        yield _candidate(f"picture {number}", Laid(image), options, None)


def _candidate(name: str, laid: Laid, options: DatasetOptions, label: int | None) -> _Candidate:
    image = laid.image
    height, width = options.size
    sides = image.width / width, image.height / height
    enlarged = (max(sides) if options.crop == "wide" else min(sides)) < 1
    return _Candidate(name, label, fit(image, options.size, options.crop), enlarged=enlarged, ground=laid.ground)


def _is_kept(
    candidate: _Candidate,
    options: DatasetOptions,
    counts: _Counts,
    duplicates: DuplicateFilter,
    face_detector: FaceFinder | None,
) -> bool:
    """Whether a picture passes all filters; if not, `counts` is updated."""
    pixels = candidate.pixels
    if pixels is None:
        counts.broken.append((candidate.name, candidate.why))
        return False
    if options.min_sharpness is not None and sharpness(pixels) < options.min_sharpness:
        counts.blurred += 1
        return False
    if options.faces and face_detector is not None and not face_detector(pixels):
        counts.faceless += 1
        return False
    earlier = duplicates.earlier(candidate.name, pixels) if options.duplicates else None
    if earlier is not None:
        counts.duplicates += 1
        if len(counts.pairs) < MAX_PAIRS:
            counts.pairs.append((candidate.name, earlier))
        return False
    return True


def drop_empty_classes(writer: DatasetWriter) -> None:
    """Remove classes without pictures."""
    if not writer.classes:
        return
    used = sorted(set(writer.labels))
    again = {label: place for place, label in enumerate(used)}
    writer.labels = [again[label] for label in writer.labels]
    writer.classes = tuple(writer.classes[label] for label in used)


def _reasons(counts: _Counts) -> str:
    """Why pictures were left out, for an error."""
    reasons = (
        (len(counts.broken), "broken"),
        (counts.blurred, "not sharp enough"),
        (counts.faceless, "without a face"),
    )
    parts = [f"{count} {what}" for count, what in reasons if count]
    first = f"; {counts.broken[0][0]}: {counts.broken[0][1]}" if counts.broken else ""
    return f" ({', '.join(parts)}{first})" if parts else ""


def _thread_count(threads: int | None) -> int:
    return max(1, min(MAX_THREADS, threads or cpu_count() or 1))
