"""Checks of the numbers that describe a network, shared by the shapes of all architectures. No torch here."""

import math
from collections.abc import Collection, Mapping

from livegan.core.text import printable
from livegan.errors import NetworkError

MAX_MAPPING_LAYERS = 64


def is_count(value: object, largest: int = 16384) -> bool:
    """Whether it is a whole number from 1 to `largest`."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest


def is_channels(value: object) -> bool:
    """Whether it lists the channels of 1 to 13 levels, 4 px to 16384 px."""
    return isinstance(value, list | tuple) and 1 <= len(value) <= 13 and all(map(is_count, value))


def is_number(value: object) -> bool:
    """Whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_positive(value: object) -> bool:
    """Whether it is a finite number above 0."""
    return is_number(value) and value > 0  # type: ignore[operator]


def key_mistakes(table: Mapping[str, object], known: Collection[str]) -> list[str]:
    """A line for each unknown and for each missing key."""
    unknown = [f"no key '{printable(key, 100)}' belongs there" for key in sorted(set(table) - set(known))]
    return unknown + [f"'{key}' is missing" for key in sorted(set(known) - set(table))]


def tensor_shape(shapes: Mapping[str, tuple[int, ...]], mismatch: str, name: str, axes: int) -> tuple[int, ...]:
    """The shape of a tensor; NetworkError, `mismatch` and why, if it is missing or has another number of axes."""
    shape = shapes.get(name)
    if shape is None or len(shape) != axes:
        raise NetworkError(f"{mismatch}: '{name}' must be there and have {axes} axes")
    return tuple(shape)
