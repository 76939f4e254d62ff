"""Measures of pictures: sharpness, exposure, faces, perceptual hash; of each content once, then remembered."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from os import cpu_count
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np
from PIL import Image

from livegan.core.progress import ProgressCallback
from livegan.core.types import Pixels
from livegan.datasets.capture_time import taken_s, time_in_exif
from livegan.datasets.faces import Face, FaceFinder
from livegan.datasets.filters import COLOURS_BYTES, coarse_colours, perceptual_hash, sharpness
from livegan.datasets.identities import Embedding, FaceEmbedder
from livegan.datasets.measure_cache import MeasureCache
from livegan.datasets.sources import READ_ERRORS, read_picture, readable_formats
from livegan.errors import DatasetError
from livegan.networks.cache import file_hash

VERSION = 2  # of what is measured; another one is measured anew
LONGEST_PX = 1024  # a picture's sharpness is measured at no more than that
FACE_PX = 256  # a face's
WHITE, BLACK = 250, 5  # of 255: from here on there is no drawing in the lights, in the shadows
MAX_THREADS = 16


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of one picture; those of light and sharpness are of its largest face, where there is one."""

    width: int = 0  # [px]
    height: int = 0
    sharpness: float = 0.0  # variance of the Laplacian (`filters.sharpness`)
    brightness: float = 0.0  # mean, 0..1
    contrast: float = 0.0  # standard deviation, 0..1
    clipped: float = 0.0  # share that is white, 0..1
    crushed: float = 0.0  # share that is black
    hash: int = 0  # `filters.perceptual_hash`
    colours: bytes = bytes(COLOURS_BYTES)  # `filters.coarse_colours`
    exif_s: float | None = None  # when it was taken, as its EXIF says
    faces: tuple[Face, ...] = ()  # the largest first
    embeddings: tuple[Embedding, ...] = ()  # of `faces`; () where nothing makes them
    error: str = ""  # why it cannot be read

    @property
    def exposure(self) -> float:
        """Quality of exposure, 0..1: neither dark nor bright, not flat, with drawing in lights and shadows."""
        lit = min(1.0, max(0.0, min(self.brightness - 0.05, 0.95 - self.brightness) / 0.2))
        spread = min(1.0, self.contrast / 0.12)
        whole = max(0.0, 1.0 - 4.0 * max(0.0, self.clipped - 0.02)) * max(0.0, 1.0 - 2.0 * max(0.0, self.crushed - 0.1))
        return lit * spread * whole

    @property
    def face_size(self) -> float:
        """The side of the largest face, of the shorter side of the picture; 0: no face."""
        return self.faces[0].side / max(1, min(self.width, self.height)) if self.faces else 0.0

    @property
    def quality(self) -> float:
        """Sharpness and exposure in one number, 0..1; 100 of sharpness is half of what can be."""
        return self.sharpness / (self.sharpness + 100.0) * self.exposure


@dataclass(frozen=True, slots=True)
class Measured:
    """A picture file and its measures."""

    path: Path
    sha256: str  # of its content; "" if it cannot be read
    measures: Measures
    taken_s: float  # when it was taken, for putting pictures in order


@dataclass(frozen=True, slots=True)
class Meter:
    """What measures a picture: a face detector and an embedder, or None of either, and their names."""

    find_faces: FaceFinder | None = None
    embed: FaceEmbedder | None = None
    name: str = ""

    @property
    def method(self) -> str:
        """The key under which measures are remembered."""
        return f"{VERSION}:{self.name}"

    def measure(self, path: Path) -> Measures:
        """Measures of the picture in a file; `error` says why there are none."""
        try:
            image = read_picture(path, ground=None)
        except DatasetError as error:
            return Measures(error=str(error))
        pixels: Pixels = np.asarray(image)
        faces = tuple(self.find_faces(pixels)) if self.find_faces else ()
        embeddings = tuple(self.embed(pixels, faces)) if self.embed and faces else ()
        plain = Measures(
            image.width,
            image.height,
            hash=perceptual_hash(pixels),
            colours=coarse_colours(pixels),
            exif_s=_exif_s(path),
        )
        return replace(_with_light(plain, image, faces), faces=faces, embeddings=embeddings)


def measure_pictures(
    paths: Sequence[Path],
    meter: Meter,
    cache: MeasureCache,
    report: ProgressCallback = lambda done: None,
    threads: int | None = None,
) -> list[Measured]:
    """Measure every picture, or recall what is remembered of its content; an interrupted call goes on where it was."""
    found = []
    with catch_warnings():
        simplefilter("ignore")  # Pillow's, about odd metadata
        for picture in _ahead(paths, meter, cache, max(1, min(MAX_THREADS, threads or cpu_count() or 1))):
            found.append(picture)
            report(len(found))
    return found


def _ahead(paths: Sequence[Path], meter: Meter, cache: MeasureCache, threads: int) -> Iterator[Measured]:
    """The pictures in order, measured by a thread pool a little ahead."""
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Measured]] = deque()
    try:
        for path in paths:
            waiting.append(pool.submit(_measured, path, meter, cache))
            if len(waiting) > 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _measured(path: Path, meter: Meter, cache: MeasureCache) -> Measured:
    try:
        sha256 = cache.known_hash(path) or file_hash(path)
    except OSError as error:
        return Measured(path, "", Measures(error=error.strerror or "it cannot be read"), 0.0)
    cache.keep_hash(path, sha256)
    table = cache.recall(sha256, meter.method)
    measures = None if table is None else from_table(table)
    if measures is None:
        measures = meter.measure(path)
        cache.remember(sha256, meter.method, to_table(measures))
    return Measured(path, sha256, measures, taken_s(path, measures.exif_s))


def _with_light(measures: Measures, image: Image.Image, faces: Sequence[Face]) -> Measures:
    """Sharpness and exposure of the largest face, or of the whole picture, at a size that is comparable."""
    most = LONGEST_PX
    if faces:
        left, top, right, bottom = (round(value) for value in faces[0].box)
        image, most = image.crop((left, top, right, bottom)), FACE_PX
    scale = max(image.size) / most
    if scale > 1:
        size = max(1, round(image.width / scale)), max(1, round(image.height / scale))
        image = image.resize(size, Image.Resampling.BOX)
    grey = np.asarray(image.convert("L"))
    return replace(
        measures,
        sharpness=sharpness(np.asarray(image)) if min(grey.shape) > 2 else 0.0,
        brightness=float(grey.mean()) / 255,
        contrast=float(grey.std()) / 255,
        clipped=float((grey >= WHITE).mean()),
        crushed=float((grey <= BLACK).mean()),
    )


def _exif_s(path: Path) -> float | None:
    with suppress(*READ_ERRORS), Image.open(path, formats=readable_formats()) as image:
        return time_in_exif(image)
    return None


def to_table(measures: Measures) -> dict[str, object]:
    """Measures as JSON holds them."""
    return {
        **{name: getattr(measures, name) for name in _PLAIN},
        "hash": f"{measures.hash:016x}",
        "colours": measures.colours.hex(),
        "faces": [[*face.box, *face.eyes[0], *face.eyes[1], face.exact] for face in measures.faces],
        "embeddings": [[round(value, 5) for value in embedding] for embedding in measures.embeddings],
    }


def from_table(table: dict[str, object]) -> Measures | None:
    """Measures from JSON; None if it is another's."""
    try:
        faces = tuple(
            Face(tuple(face[:4]), (tuple(face[4:6]), tuple(face[6:8])), bool(face[8]))
            for face in table["faces"]  # type: ignore[attr-defined]
        )
        embeddings = tuple(tuple(row) for row in table["embeddings"])  # type: ignore[attr-defined]
        plain = {name: table[name] for name in _PLAIN}
        bits, colours = int(str(table["hash"]), 16), bytes.fromhex(str(table["colours"]))
        if len(colours) != COLOURS_BYTES:
            return None
        return Measures(**plain, hash=bits, colours=colours, faces=faces, embeddings=embeddings)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, IndexError):
        return None


_PLAIN = ("width", "height", "sharpness", "brightness", "contrast", "clipped", "crushed", "exif_s", "error")
