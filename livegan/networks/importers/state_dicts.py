"""State dict of a generator in a checkpoint: bare, or under one of the names that trainings keep it under."""

from collections.abc import Collection
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import is_array

MAX_TENSORS = 5000  # of a state dict
PLACES = ("g_ema", "G_ema", "params_ema", "ema", "generator", "g", "G", "state_dict", "model")  # averaged ones first
PREFIXES = ("", "module.", "decoder.", "module.decoder.")
"""Before every name: of a training on several GPUs; of the generator that an encoder was trained for."""


def has_state(value: Any, markers: Collection[str]) -> bool:
    """Whether there is a state dict that has one of the names in `markers`."""
    return _place(value, markers) is not None


def find_state(value: Any, markers: Collection[str]) -> dict[str, Any]:
    """The tensors, still in the file, of the state dict that has one of the names in `markers`, without prefixes.

    What is beside the generator in the checkpoint (discriminators, optimisers, encoders) has no part in its pictures
    and is left out; NetworkError for what is in the state dict itself and is no named tensor, or if there is none.
    """
    place = _place(value, markers)
    if place is None:
        raise NetworkError("has no state dict of a generator")
    return _tensors(*place)


def _place(value: Any, markers: Collection[str]) -> tuple[dict[Any, Any], str] | None:
    """The state dict and the prefix of its names."""
    if not isinstance(value, dict):
        return None
    inner = [value.get(place) for place in PLACES]
    for table in (value, *(table for table in inner if isinstance(table, dict))):
        for prefix in PREFIXES:
            if any(f"{prefix}{marker}" in table for marker in markers):
                return table, prefix
    return None


def _tensors(table: dict[Any, Any], prefix: str) -> dict[str, Any]:
    beside = prefix.endswith("decoder.")  # the encoder's names are beside the generator's
    nodes: dict[str, Any] = {}
    for name, node in table.items():
        if beside and not (isinstance(name, str) and name.startswith(prefix)):
            continue
        if not isinstance(name, str) or not is_array(node):
            shown = f" ({printable(name, 100)!r})" if isinstance(name, str) else ""
            raise NetworkError(f"has something else in its state dict than named tensors{shown}")
        own = name.removeprefix(prefix)
        if own in nodes:
            raise NetworkError(f"has two tensors that are '{printable(own, 100)}'")
        nodes[own] = node
        if len(nodes) > MAX_TENSORS:
            raise NetworkError(f"has more than {MAX_TENSORS} tensors; no generator livegan knows has so many")
    return nodes
