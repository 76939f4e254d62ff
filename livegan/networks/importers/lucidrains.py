"""Reader of lucidrains' StyleGAN2 checkpoints (.pt): one state dict under 'GAN', and a .config.json beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.lightweight_shape import native_name, shape_from
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_size
from livegan.networks.importers.storages import array_of, is_array, shape_of
from livegan.networks.info import bounded_int

MAX_TENSORS = 20_000  # tensors
MAX_CONFIG_BYTES = 1 << 16  # bytes


def config_beside(path: Path) -> Path | None:
    """NAME.config.json or .config.json beside a checkpoint, as lucidrains' tools write it; None: there is none."""
    for beside in (path.with_suffix(".config.json"), path.parent / ".config.json"):
        if beside.is_file() and beside.stat().st_size <= MAX_CONFIG_BYTES:
            return beside
    return None


def read_config(path: Path | None) -> Mapping[str, Any]:
    """What the file says, nothing where there is none; NetworkError if it is broken."""
    if path is None:
        return {}
    try:
        config = json.loads(path.read_bytes(), parse_int=bounded_int)
    except (OSError, ValueError, RecursionError) as error:
        raise NetworkError(f"has a broken {path.name} beside it ({error}); mend it or take it away") from error
    if not isinstance(config, dict):
        raise NetworkError(f"has a {path.name} beside it that is no table; mend it or take it away")
    return config


def read(value: dict[Any, Any], config: Mapping[str, Any]) -> ImportedNetwork:
    """The exponential averages in a checkpoint. Tensors come before what the config says."""
    state = value["GAN"]
    if not isinstance(state, dict) or len(state) > MAX_TENSORS:
        raise NetworkError("has no state dict under 'GAN'")
    nodes = {}
    for name, node in state.items():
        ours = native_name(name) if isinstance(name, str) else None
        if ours is not None:
            if not is_array(node):
                raise NetworkError(f"has something else where the tensor '{name[:100]}' should be")
            nodes[ours] = node
    shapes = {name: shape_of(node) for name, node in nodes.items()}
    check_size(shapes)
    if config.get("no_const") is True and "G.initial_block" in shapes:
        raise NetworkError("contradicts its .config.json: that says 'no_const', but there is a constant")
    values = shape_from(shapes, config)
    values["resolution"] = list(values["resolution"])
    check_metadata(config, {"image_size": max(values["resolution"]), "transparent": values["shape"]["colours"] == 4})
    tensors = {name: array_of(node) for name, node in nodes.items()}
    return ImportedNetwork(
        "a lucidrains checkpoint of a lightweight StyleGAN2", {"kind": "lightweight", **values}, tensors
    )
