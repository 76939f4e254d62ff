"""Reader of NVIDIA's torch pickles (StyleGAN2-ADA, StyleGAN3): a dictionary whose G_ema is the generator.

Every module in it is a "persistent object": its class as text, which is never looked at, and its attributes. What the
network is follows from its tensors; attributes are read only for what the tensors do not determine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers import stylegan2_layout, stylegan3_layout
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_size
from livegan.networks.importers.storages import Array, array_of, is_array, shape_of
from livegan.networks.importers.values import OBJECT, PickledObject

MAX_DEPTH = 8  # modules within modules
MAX_TENSORS = 5000  # tensors
CONSTANTS = (".resample_filter",)  # buffers that are the same in every layer


@dataclass(slots=True)
class Module:
    """Description of one nn.Module: its dotted name, its attributes, its own tensors as nodes."""

    name: str
    attributes: Mapping[Any, Any]
    tensors: dict[str, Any] = field(default_factory=dict)


def read(value: Any) -> ImportedNetwork:
    """The network of a pickle: of its dictionary, or of a generator alone."""
    network = value["G_ema"] if isinstance(value, dict) else value
    if not isinstance(network, PickledObject) or network.name != OBJECT:
        raise NetworkError("has no generator under 'G_ema'")
    modules = {module.name: module for module in _modules(network, "", 0)}
    nodes: dict[str, Any] = {}
    for module in modules.values():
        nodes |= module.tensors
    if len(nodes) > MAX_TENSORS:
        raise NetworkError(f"has {len(nodes)} tensors; no network livegan knows has so many")
    check_size({name: shape_of(node) for name, node in nodes.items()})
    metadata = {**_text_keys(modules[""].attributes.get("_init_kwargs")), **modules[""].attributes}
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


def _modules(node: Any, name: str, depth: int) -> Iterator[Module]:
    """A module and all its submodules; non-persistent buffers are left out."""
    meta = (
        node.arguments[0]
        if isinstance(node, PickledObject) and node.name == OBJECT and len(node.arguments) == 1
        else None
    )
    state = meta.get("state") if isinstance(meta, dict) else None
    if not isinstance(state, dict) or depth > MAX_DEPTH:
        raise NetworkError(f"has a module '{name[:100]}' that is none")
    module = Module(name, state)
    passing = state.get("_non_persistent_buffers_set", ())
    for table in ("_parameters", "_buffers"):
        for key, tensor in _text_keys(state.get(table)).items():
            if not is_array(tensor):
                if tensor is None:
                    continue
                raise NetworkError(f"has something else where the tensor '{_join(name, key)[:100]}' should be")
            if not (table == "_buffers" and isinstance(passing, set | frozenset | list) and key in passing):
                module.tensors[_join(name, key)] = tensor
    yield module
    inner = _text_keys(state.get("_modules"))
    if len(inner) > 100:
        raise NetworkError(f"has {len(inner)} modules in one")
    for key, other in inner.items():
        yield from _modules(other, _join(name, key), depth + 1)


def _text_keys(value: Any) -> dict[str, Any]:
    """The entries of a dictionary whose key is text."""
    return {key: entry for key, entry in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


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
