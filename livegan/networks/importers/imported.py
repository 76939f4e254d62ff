"""ImportedNetwork: the result of a reader, and the checks of tensors and metadata before they are used."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import Array, shape_text

MAX_NUMBERS = 1_000_000_000  # numbers in a network
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class ImportedNetwork:
    """A network read from another program's file, with livegan's tensor names and layout."""

    what: str  # the kind of file, for people
    values: Mapping[str, Any]  # what its JSON will say: kind, resolution, z_dim, c_dim, w_dim, shape, notes
    tensors: Mapping[str, Array]


def check_shapes(shapes: Shapes, expected: Shapes) -> None:
    """NetworkError unless the tensors are the expected ones, with the expected shapes."""
    mistakes = [f"'{name}' is missing" for name in expected if name not in shapes]
    mistakes += [f"'{name}' is unknown" for name in shapes if name not in expected]
    mistakes += [
        f"'{name}' is {shape_text(shapes[name])} where {shape_text(shape)} is needed"
        for name, shape in expected.items()
        if name in shapes and shapes[name] != shape
    ]
    if mistakes:
        more = f" and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
        listed = ", ".join(printable(mistake) for mistake in mistakes[:3])
        raise NetworkError(f"has tensors that do not belong together: {listed}{more}")
    check_size(shapes)


def check_size(shapes: Shapes) -> None:
    """NetworkError if a network claims to be larger than any known one."""
    count = sum(math.prod(shape) for shape in shapes.values())
    if count > MAX_NUMBERS:
        raise NetworkError(
            f"says it is a network of {count:.1e} numbers; livegan plays networks of up to {MAX_NUMBERS:.0e}"
        )


def check_numbers(tensors: Mapping[str, Array]) -> None:
    """NetworkError if a number is NaN or infinite: one of them makes the whole picture black."""
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise NetworkError(f"has numbers that are not finite in '{name}': its training broke, take an earlier one")


def check_metadata(metadata: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """NetworkError if the metadata in a file contradict its tensors."""
    for name, value in values.items():
        if name in metadata and metadata[name] is not None and metadata[name] != value:
            said = metadata[name]
            plain = (isinstance(said, int) and abs(said) < 1e12) or (isinstance(said, str) and len(said) < 40)
            shown = printable(said) if plain else "something else"
            raise NetworkError(f"contradicts itself: it says {name} is {shown}, its tensors say {value}")


def positive_number(value: object, what: str) -> float | int | None:
    """A number above 0 and below 1e30, or None; anything else is a NetworkError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e30:
        raise NetworkError(f"has a '{what}' that is no number above 0")
    return value
