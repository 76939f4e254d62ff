"""Which pictures belong into a training set: not twice the same, not blurred, with a face."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.core.types import Pixels
from livegan.errors import DatasetError

NEAR = 4  # bits in which two pictures that look the same may differ
GRID = 32  # the side of the grey picture a hash is taken of [px]
WAVES = 8  # the hash has a bit for each of 8 x 8 slow waves
FACES = "haarcascade_frontalface_default.xml"  # comes with OpenCV

Finder = Callable[[Pixels], bool]  # whether there is a face


def _cosines() -> NDArray[np.float64]:
    """The slow waves of a cosine transform without the constant one, (WAVES, GRID)."""
    wave, place = np.arange(1, WAVES + 1)[:, None], np.arange(GRID)
    return np.cos(np.pi * wave * (2 * place + 1) / (2 * GRID))


COSINES = _cosines()


def hash_of(pixels: Pixels) -> int:
    """64 bits that stay nearly the same when a picture is resized or compressed: signs of its slow waves."""
    grey = Image.fromarray(pixels).convert("L").resize((GRID, GRID), Image.Resampling.LANCZOS)
    waves = (COSINES @ np.asarray(grey, np.float64) @ COSINES.T).round(3)
    bits = waves.ravel() > np.median(waves)
    return int.from_bytes(np.packbits(bits).tobytes())


class Hashes:
    """The hashes seen so far: eight bytes for each picture."""

    def __init__(self) -> None:
        """None yet."""
        self._hashes = np.zeros(1024, np.uint64)
        self._count = 0

    def new(self, number: int) -> bool:
        """Whether no earlier hash is within `NEAR` bits; if so it is remembered."""
        number_ = np.uint64(number)
        if (np.bitwise_count(self._hashes[: self._count] ^ number_) <= NEAR).any():
            return False
        if self._count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
        self._hashes[self._count] = number_
        self._count += 1
        return True


def sharpness(pixels: Pixels) -> float:
    """The variance of Laplace's operator on the grey picture 0..255: under about 100 looks blurred, 0 is one colour."""
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
    bend = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(bend.var())


def find_faces() -> Finder:
    """What tells pictures with a face seen from the front, with OpenCV; DatasetError where that is not installed."""
    try:
        cv2: Any = import_module("cv2")
        cascade = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, FACES)))
        found = not cascade.empty()
    except (ImportError, AttributeError):
        found = False
    if not found:
        raise DatasetError("faces are found with OpenCV 4; type: pip install 'opencv-python-headless<5'")

    def finder(pixels: Pixels) -> bool:
        grey = np.asarray(Image.fromarray(pixels).convert("L"))
        least = max(24, min(grey.shape) // 8)
        return len(cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(least, least))) > 0

    return finder
