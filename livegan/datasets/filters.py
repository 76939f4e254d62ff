"""Filters for training pictures: duplicates (perceptual hash and coarse colours), sharpness."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.core.types import Pixels

MAX_HAMMING = 4  # bits in which the hashes of duplicates may differ
TILES = 4  # the colours of duplicates are compared in 4 x 4 tiles
COLOURS_BYTES = TILES * TILES * 3
MAX_LUMA, MAX_CHROMA = 24.0, 12.0  # RMS difference over the tiles; largest of a tile; of 255
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


def coarse_colours(pixels: Pixels) -> bytes:
    """Mean colours of TILES x TILES tiles, three bytes of YCbCr each, row by row."""
    colours = Image.fromarray(pixels).convert("YCbCr").resize((TILES, TILES), Image.Resampling.BOX)
    return colours.tobytes()


def alike_colours(many: NDArray[np.uint8], one: bytes) -> NDArray[np.bool_]:
    """Which rows (n, COLOURS_BYTES) of coarse colours are those of another copy of `one`: (n,).

    Copies may be somewhat brighter or darker; the hue of no tile may differ. The hash alone sees neither.
    """
    apart = many.astype(np.float32) - np.frombuffer(one, np.uint8)
    apart = apart.reshape(len(many), TILES * TILES, 3)
    luma = np.sqrt((apart[..., 0] ** 2).mean(axis=1))
    chroma = np.sqrt((apart[..., 1:] ** 2).sum(axis=2)).max(axis=1, initial=0.0)
    alike: NDArray[np.bool_] = (luma <= MAX_LUMA) & (chroma <= MAX_CHROMA)
    return alike


class DuplicateFilter:
    """Duplicate filter by perceptual hashes and coarse colours; 56 bytes for each picture, and its name."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._hashes = np.zeros(1024, np.uint64)
        self._colours = np.zeros((1024, COLOURS_BYTES), np.uint8)

    def earlier(self, name: str, pixels: Pixels) -> str | None:
        """The name of the first earlier picture that looks like this one; if there is none, None: it is remembered."""
        bits, colours, count = np.uint64(perceptual_hash(pixels)), coarse_colours(pixels), len(self._names)
        near = np.flatnonzero(np.bitwise_count(self._hashes[:count] ^ bits) <= MAX_HAMMING)
        alike = near[alike_colours(self._colours[near], colours)]
        if len(alike):
            return self._names[int(alike[0])]
        if count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
            self._colours = np.concatenate([self._colours, np.zeros_like(self._colours)])
        self._hashes[count] = bits
        self._colours[count] = np.frombuffer(colours, np.uint8)
        self._names.append(name)
        return None


def sharpness(pixels: Pixels) -> float:
    """Sharpness: variance of the Laplacian of the grey picture 0..255; below about 100 looks blurred."""
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var())
