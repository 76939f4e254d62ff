"""Reader of StyleGAN-T pickles: a dictionary whose G_ema is a plain object of `networks.generator.Generator`.

The text encoder in it, `mapping.clip`, is left out unread: the text vector is given as the class vector.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan_t_shape import StyleGANTShape, shape_from, tensor_shapes
from livegan.networks.importers.imported import (
    ImportedNetwork,
    check_metadata,
    check_shapes,
    check_size,
    positive_number,
)
from livegan.networks.importers.modules import Module, is_module, modules_of, tensors_of, text_keys
from livegan.networks.importers.storages import Array, array_of, shape_of
from livegan.networks.importers.values import PickledObject

KIND = "networks.generator.Generator"
LEFT_OUT = (
    "its text encoder is left out: its classes are the {count} numbers of a text vector, which a CLIP that you add "
    "makes of your words; "
    "while they are all alike, one random text vector is drawn, always the same"
)
FILTER = ".resample_filter"  # buffers that must be the low-pass [1, 3, 3, 1]
LOW_PASS = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    root = _generator(value)
    return isinstance(root, PickledObject) and root.name == KIND and is_module(root)


def read(value: Any) -> ImportedNetwork:
    """The network of a pickle: of its dictionary, or of a generator alone."""
    root = _generator(value)
    modules = modules_of(_without_encoder(root))
    nodes = tensors_of(modules)
    check_size({name: shape_of(node) for name, node in nodes.items()})
    for name in [name for name in nodes if name.endswith(FILTER)]:
        taps = array_of(nodes.pop(name))
        if taps.shape != LOW_PASS.shape or not np.allclose(taps, LOW_PASS, atol=1e-5):
            raise NetworkError(f"has a low-pass other than [1, 3, 3, 1] in '{printable(name, 100)}'")
    hints = {
        "groups": _only(modules, "num_groups", 32),
        "conv_clamp": positive_number(_only(modules, "conv_clamp", 256), "conv_clamp"),
    }
    values = shape_from({name: shape_of(node) for name, node in nodes.items()}, hints)
    shape = StyleGANTShape.of_table(values["z_dim"], values["c_dim"], {**values["shape"]})
    tensors = {name: array_of(node) for name, node in nodes.items()}
    _add_silent_noise(tensors, tensor_shapes(shape))
    check_shapes({name: array.shape for name, array in tensors.items()}, tensor_shapes(shape))
    for module in modules.values():
        if any(name.startswith(f"{module.name}.") for name in tensors):
            _check_settings(module, shape)
    sizes = {"img_resolution": values["resolution"][0], "img_channels": shape.colours}
    check_metadata(modules[""].attributes, {name: values[name] for name in ("z_dim", "c_dim", "w_dim")} | sizes)
    values["resolution"] = list(values["resolution"])
    if shape.c_dim:
        values["notes"] = [LEFT_OUT.format(count=shape.c_dim)]
    return ImportedNetwork("a pickle of StyleGAN-T", {"kind": "stylegan-t", **values}, tensors)


def _generator(value: Any) -> Any:
    return value.get("G_ema") if isinstance(value, dict) else value


def _without_encoder(root: PickledObject) -> PickledObject:
    """The generator without `mapping.clip`, which may hold anything."""
    modules = text_keys(root.state["_modules"])
    mapping: Any = modules.get("mapping")
    if is_module(mapping) and isinstance(mapping.state, dict):
        inner = {key: each for key, each in text_keys(mapping.state.get("_modules")).items() if key != "clip"}
        modules["mapping"] = PickledObject(mapping.name, mapping.arguments, {**mapping.state, "_modules": inner})
    return PickledObject(root.name, root.arguments, {**root.state, "_modules": modules})


def _only(modules: Mapping[str, Module], attribute: str, usual: int) -> Any:
    """The one value of an attribute in all modules that have it, `usual` where none has."""
    found = [module.attributes[attribute] for module in modules.values() if attribute in module.attributes]
    plain = {value if value is None or _is_small(value) else "?" for value in found}
    if len(plain) > 1 or "?" in plain:
        raise NetworkError(f"has a '{attribute}' that differs from layer to layer, or is no number")
    return plain.pop() if plain else usual


def _add_silent_noise(tensors: dict[str, Array], expected: Mapping[str, tuple[int, ...]]) -> None:
    """Layers without noise get planes of strength 0."""
    for name, shape in expected.items():
        layer, _, what = name.rpartition(".")
        if what == "noise_const" and not {name, f"{layer}.noise_strength"} & tensors.keys():
            tensors[name], tensors[f"{layer}.noise_strength"] = np.zeros(shape, np.float32), np.zeros((), np.float32)


def _check_settings(module: Module, shape: StyleGANTShape) -> None:
    """NetworkError if an attribute, which no tensor shows, is not what `StyleGANT` draws with."""
    name, parts = module.name, module.name.split(".")
    rate, activation = 1.0, "linear"
    if name.startswith("mapping.mlp.fc"):
        rate = 0.01
        activation = "linear" if name == f"mapping.mlp.fc{shape.mapping_layers - 1}" else "lrelu"
    expected: dict[str, object] = {}
    if parts[-1] in ("proj", "affine") or name.startswith("mapping.mlp.fc"):
        expected = {"bias_gain": rate, "activation": activation}
        inputs = module.attributes.get("in_features")
        if isinstance(inputs, int) and inputs > 0:
            expected["weight_gain"] = rate / math.sqrt(inputs)
    elif parts[-1] == "conv0" or (len(parts) > 1 and parts[-2] == "convs1"):
        doubling = parts[-1] == "conv0"
        residual = not doubling and int(parts[-1]) % 2 == 1
        up = 2 if doubling else 1
        expected = {"activation": "lrelu", "up": up, "residual": residual, "act_gain": math.sqrt(2), "padding": 1}
    elif parts[-1] == "norm":
        expected = {"eps": 1e-5}
    elif parts[-1] == "torgb":
        expected = {"weight_gain": 1 / math.sqrt(shape.channels[_level(parts[-2])])}
    elif parts[-1] == "input":
        expected = {"sampling_rate": 8, "bandwidth": 2}
    for key, wanted in expected.items():
        if not _is(module.attributes.get(key, wanted), wanted):
            raise NetworkError(
                f"has {key} {_shown(module.attributes[key])} in '{printable(name, 100)}', "
                f"which livegan cannot draw: StyleGAN-T has {wanted!r} there"
            )


def _level(block: str) -> int:
    """0 of "b8", 1 of "b16" ..."""
    return int(block.removeprefix("b")).bit_length() - 4


def _is(value: object, wanted: object) -> bool:
    if isinstance(wanted, float | int) and not isinstance(wanted, bool):
        return _is_small(value) and math.isclose(value, wanted, rel_tol=1e-5)  # type: ignore[arg-type]
    return isinstance(value, str | bool) and value == wanted


def _is_small(value: object) -> bool:
    """Whether it is a number that a setting can be: a whole one in a file may have a million digits."""
    return isinstance(value, int | float) and -1e9 < value < 1e9


def _shown(value: object) -> str:
    if isinstance(value, str):
        return ascii(value[:60])
    return repr(value) if value is None or _is_small(value) else "of another sort"
