"""OKLab colour space (Ottosson 2020): distances between colours as the eye sees them. numpy only."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)


def srgb_to_oklab(srgb: ArrayLike) -> NDArray[np.float64]:
    """sRGB (..., 3) in 0..1 to OKLab (..., 3): lightness 0..1, a and b about -0.4..0.4."""
    coded = np.asarray(srgb, np.float64)
    linear = np.where(coded <= 0.04045, coded / 12.92, ((np.maximum(coded, 0) + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def oklab_to_srgb(lab: ArrayLike) -> NDArray[np.float64]:
    """OKLab (..., 3) to sRGB (..., 3), clipped into 0..1."""
    lms = (np.asarray(lab, np.float64) @ _FROM_LAB.T) ** 3
    linear = np.clip(lms @ _FROM_LMS.T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def parse_hex(text: str) -> tuple[float, float, float]:
    """sRGB in 0..1 of "8a2be2" or "#8a2be2"; ValueError for what is no such colour."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def to_hex(srgb: tuple[float, float, float]) -> str:
    """sRGB in 0..1 as "8a2be2"."""
    return "".join(f"{round(255 * value):02x}" for value in srgb)
