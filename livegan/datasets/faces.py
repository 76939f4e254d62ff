"""Face detection: boxes and the centres of the eyes.

With dlib (extra `identities`) faces are found by its HOG detector and eyes by its five-point landmarks (Kazemi &
Sullivan 2014), to a pixel or two. With OpenCV alone (extra `faces`) both come from Haar cascades (Viola & Jones 2001),
which are inside its wheel: eyes to a tenth of their distance. Nothing is downloaded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from math import atan2, degrees, hypot
from pathlib import Path
from threading import Lock, local
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.core.types import Pixels
from livegan.errors import DatasetError

FACE_CASCADE = "haarcascade_frontalface_alt2.xml"  # finds fewer faces where there are none than _default
EYE_CASCADES = ("haarcascade_eye_tree_eyeglasses.xml", "haarcascade_eye.xml")
LANDMARKS = "shape_predictor_5_face_landmarks.dat"  # dlib's, CC0; the one of 68 points may not be used commercially
WEIGHTS = "face_recognition_models"  # module of the packages that carry dlib's weights
LONGEST_PX = 1024  # larger pictures are searched at this size
SMALLEST = 1 / 8  # of the shorter side, and at least SMALLEST_PX
SMALLEST_PX = 24
EYES = ((0.30, 0.38), (0.70, 0.38))  # where the cascade's boxes have them [of the side]
MAX_ROLL_DEG = 35.0
LEAST_SCORE = 0.25  # of dlib's detector; its own limit of 0 finds faces in cloth
INSTALL = "pip install 'opencv-python-headless<5'"

Point = tuple[float, float]  # x, y [px] from the left and the top


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture."""

    box: tuple[float, float, float, float]  # left, top, right, bottom [px], from the brows to the chin
    eyes: tuple[Point, Point]  # centres, the one on the left of the picture first
    exact: bool = True  # False: no eyes were seen; `eyes` is where they usually are in such a box

    @property
    def side(self) -> float:
        """The longer side of the box [px]."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


FaceFinder = Callable[[Pixels], list[Face]]
_importing = Lock()  # cv2 is half a module while another thread imports it


def find_faces(pixels: Pixels) -> list[Face]:
    """The faces in uint8 (height, width, 3), the largest first; DatasetError if no detector is installed."""
    return face_finder()(pixels)


def face_finder() -> FaceFinder:
    """The best detector that is installed; threads may share it. DatasetError if there is none."""
    with _importing:
        name = detector_name()
    if name is None:
        raise DatasetError(f"faces are found with OpenCV 4; type: {INSTALL}")
    return lambda pixels: _search(pixels, _loaded(name))


@lru_cache(maxsize=1)
def detector_name() -> str | None:
    """What finds faces on this machine: "dlib", "opencv", or None."""
    if find_spec("dlib") is not None and weights(LANDMARKS) is not None:
        return "dlib"
    try:
        cv2: Any = import_module("cv2")
        found = all(Path(cv2.data.haarcascades, name).is_file() for name in (FACE_CASCADE, *EYE_CASCADES))
    except (ImportError, AttributeError):  # OpenCV 5 has no cascades
        return None
    return "opencv" if found else None


def weights(name: str) -> Path | None:
    """A file of dlib's weights, where the package that carries them is installed; it is not imported."""
    spec = find_spec(WEIGHTS)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    paths = [Path(folder, "models", name) for folder in folders]
    return next((path for path in paths if path.is_file()), None)


Grey = NDArray[np.uint8]
Raw = Callable[[Pixels], list[Face]]
_of_thread = local()  # neither library's detectors may be used by two threads at once


def _loaded(name: str) -> Raw:
    """The detector of the calling thread."""
    if getattr(_of_thread, "name", None) != name:
        _of_thread.raw, _of_thread.name = (_with_dlib() if name == "dlib" else _with_opencv()), name
    raw: Raw = _of_thread.raw
    return raw


def _search(pixels: Pixels, raw: Raw) -> list[Face]:
    """Search a picture at no more than LONGEST_PX."""
    height, width = pixels.shape[:2]
    scale = max(1.0, max(height, width) / LONGEST_PX)
    small = pixels
    if scale > 1:
        size = max(1, round(width / scale)), max(1, round(height / scale))
        small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    if min(small.shape[:2]) < SMALLEST_PX:
        return []
    faces = raw(np.ascontiguousarray(small))
    return sorted((_scaled(face, scale) for face in faces), key=lambda face: (-face.side, face.box))


def _scaled(face: Face, by: float) -> Face:
    left, top, right, bottom = (value * by for value in face.box)
    (ax, ay), (bx, by_) = face.eyes
    return Face((left, top, right, bottom), ((ax * by, ay * by), (bx * by, by_ * by)), face.exact)


def _with_opencv() -> Raw:
    cv2: Any = import_module("cv2")
    faces = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, FACE_CASCADE)))
    eyes = [cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, name))) for name in EYE_CASCADES]

    def find(pixels: Pixels) -> list[Face]:
        grey = np.asarray(Image.fromarray(pixels).convert("L"))
        least = max(SMALLEST_PX, round(min(grey.shape) * SMALLEST))
        boxes = faces.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(least, least))
        return [_with_eyes(grey, tuple(map(int, box)), eyes) for box in boxes]

    return find


def _with_eyes(grey: Grey, box: tuple[int, ...], cascades: list[Any]) -> Face:
    """A face of a cascade's box (x, y, width, height)."""
    x, y, width, height = box
    whole = float(x), float(y), float(x + width), float(y + height)
    usual = [(x + across * width, y + down * height) for across, down in EYES]
    found = [_eye(grey[y + height // 6 : y + int(height * 0.6), part], part.start, y + height // 6, cascades, place)
             for part, place in zip(_halves(x, width), usual, strict=True)]  # fmt: skip
    left, right = found
    if left is not None and right is not None and _plausible(left, right, width):
        return Face(whole, (left, right))
    return Face(whole, (usual[0], usual[1]), exact=False)


def _halves(x: int, width: int) -> tuple[slice, slice]:
    """The columns in which the left and the right eye lie."""
    overlap = width // 20
    return slice(x, x + width // 2 + overlap), slice(x + width // 2 - overlap, x + width)


def _eye(part: Grey, left: int, top: int, cascades: list[Any], usual: Point) -> Point | None:
    """The centre of the eye in a part of a picture that lies at (left, top), nearest to the usual place."""
    side = max(part.shape)
    for cascade in cascades:
        seen = cascade.detectMultiScale(part, scaleFactor=1.05, minNeighbors=3, minSize=(side // 6, side // 6))
        centres = [(float(left + x + width / 2), float(top + y + height / 2)) for x, y, width, height in seen]
        if centres:
            return min(centres, key=lambda at: hypot(at[0] - usual[0], at[1] - usual[1]))
    return None


def _plausible(left: Point, right: Point, width: float) -> bool:
    """Whether two points can be the eyes of a face so wide."""
    apart = hypot(right[0] - left[0], right[1] - left[1])
    roll = degrees(atan2(right[1] - left[1], right[0] - left[0]))
    return 0.25 * width <= apart <= 0.65 * width and abs(roll) <= MAX_ROLL_DEG


def _with_dlib() -> Raw:
    dlib: Any = import_module("dlib")
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(weights(LANDMARKS)))

    def find(pixels: Pixels) -> list[Face]:
        least = max(SMALLEST_PX, min(pixels.shape[:2]) * SMALLEST)
        zoom = 1 if least < 80 else 0  # the detector sees 80 px and more; one doubling finds half of that
        boxes, _, _ = detector.run(pixels, zoom, LEAST_SCORE)
        return [
            Face(_box(box), _eyes_of_landmarks(landmarks(pixels, box)))
            for box in boxes
            if max(box.width(), box.height()) >= least
        ]

    return find


def _box(box: Any) -> tuple[float, float, float, float]:
    """dlib's rectangle; its right and bottom are inside."""
    return float(box.left()), float(box.top()), float(box.right() + 1), float(box.bottom() + 1)


def _eyes_of_landmarks(shape: Any) -> tuple[Point, Point]:
    """The centres between the corners of the eyes, of dlib's five points: two of each eye, and the nose."""
    points = [(float(part.x), float(part.y)) for part in shape.parts()]
    centres = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in (points[:2], points[2:4])]
    left, right = sorted(centres)
    return left, right
