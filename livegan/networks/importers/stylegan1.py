"""Reader of TensorFlow pickles of StyleGAN (2019), versions 2 and 3."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_positive, tensor_shape
from livegan.networks.architectures.stylegan1_shape import StyleGAN1Shape, tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_shapes
from livegan.networks.importers.storages import Array
from livegan.networks.importers.tensorflow_network import (
    check_settings,
    levels_of,
    put,
    refuse,
    state_of,
    table_of,
    take_lod,
    variables_of,
)

FAMILY = "StyleGAN of 2019"
NOT_ONE = f"is no {FAMILY}"
_USUAL = {
    "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu",
    "normalize_latents": True,
    "use_wscale": True,
    "use_pixel_norm": False,
    "use_instance_norm": True,
    "blur_filter": [1, 2, 1],
}
_DENSE = re.compile(r"Dense(\d{1,2})/(weight|bias)")
_LAYER = re.compile(r"(\d{1,5})x\1/(Const|Conv|Conv0_up|Conv1)/([A-Za-z/]+)")
_NOISE = re.compile(r"noise(\d{1,2})")
_BLOCK = re.compile(r"synthesis\.b(\d+)\.")
_GROWING = re.compile(r"ToRGB_lod([1-9]\d?)/(weight|bias)")
_LAYERS = {"Const": "conv0", "Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1"}
_PARTS = {
    "const": "const",
    "weight": "weight",
    "bias": "bias",
    "Noise/weight": "noise_strength",
    "StyleMod/weight": "affine.weight",
    "StyleMod/bias": "affine.bias",
}


def read(network: Any) -> ImportedNetwork:
    """The network Gs of the tuple (G, D, Gs). Every variable is used, but ToRGBs left from growing: they draw nothing.

    NetworkError names what else there is.
    """
    state = state_of(network)
    parts = table_of(state.get("components"))
    if not {"mapping", "synthesis"} <= set(parts):
        raise NetworkError(f"{NOT_ONE}: it has no mapping and synthesis network")
    settings = table_of(state.get("static_kwargs"))
    for part in ("mapping", "synthesis"):
        settings |= table_of(state_of(parts[part]).get("static_kwargs"))
    check_settings(settings, _USUAL)
    outer, mapping, synthesis = (variables_of(part) for part in (network, parts["mapping"], parts["synthesis"]))
    take_lod(outer, mapping, synthesis)
    if "dlatent_avg" not in outer:
        raise NetworkError("is a TensorFlow pickle without an average w ('dlatent_avg')")
    tensors = {"mapping.w_avg": outer.pop("dlatent_avg")}
    refuse(outer, FAMILY)
    tensors |= _mapping(mapping, settings.get("mapping_lrmul", 0.01))
    tensors |= _synthesis(synthesis)
    values = _described({name: array.shape for name, array in tensors.items()}, settings)
    return ImportedNetwork("a TensorFlow pickle of StyleGAN (2019)", values, tensors)


def _described(shapes: Mapping[str, tuple[int, ...]], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON values, from the tensors and what they do not show; NetworkError if these are not those of one."""

    def shape_of(name: str, axes: int) -> tuple[int, ...]:
        return tensor_shape(shapes, NOT_ONE, name, axes)

    levels = levels_of(int(match[1]) for match in map(_BLOCK.match, shapes) if match)
    layers = sum(name.startswith("mapping.fc") and name.endswith(".weight") for name in shapes)
    channels = [shape_of(f"synthesis.b{4 << level}.conv1.weight", 4)[0] for level in range(levels)]
    width, inputs = shape_of("mapping.fc0.weight", 2)
    label = shape_of("mapping.label.weight", 2) if "mapping.label.weight" in shapes else (0, 0)
    w_dim = shape_of("mapping.w_avg", 1)[0]
    shape = StyleGAN1Shape(
        z_dim=inputs - label[1],
        c_dim=label[0],
        w_dim=w_dim,
        channels=tuple(channels),
        mapping_layers=layers,
        mapping_width=width,
        colours=shape_of("synthesis.torgb.weight", 4)[0],
        fused_from=_fused_from(settings.get("fused_scale")),
    )
    if min(shape.z_dim, w_dim, width, *channels) < 1 or shape.colours not in (1, 3, 4):
        raise NetworkError(f"{NOT_ONE}: some of its tensors are empty, or its pictures have no colours livegan knows")
    check_shapes(shapes, tensor_shapes(shape))
    side = shape.sides[-1]
    said = {
        "latent_size": shape.z_dim,
        "label_size": shape.c_dim,
        "dlatent_size": w_dim,
        "resolution": side,
        "num_channels": shape.colours,
        "mapping_layers": layers,
    }
    check_metadata(settings, said)
    return {
        "kind": "stylegan1",
        "z_dim": shape.z_dim,
        "c_dim": shape.c_dim,
        "w_dim": w_dim,
        "resolution": [side, side],
        "shape": {
            "channels": channels,
            "mapping_layers": layers,
            "mapping_width": width,
            "colours": shape.colours,
            "fused_from": shape.fused_from,
        },
    }


def _mapping(variables: Mapping[str, Array], rate: object) -> dict[str, Array]:
    if not is_positive(rate):
        raise NetworkError("has a learning rate of its mapping network that is none")
    tensors: dict[str, Array] = {}
    for name, array in variables.items():
        if dense := _DENSE.fullmatch(name):
            scaled = array if rate == 0.01 else array * np.float32(rate / 0.01)  # type: ignore[operator]
            put(tensors, f"mapping.fc{int(dense[1])}.{dense[2]}", _turned(scaled), name)
        elif name == "LabelConcat/weight":
            tensors["mapping.label.weight"] = array
        else:
            refuse([name], FAMILY)
    return tensors


def _synthesis(variables: Mapping[str, Array]) -> dict[str, Array]:
    levels = levels_of(int(match[1]) for match in map(_LAYER.fullmatch, variables) if match)
    tensors: dict[str, Array] = {}
    for name, array in variables.items():
        layer, noise, growing = _LAYER.fullmatch(name), _NOISE.fullmatch(name), _GROWING.fullmatch(name)
        if noise:
            index = int(noise[1])
            place = f"synthesis.b{4 << index // 2}.conv{index % 2}.noise_const"
            put(tensors, place, _inside(_inside(array, name), name), name)
        elif layer and layer[3] in _PARTS:
            place = f"synthesis.b{layer[1]}.{_LAYERS[layer[2]]}.{_PARTS[layer[3]]}"
            if layer[3] == "const":
                array = _inside(array, name)
            put(tensors, place, _turned(array) if layer[3].endswith("weight") else array, name)
        elif name in ("ToRGB_lod0/weight", "ToRGB_lod0/bias"):
            tensors[f"synthesis.torgb.{name.rpartition('/')[2]}"] = _turned(array)
        elif not (growing and int(growing[1]) < levels):
            refuse([name], FAMILY)
    return tensors


def _turned(array: Array) -> Array:
    """A kernel (height, width, inputs, outputs) as torch lays it out, (outputs, inputs, ...); a matrix likewise."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T


def _inside(array: Array, name: str) -> Array:
    if array.ndim < 1 or len(array) != 1:
        raise NetworkError(f"has a '{name}' of another shape than StyleGAN's")
    return np.asarray(array[0], np.float32)


def _fused_from(setting: object) -> int | None:
    """The side from which doubling is fused [px], None: never; 'auto' is that of the paper's networks."""
    if setting is None or setting == "auto":
        return 128
    if not isinstance(setting, bool):
        raise NetworkError("has a 'fused_scale' other than 'auto', True or False")
    return 4 if setting else None
