"""Interpolation: linear, spherical, and of tables of numbers."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Amount = TypeVar("Amount", float, NDArray[np.float32])


def lerp(start: Amount, end: Amount, amount: float) -> Amount:
    """Linear interpolation: `start` at 0, `end` at 1."""
    return start * (1 - amount) + end * amount


def slerp(start: NDArray[np.float32], end: NDArray[np.float32], amount: float) -> NDArray[np.float32]:
    """Spherical interpolation of two latents, their norms blended linearly (Shoemake 1985, section 3.3).

    Linear where the angle is too near 0 or 180 degrees, or where either is zero.
    """
    long_a, long_b = float(np.linalg.norm(start)), float(np.linalg.norm(end))
    if long_a < 1e-6 or long_b < 1e-6:
        return lerp(start, end, amount)
    cosine = float(np.clip(np.dot(start, end) / (long_a * long_b), -1.0, 1.0))
    angle = float(np.arccos(cosine))
    if angle < 1e-3 or angle > np.pi - 1e-3:
        return lerp(start, end, amount)
    a, b = np.sin((1 - amount) * angle) / np.sin(angle), np.sin(amount * angle) / np.sin(angle)
    length = lerp(long_a, long_b, amount)
    turned = (start * (a / long_a) + end * (b / long_b)) * length
    return np.asarray(turned, np.float32)


def blend_numbers(
    start: Mapping[str, float], end: Mapping[str, float], amount: float, missing: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Linear interpolation of two tables; a name that one side lacks counts there as what `missing` says, or 0."""
    missing = missing or {}
    names = {**start, **end}
    return {
        name: lerp(start.get(name, missing.get(name, 0.0)), end.get(name, missing.get(name, 0.0)), amount)
        for name in names
    }
