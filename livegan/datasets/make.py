"""Make training sets: of a folder, a film, a camera, or of the motifs."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
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
from livegan.datasets.dataset import SIDES, Writer
from livegan.datasets.filters import Finder, Hashes, find_faces, hash_of, sharpness
from livegan.datasets.sources import (
    PICTURES,
    Opened,
    camera_number,
    camera_pictures,
    film_length_s,
    film_pictures,
    pictures_in,
    read_picture,
)
from livegan.errors import DatasetError

Crop = Literal["center", "none", "wide"]
AT_ONCE = 16  # pictures of one motif that are drawn together; fixed, so that a set is the same on each machine
MOST_THREADS = 16
LAYOUTS = 1 << 31  # seeds of layouts are below


@dataclass(frozen=True, slots=True)
class Wish:
    """What a training set should be."""

    size: tuple[int, int] = (256, 256)  # height, width [px]
    crop: Crop = "center"  # cut out the middle; "none" squeezes, "wide" fits all of it on black
    duplicates: bool = True  # whether a picture that looks like an earlier one is left out
    sharpest: float | None = None  # least sharpness, see `dataset_filters.sharpness`; None keeps all
    faces: bool = False  # only pictures with a face in them
    labels: bool = False  # a class for each sub-folder
    every_s: float = 1.0  # of a film or a camera one picture in so many seconds
    limit: int | None = None  # at most so many pictures


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    kept: int
    broken: tuple[tuple[str, str], ...] = ()  # name, why
    duplicates: int = 0
    blurred: int = 0
    faceless: int = 0
    enlarged: int = 0  # kept, but smaller than wished for
    classes: tuple[str, ...] = ()
    per_class: tuple[int, ...] = ()  # how many of each
    unreached: tuple[str, ...] = ()  # classes that are left out because there were enough pictures before them


@dataclass(slots=True)
class _Found:
    """A picture of the source, made to measure, or the reason why there is none."""

    name: str
    label: int | None = None
    pixels: Pixels | None = None
    why: str = ""
    enlarged: bool = False


@dataclass(slots=True)
class _Tally:
    """What `Report` tells, while it is counted."""

    broken: list[tuple[str, str]] = field(default_factory=list)
    duplicates: int = 0
    blurred: int = 0
    faceless: int = 0
    enlarged: int = 0


def expected(source: Path | str, wish: Wish) -> int | None:
    """How many pictures `make` will look at, for its progress bar; None if nobody can know."""
    if camera_number(str(source)) is not None:
        return wish.limit
    path = Path(source)
    if path.is_dir():
        return len(pictures_in(path))
    length_s = film_length_s(path)
    return None if length_s is None else max(1, -int(-length_s // wish.every_s))


def make(
    source: Path | str,
    output: Path,
    wish: Wish,
    tell: ProgressCallback = lambda done: None,
    threads: int | None = None,
    overwrite: bool = False,
    opened: Opened | None = None,
    finder: Finder | None = None,
) -> Report:
    """A training set of a folder, a film or "camera:N"; `tell` hears how many pictures were looked at.

    Broken pictures are passed over and reported. `opened` stands for a camera, `finder` for the way to find faces.
    DatasetError, and nothing written, if nothing is left.
    """
    _check(source, wish)
    fresh(output, overwrite)
    if wish.faces and finder is None:
        finder = find_faces()
    classes: tuple[str, ...] = ()
    if camera_number(str(source)) is not None:
        found = _moving(camera_pictures(camera_number(str(source)) or 0, wish.every_s, opened), wish)
    elif not Path(source).is_dir():
        found = _moving(film_pictures(Path(source), wish.every_s), wish)
    else:
        names = pictures_in(Path(source))
        if not names:
            raise DatasetError(
                f"there are no pictures in '{source}' ({', '.join(PICTURES)}); type: livegan dataset FOLDER"
            )
        if wish.labels:
            classes = _classes(names, Path(source))
        found = _still(Path(source), names, classes, wish, _count(threads))
    tally, hashes, seen = _Tally(), Hashes(), set()
    with catch_warnings(), closing(found), Writer(output, wish.size, classes) as writer:
        simplefilter("ignore")  # Pillow's, of odd things in a file: what matters is told
        for done, each in enumerate(found, 1):
            seen.add(each.label)
            if _wanted(each, wish, tally, hashes, finder):
                assert each.pixels is not None
                writer.add(each.pixels, each.label)
                tally.enlarged += each.enlarged
            tell(done)
            if wish.limit is not None and writer.count >= wish.limit:
                break
        if not writer.count:
            raise DatasetError(f"no picture of '{source}' is left{_why(tally)}; give another folder or film")
        _drop_empty(writer)
        per_class = tuple(np.bincount(writer.labels, minlength=len(writer.classes)).tolist()) if classes else ()
    return Report(
        writer.count,
        tuple(tally.broken),
        tally.duplicates,
        tally.blurred,
        tally.faceless,
        tally.enlarged,
        writer.classes,
        per_class,
        tuple(name for label, name in enumerate(classes) if label not in seen),
    )


def make_patterns(
    output: Path,
    size: tuple[int, int],
    count: int,
    seed: int = 0,
    layouts: int | None = None,
    tell: ProgressCallback = lambda done: None,
    threads: int | None = None,
    overwrite: bool = False,
) -> Report:
    """A training set of the motifs, `count` pictures in all, equally many of each (one more of the first, if need be).

    Each picture has a layout of its own; with `layouts` their seeds go round from 0. `seed` decides all the chance, and
    a longer set of the same seed begins each class with the same pictures.
    """
    import torch  # late: a set of photographs needs none

    from livegan.motifs.draw import NAMES, draw

    if count < len(NAMES):
        raise DatasetError(f"{count} pictures are too few for {len(NAMES)} classes")
    if layouts is not None and layouts < 1:
        raise DatasetError(f"{layouts} layouts are too few; give 1 or more")
    fresh(output, overwrite)
    per_class = [count // len(NAMES) + (label < count % len(NAMES)) for label in range(len(NAMES))]
    before = torch.get_num_threads()
    torch.set_num_threads(_count(threads))
    try:
        with Writer(output, size, NAMES) as writer, torch.inference_mode():
            for block in range(-(-per_class[0] // AT_ONCE)):
                for label, name in enumerate(NAMES):
                    chance = np.random.default_rng([seed, label, block])
                    knobs = torch.from_numpy(chance.standard_normal((AT_ONCE, 8)).astype(np.float32))
                    seeds = chance.integers(0, LAYOUTS, AT_ONCE).tolist()
                    if layouts is not None:
                        seeds = [(block * AT_ONCE + place) % layouts for place in range(AT_ONCE)]
                    here = min(AT_ONCE, per_class[label] - block * AT_ONCE)
                    if here <= 0:
                        continue
                    light = draw(name, knobs[:here], size, seeds[:here], finer=2)
                    pixels = light.mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
                    for picture in pixels:
                        writer.add(np.ascontiguousarray(picture), label)
                        tell(writer.count)
    finally:
        torch.set_num_threads(before)
    return Report(writer.count, classes=NAMES, per_class=tuple(per_class))


def fresh(output: Path, overwrite: bool) -> None:
    """DatasetError if there is something already where a training set is to be written."""
    if output.exists() and not overwrite:
        raise DatasetError(f"{output} is there already; type --overwrite, or give another name")


def fit(image: Image.Image, size: tuple[int, int], crop: Crop) -> Pixels:
    """A picture in RGB made to measure, uint8 (height, width, 3), with Lanczos's filter."""
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
        ground = Image.new("RGB", (width, height))
        ground.paste(
            image.resize(inside, Image.Resampling.LANCZOS), ((width - inside[0]) // 2, (height - inside[1]) // 2)
        )
        image = ground
    pixels: Pixels = np.asarray(image)
    return pixels


def _check(source: Path | str, wish: Wish) -> None:
    """DatasetError for a wish that cannot be granted."""
    camera = camera_number(str(source)) is not None
    height, width = wish.size
    if not SIDES[0] <= min(height, width) <= max(height, width) <= SIDES[1]:
        raise DatasetError(f"a training picture's sides are {SIDES[0]} to {SIDES[1]}, not {width}x{height}")
    if wish.crop not in get_args(Crop):
        raise DatasetError(f"--crop {wish.crop!r} is not one of {', '.join(get_args(Crop))}")
    if not 0 < wish.every_s < float("inf"):
        raise DatasetError(f"a picture every {wish.every_s} s is not possible; give more than 0")
    if wish.sharpest is not None and not isfinite(wish.sharpest):
        raise DatasetError(f"--sharpness {wish.sharpest} is no number to compare with; 100 is usual")
    if wish.limit is not None and wish.limit < 1:
        raise DatasetError(f"a limit of {wish.limit} pictures leaves none; give 1 or more")
    if camera and wish.limit is None:
        raise DatasetError("a camera never ends; say how many pictures you want with --limit, for example 1000")
    if not camera and not Path(source).exists():
        raise DatasetError(f"there is no '{source}'; give a folder of pictures, a film, or camera:0")
    if wish.labels and (camera or not Path(source).is_dir()):
        raise DatasetError("classes come from sub-folders: give a folder, or leave --labels away")


def _classes(names: list[str], folder: Path) -> tuple[str, ...]:
    """The sub-folders that hold pictures, in order."""
    outside = [name for name in names if "/" not in name]
    if outside:
        count = "1 picture" if len(outside) == 1 else f"{len(outside)} pictures"
        raise DatasetError(
            f"classes come from sub-folders, but there {'is' if len(outside) == 1 else 'are'} {count} of '{folder}' "
            f"outside of them, for example {outside[0]}; move all into one"
        )
    return tuple(sorted({name.split("/")[0] for name in names}))


def _still(
    folder: Path, names: list[str], classes: tuple[str, ...], wish: Wish, threads: int
) -> Generator[_Found, None, None]:
    """The pictures of a folder, read ahead by a few threads, in order."""
    number = {name: label for label, name in enumerate(classes)}

    def read(name: str) -> _Found:
        label = number[name.split("/")[0]] if classes else None
        try:
            return _measured(name, read_picture(folder / name), wish, label)
        except DatasetError as error:
            return _Found(name, label, why=str(error))

    pool = ThreadPoolExecutor(threads)
    ahead: deque[Future[_Found]] = deque()
    try:
        for name in names:
            ahead.append(pool.submit(read, name))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _moving(images: Iterator[Image.Image], wish: Wish) -> Generator[_Found, None, None]:
    """The pictures of a film or a camera; where it breaks off after the first, that is reported and the rest kept."""
    for number in numbers():
        try:
            image = next(images, None)
        except DatasetError as error:
            if number == 0:
                raise
            yield _Found(f"picture {number}", why=str(error))
            return
        if image is None:
            return
        yield _measured(f"picture {number}", image, wish, None)


def _measured(name: str, image: Image.Image, wish: Wish, label: int | None) -> _Found:
    height, width = wish.size
    sides = image.width / width, image.height / height
    enlarged = (max(sides) if wish.crop == "wide" else min(sides)) < 1
    return _Found(name, label, fit(image, wish.size, wish.crop), enlarged=enlarged)


def _wanted(found: _Found, wish: Wish, tally: _Tally, hashes: Hashes, finder: Finder | None) -> bool:
    """Whether a picture is kept; if not, the tally knows why."""
    if found.pixels is None:
        tally.broken.append((found.name, found.why))
        return False
    if wish.sharpest is not None and sharpness(found.pixels) < wish.sharpest:
        tally.blurred += 1
        return False
    if wish.faces and finder is not None and not finder(found.pixels):
        tally.faceless += 1
        return False
    if wish.duplicates and not hashes.new(hash_of(found.pixels)):
        tally.duplicates += 1
        return False
    return True


def _drop_empty(writer: Writer) -> None:
    """A class of which nothing is left is none."""
    if not writer.classes:
        return
    used = sorted(set(writer.labels))
    again = {label: place for place, label in enumerate(used)}
    writer.labels = [again[label] for label in writer.labels]
    writer.classes = tuple(writer.classes[label] for label in used)


def _why(tally: _Tally) -> str:
    """What became of all pictures, for an error."""
    counts = ((len(tally.broken), "broken"), (tally.blurred, "not sharp enough"), (tally.faceless, "without a face"))
    parts = [f"{count} {what}" for count, what in counts if count]
    first = f"; {tally.broken[0][0]}: {tally.broken[0][1]}" if tally.broken else ""
    return f" ({', '.join(parts)}{first})" if parts else ""


def _count(threads: int | None) -> int:
    return max(1, min(MOST_THREADS, threads or cpu_count() or 1))
