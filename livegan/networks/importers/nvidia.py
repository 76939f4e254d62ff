"""Reader of NVIDIA's torch pickles (StyleGAN2-ADA, StyleGAN3): a dictionary whose G_ema is the generator.

Every module in it is a "persistent object": its class as text, which is never looked at, and its attributes. What the
network is follows from its tensors; attributes are read only for what the tensors do not determine.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers import stylegan2_nvidia, stylegan3_layout
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_size
from livegan.networks.importers.modules import Module, modules_of, tensors_of, text_keys
from livegan.networks.importers.storages import Array, array_of, shape_of
from livegan.networks.importers.values import OBJECT, PickledObject


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    if isinstance(value, dict):
        return "G_ema" in value and not isinstance(value["G_ema"], dict)  # a state dict is another reader's
    return isinstance(value, PickledObject) and value.name == OBJECT


def read(value: Any) -> ImportedNetwork:
    """The network of a pickle: of its dictionary, or of a generator alone."""
    network = value["G_ema"] if isinstance(value, dict) else value
    if not isinstance(network, PickledObject) or network.name != OBJECT:
        made = f", but an object of {printable(network.name, 100)!r}" if isinstance(network, PickledObject) else ""
        raise NetworkError(f"has no generator under 'G_ema'{made}")
    modules = modules_of(network)
    nodes = tensors_of(modules)
    check_size({name: shape_of(node) for name, node in nodes.items()})
    metadata = {**text_keys(modules[""].attributes.get("_init_kwargs")), **modules[""].attributes}
    attributes = {name: module.attributes for name, module in modules.items()}
    if "synthesis.input" in modules:
        imported = stylegan3_layout.finish(_arrays(nodes, modules), attributes)
    else:
        imported = stylegan2_nvidia.finish("an NVIDIA pickle of StyleGAN2", _arrays(nodes, modules), attributes)
    values = imported.values
    height, width = values["resolution"]
    sizes = {"img_resolution": height} if height == width else {}
    check_metadata(metadata, {name: values[name] for name in ("z_dim", "c_dim", "w_dim")} | sizes)
    return imported


def _arrays(nodes: Mapping[str, Any], modules: Mapping[str, Module]) -> dict[str, Array]:
    """All tensors; learning rates of dense layers other than the usual ones are taken into their weights."""
    tensors = {name: array_of(node) for name, node in nodes.items()}
    for name, module in modules.items():
        if not name.startswith("mapping."):
            continue
        usual = 1.0 if name.startswith("mapping.embed") else 0.01
        gain = module.attributes.get("bias_gain", usual)
        if isinstance(gain, bool) or not isinstance(gain, int | float) or not 1e-9 < abs(gain) < 1e9:
            raise NetworkError(f"has a learning rate in '{name}' that is none")
        if abs(gain / usual - 1) > 1e-6:
            for part in (f"{name}.weight", f"{name}.bias"):
                if part in tensors:
                    tensors[part] = tensors[part] * np.float32(gain / usual)
        _check_activation(module, "linear" if name == "mapping.embed" else "lrelu")
    return tensors


def _check_activation(module: Module, expected: str) -> None:
    """Refuse a layer with another activation function: no tensor would show it."""
    activation = module.attributes.get("activation", expected)
    if not isinstance(activation, str) or activation != expected:
        shown = activation[:40] if isinstance(activation, str) else "something else"
        raise NetworkError(f"has the activation '{shown}' in '{module.name}'; livegan plays networks with '{expected}'")
