"""Networks inside TensorFlow pickles, of dnnlib and of the older tfutil: their state, settings and variables."""

from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers.storages import Array, array_of, is_array
from livegan.networks.importers.values import TF_NETWORK, PickledObject

TFUTIL_NETWORK = "tfutil.Network"  # of Progressive GAN
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
            raise NetworkError(f"has a variable '{name[:100]}' that is neither an array nor a number")
    return arrays
