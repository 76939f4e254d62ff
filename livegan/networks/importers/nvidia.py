"""Reader of NVIDIA's torch pickles (StyleGAN2-ADA, StyleGAN3): a dictionary whose G_ema is the generator.

Every module in it is a "persistent object": its class as text, which is never looked at, and its attributes. What the
network is follows from its tensors; attributes are read only for what the tensors do not determine.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers import stylegan2_layout, stylegan3_layout
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_size
from livegan.networks.importers.modules import Module, modules_of, tensors_of, text_keys
from livegan.networks.importers.storages import Array, array_of, shape_of
from livegan.networks.importers.values import OBJECT, PickledObject

CONSTANTS = (".resample_filter",)  # buffers that are the same in every layer


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    if isinstance(value, dict):
        return "G_ema" in value
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
    if "synthesis.input" in modules:
        attributes = {name: module.attributes for name, module in modules.items()}
        imported = stylegan3_layout.finish("an NVIDIA pickle of StyleGAN3", _arrays(nodes, modules), attributes)
    else:
        imported = _stylegan2(modules, nodes)
    values = imported.values
    height, width = values["resolution"]
    sizes = {"img_resolution": height} if height == width else {}
    check_metadata(metadata, {name: values[name] for name in ("z_dim", "c_dim", "w_dim")} | sizes)
    return imported


def _stylegan2(modules: Mapping[str, Module], nodes: dict[str, Any]) -> ImportedNetwork:
    filters = [node for name, node in nodes.items() if name.endswith(CONSTANTS)]
    taps = stylegan2_layout.taps_of(array_of(filters[0])) if filters else None
    kept = {name: node for name, node in nodes.items() if not name.endswith(CONSTANTS)}
    tensors = _arrays(kept, modules)
    clamps: list[object] = []
    for name, module in modules.items():
        if name.endswith((".conv0", ".conv1", ".torgb")):
            clamps.append(module.attributes.get("conv_clamp"))
        if name.endswith((".conv0", ".conv1")):
            _check_activation(module, "lrelu")
    return stylegan2_layout.finish("an NVIDIA pickle of StyleGAN2", tensors, _only(clamps, "conv_clamp"), taps)


def _arrays(nodes: Mapping[str, Any], modules: Mapping[str, Module]) -> dict[str, Array]:
    """All tensors; learning rates of dense layers other than the usual ones are taken into their weights."""
    tensors = {name: array_of(node) for name, node in nodes.items()}
    for name, module in modules.items():
        if not name.startswith("mapping."):
            continue
        usual = 1.0 if name == "mapping.embed" else 0.01
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


def _only(values: list[object], what: str) -> Any:
    """The one value of all layers, None if there are none."""
    plain = [value if isinstance(value, int | float | None) else "?" for value in values]
    if len(set(plain)) > 1:
        raise NetworkError(f"has a '{what}' that differs from layer to layer; livegan plays networks with one")
    return plain[0] if plain else None
