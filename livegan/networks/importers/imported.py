"""What a reader gives back, and how what is read is checked before anyone believes it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers.storages import Array, sides

MOST = 1_000_000_000  # numbers in a network
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """A network read from someone's file, in our own names and our own layout."""

    what: str  # the kind of file, for people
    values: Mapping[str, Any]  # what its JSON will say: kind, resolution, z_dim, c_dim, w_dim, shape
    tensors: Mapping[str, Array]


def check_shapes(found: Shapes, wanted: Shapes) -> None:
    """NetworkError unless the tensors are those wanted, and each of the wanted shape."""
    mistakes = [f"'{name}' is missing" for name in wanted if name not in found]
    mistakes += [f"'{name}' is unknown" for name in found if name not in wanted]
    mistakes += [
        f"'{name}' is {sides(found[name])} where {sides(shape)} is needed"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    if mistakes:
        more = f" and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
        told = ", ".join(mistake[:200] for mistake in mistakes[:3])
        raise NetworkError(f"has tensors that do not belong together: {told}{more}")
    check_size(found)


def check_size(found: Shapes) -> None:
    """NetworkError if a network says it is larger than any there is."""
    count = sum(math.prod(shape) for shape in found.values())
    if count > MOST:
        raise NetworkError(f"says it is a network of {count:.1e} numbers; livegan plays networks of up to {MOST:.0e}")


def check_numbers(tensors: Mapping[str, Array]) -> None:
    """NetworkError if a number is NaN or infinite: one of them makes the whole picture black."""
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise NetworkError(f"has numbers that are not finite in '{name}': its training broke, take an earlier one")


def check_said(said: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """NetworkError if a file says one thing of its network and its tensors another."""
    for name, value in values.items():
        if name in said and said[name] is not None and said[name] != value:
            shown = said[name] if isinstance(said[name], int) else "something else"
            raise NetworkError(f"contradicts itself: it says {name} is {shown}, its tensors say {value}")


def number(value: object, what: str) -> float | int | None:
    """A finite number above 0 or None; anything else is a NetworkError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise NetworkError(f"has a '{what}' that is no number above 0")
    return value
