"""Face detection: drawn faces are found with their eyes, nothing is found where there is none."""

from concurrent.futures import ThreadPoolExecutor
from math import hypot
from typing import Any

import numpy as np
import pytest

from livegan.core.types import Pixels
from livegan.datasets import faces
from livegan.datasets.faces import Face, find_faces
from tests.drawn_faces import drawn_face

KINDS: dict[str, dict[str, Any]] = {
    "upright": {},
    "tilted": {"roll_deg": 10},
    "tilted-back": {"roll_deg": -12},
    "small": {"side": 60},
    "blurred": {"blur_px": 3},
    "aside": {"size": (480, 640), "centre": (200, 300), "side": 180},
    "large": {"size": (1200, 1500), "centre": (700, 600), "side": 450},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_and_its_eyes_are_found(kind: str) -> None:
    pixels, eyes = drawn_face(**KINDS[kind])
    (face,) = find_faces(pixels)
    apart = hypot(eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1])
    assert face.exact
    for (x, y), (true_x, true_y) in zip(face.eyes, eyes, strict=True):
        assert hypot(x - true_x, y - true_y) < 0.1 * apart
        assert face.box[0] < x < face.box[2]
        assert face.box[1] < y < face.box[3]


def test_eyes_that_are_not_seen_are_where_they_usually_are() -> None:
    pixels, eyes = drawn_face(skin=(90, 60, 45))
    (face,) = find_faces(pixels)
    apart = eyes[1][0] - eyes[0][0]
    assert not face.exact
    assert all(hypot(x - a, y - b) < 0.35 * apart for (x, y), (a, b) in zip(face.eyes, eyes, strict=True))


def test_the_largest_face_comes_first() -> None:
    small, large = drawn_face(side=70)[0], drawn_face(side=110)[0]
    found = find_faces(np.concatenate([small, large], 1))
    assert len(found) == 2
    assert found[0].side > found[1].side
    assert found[0].centre[0] > 256 > found[1].centre[0]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (256, 256, 3)])
def test_no_face_is_found_where_there_is_none(shape: tuple[int, ...]) -> None:
    assert find_faces(np.zeros(shape, np.uint8)) == []
    assert find_faces(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)) == []


def test_threads_may_share_the_detector() -> None:
    pictures = [drawn_face(side=side)[0] for side in (60, 80, 100, 120)] * 2
    find = faces.face_finder()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(find, pictures)) == [find(pixels) for pixels in pictures]


def test_without_a_detector_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(faces, "find_spec", lambda name: None)
    monkeypatch.setattr(faces, "import_module", missing)
    monkeypatch.setattr(faces, "detector_name", faces.detector_name.__wrapped__)
    with pytest.raises(faces.DatasetError, match="pip install"):
        find_faces(np.zeros((64, 64, 3), np.uint8))


class FakeDlib:
    """dlib with one face in every picture, at a fifth of its size, whose eyes' corners it knows."""

    class Box:
        def __init__(self, side: int) -> None:
            self.side = side

        def left(self) -> int:
            return self.side

        top = left

        def right(self) -> int:
            return 3 * self.side - 1

        bottom = right

        def width(self) -> int:
            return 2 * self.side

        height = width

    class Point:
        def __init__(self, x: float, y: float) -> None:
            self.x, self.y = x, y

    class Shape:
        def __init__(self, points: list["FakeDlib.Point"]) -> None:
            self.points = points

        def parts(self) -> list["FakeDlib.Point"]:
            return self.points

    def get_frontal_face_detector(self) -> "FakeDlib":
        return self

    def run(self, pixels: Pixels, zoom: int, least: float) -> tuple[list[Box], list[float], list[int]]:
        return [self.Box(len(pixels) // 5)], [1.0], [0]

    def shape_predictor(self, path: str) -> Any:
        def predict(pixels: Pixels, box: FakeDlib.Box) -> FakeDlib.Shape:
            side = box.left()
            xs = (2.8, 2.4, 1.2, 1.6, 2.0)  # of the right eye, outer and inner; of the left; the nose
            return self.Shape([self.Point(x * side, 1.5 * side) for x in xs])

        return predict


def test_dlib_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "detector_name", lambda: "dlib")
    monkeypatch.setattr(faces, "weights", lambda name: name)
    monkeypatch.setattr(faces, "import_module", lambda name: FakeDlib())
    assert find_faces(np.zeros((500, 500, 3), np.uint8)) == [Face((100, 100, 300, 300), ((140, 150), (260, 150)))]
    large = find_faces(np.zeros((2048, 2048, 3), np.uint8))
    assert large == [Face((408, 408, 1224, 1224), ((571.2, 612), (1060.8, 612)))]
