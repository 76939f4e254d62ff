"""Filters for training pictures: duplicates (perceptual hash), sharpness."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.core.types import Pixels

MAX_HAMMING = 4  # bits in which the hashes of duplicates may differ
GRID = 32  # side of the grey picture that is hashed [px]
WAVES = 8  # the hash has a bit for each of 8 x 8 low frequencies of the DCT


def _cosines() -> NDArray[np.float64]:
    """Low-frequency basis of the DCT without the constant, (WAVES, GRID)."""
    wave, place = np.arange(1, WAVES + 1)[:, None], np.arange(GRID)
    return np.cos(np.pi * wave * (2 * place + 1) / (2 * GRID))


COSINES = _cosines()


def perceptual_hash(pixels: Pixels) -> int:
    """Perceptual hash: 64 bits, signs of DCT coefficients, nearly invariant to resizing and compression."""
    grey = Image.fromarray(pixels).convert("L").resize((GRID, GRID), Image.Resampling.LANCZOS)
    waves = (COSINES @ np.asarray(grey, np.float64) @ COSINES.T).round(3)
    bits = waves.ravel() > np.median(waves)
    return int.from_bytes(np.packbits(bits).tobytes())


class DuplicateFilter:
    """Duplicate filter by perceptual hashes; eight bytes for each picture."""

    def __init__(self) -> None:
        self._hashes = np.zeros(1024, np.uint64)
        self._thread_count = 0

    def is_new(self, image_hash: int) -> bool:
        """Whether no earlier hash is within MAX_HAMMING bits; if so it is remembered."""
        bits = np.uint64(image_hash)
        if (np.bitwise_count(self._hashes[: self._thread_count] ^ bits) <= MAX_HAMMING).any():
            return False
        if self._thread_count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
        self._hashes[self._thread_count] = bits
        self._thread_count += 1
        return True


def sharpness(pixels: Pixels) -> float:
    """Sharpness: variance of the Laplacian of the grey picture 0..255; below about 100 looks blurred."""
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var())
