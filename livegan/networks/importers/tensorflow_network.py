"""Networks inside TensorFlow pickles, of dnnlib and of the older tfutil: their state, settings and variables."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import Array, array_of, is_array
from livegan.networks.importers.values import TF_NETWORK, TFUTIL_NETWORK, PickledObject

MAX_VARIABLES = 2000  # variables


def is_network(value: Any) -> bool:
    """Whether it is the pickle of such a network."""
    return isinstance(value, PickledObject) and value.name in (TF_NETWORK, TFUTIL_NETWORK)


def state_of(network: Any) -> dict[Any, Any]:
    """What the network was pickled with, by name; nothing if it is none."""
    return network.state if is_network(network) and isinstance(network.state, dict) else {}


def table_of(value: Any) -> dict[str, Any]:
    """The entries of a dictionary whose key is text; none if it is no dictionary."""
    return {key: entry for key, entry in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def variables_of(network: Any) -> dict[str, Array]:
    """All variables by name, single numbers such as 'lod' without axes; NetworkError if they are none."""
    rows = state_of(network).get("variables", ())
    if not isinstance(rows, list | tuple) or len(rows) > MAX_VARIABLES:
        raise NetworkError("is a TensorFlow pickle whose variables are no list")
    arrays: dict[str, Array] = {}
    for row in rows:
        if not (isinstance(row, list | tuple) and len(row) == 2 and isinstance(row[0], str)):
            raise NetworkError("is a TensorFlow pickle whose variables have no names")
        name, value = row
        if is_array(value):
            arrays[name] = array_of(value)
        elif isinstance(value, float | int):
            arrays[name] = np.asarray(value, np.float32)
        else:
            raise NetworkError(f"has a variable '{printable(name, 100)}' that is neither an array nor a number")
    return arrays


def put(tensors: dict[str, Array], place: str, array: Array, name: str) -> None:
    """Put the variable `name` into `tensors`; NetworkError if another one has its place."""
    if place in tensors:
        raise NetworkError(f"has a variable '{printable(name, 100)}' and another one of the same place")
    tensors[place] = array


def levels_of(sides: Iterable[int]) -> int:
    """Number of levels 4, 8, 16 ... px up to the largest of these sides; NetworkError if that is none, or too large."""
    largest = max(sides, default=0)
    if largest not in [4 << level for level in range(13)]:
        raise NetworkError(f"has layers of {largest} px; livegan plays networks of 4, 8, 16 ... 16384 px")
    return largest.bit_length() - 2


def check_settings(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """NetworkError if a setting that no variable shows is another than the usual one."""
    for name, value in usual.items():
        said = settings.get(name)
        if said is not None and (list(said) if isinstance(said, tuple) else said) != value:
            raise NetworkError(f"has '{name}' other than {value!r}; livegan plays networks with that")


def take_lod(*networks: dict[str, Array]) -> None:
    """Take the level of detail out of the variables: it has no effect while it is 0, else NetworkError."""
    for variables in networks:
        lod = variables.pop("lod", np.zeros(()))
        if lod.size != 1 or float(lod.flat[0]) != 0:
            shown = f"{float(lod.flat[0]):g}" if lod.size == 1 else "no number"
            raise NetworkError(f"was saved while it was still growing (its 'lod' is {shown}); take a later snapshot")


def refuse(names: Iterable[str], family: str) -> None:
    """NetworkError if there is a name: that of a variable whose part in the picture is not known."""
    for name in names:
        raise NetworkError(
            f"has a variable '{printable(name, 100)}', which {family} has not; without it its pictures are others"
        )
