"""Reader of lucidrains' StyleGAN2 checkpoints (.pt): one state dict under 'GAN', and a .config.json beside it."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.lightweight_shape import (
    DEFAULTS,
    LightweightShape,
    native_name,
    shape_from,
    shape_mistakes,
    tensor_shapes,
)
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_shapes, check_size
from livegan.networks.importers.storages import array_of, is_array, shape_of
from livegan.networks.info import bounded_int

MAX_TENSORS = 20_000  # tensors
MAX_CONFIG_BYTES = 1 << 16  # bytes
TRAINING = ("S", "G", "D", "D_aug", "D_cl")  # networks that only training needs
FIRST_VARIANCE = (1, 8, 8)  # version of stylegan2-pytorch from which attention normalises as "variance" says
GUESSED = (
    "lr_mlp is not in the file, and no .config.json beside it says it: 0.1 was taken, as stylegan2-pytorch does; "
    "if the pictures look wrong, put the .config.json of its training beside it"
)


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


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    return isinstance(value, dict) and "GAN" in value


def read(value: dict[Any, Any], config: Mapping[str, Any]) -> ImportedNetwork:
    """The exponential averages in a checkpoint. Tensors come before what the config says."""
    state = value["GAN"]
    if not isinstance(state, dict) or len(state) > MAX_TENSORS:
        raise NetworkError("has no state dict under 'GAN'")
    nodes = {}
    for name, node in state.items():
        if not isinstance(name, str):
            continue
        ours = native_name(name)
        if ours is None:
            if name.partition(".")[0] not in TRAINING:
                raise NetworkError(
                    f"has '{name[:100]}' under 'GAN', no tensor of a lightweight StyleGAN2 livegan knows"
                )
            continue
        if not is_array(node):
            raise NetworkError(f"has something else where the tensor '{name[:100]}' should be")
        nodes[ours] = node
    shapes = {name: shape_of(node) for name, node in nodes.items()}
    check_size(shapes)
    if config.get("no_const") is True and "G.initial_block" in shapes:
        raise NetworkError("contradicts its .config.json: that says 'no_const', but there is a constant")
    values = shape_from(shapes, config, attention_norm(shapes, value.get("version")))
    _check(values, shapes)
    values["resolution"] = list(values["resolution"])
    if "lr_mlp" not in config:
        values["notes"] = [GUESSED]
    check_metadata(config, {"image_size": max(values["resolution"]), "transparent": values["shape"]["colours"] == 4})
    tensors = {name: array_of(node) for name, node in nodes.items()}
    return ImportedNetwork(
        "a lucidrains checkpoint of a lightweight StyleGAN2", {"kind": "lightweight", **values}, tensors
    )


def attention_norm(names: Iterable[str], version: object) -> str:
    """How the attention of a checkpoint normalises, one of `NORMS`; `version` of stylegan2-pytorch wrote it.

    NetworkError if it has attention whose arithmetic is unknown; without attention the answer means nothing.
    """
    attention = sorted(name for name in names if name.startswith("G.attns."))
    if any(name.endswith(".norm.weight") for name in attention):
        return "instance"
    if not attention:
        return "variance"
    if not any(name.endswith(".norm.g") for name in attention):
        raise NetworkError(
            f"has attention of stylegan2-pytorch before 1.8 ('{attention[0][:100]}'), which livegan cannot draw; "
            "networks trained without --attn-layers, or with 1.8 or later, can be played"
        )
    match = re.match(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version) if isinstance(version, str) else None
    if match is None:
        raise NetworkError(
            "has attention, and does not say which version of stylegan2-pytorch wrote it: its norm depends on that"
        )
    numbers = tuple(int(number) for number in match.groups())
    return "variance" if numbers >= FIRST_VARIANCE else "deviation"


def _check(values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """NetworkError unless the tensors are exactly those of the network that `values` describe."""
    table = {**DEFAULTS, **values["shape"]}
    mistakes = shape_mistakes(table)
    if mistakes:
        raise NetworkError(f"is no lightweight StyleGAN2 that livegan can draw: {mistakes[0]}")
    check_shapes(shapes, tensor_shapes(LightweightShape.of_table(values["w_dim"], table)))
