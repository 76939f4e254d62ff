"""Reader of TensorFlow pickles of StyleGAN2, version 4 and up: the last of a tuple of three networks."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers import progressive, stylegan1, stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork, check_metadata
from livegan.networks.importers.storages import Array, array_of, is_array
from livegan.networks.importers.tensorflow_network import is_network, state_of, table_of, variables_of

_LAYER = re.compile(r"(\d{1,5})x\1/(Conv0_up|Conv1|Conv|ToRGB|Skip|Const)/(\w+)")
_COLOURS = re.compile(r"ToRGB_lod(\d{1,2})/(\w+)")
_NOISE = re.compile(r"noise(\d{1,2})")
_DENSE = re.compile(r"Dense(\d{1,3})/(weight|bias)")
_PARTS = {"Conv0_up": "conv0", "Conv1": "conv1", "Conv": "conv1", "ToRGB": "torgb", "Skip": "skip"}
_PLAIN = {"nonlinearity": "lrelu", "mapping_nonlinearity": "lrelu", "normalize_latents": True, "fused_modconv": None}


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    return isinstance(value, tuple | list) and len(value) == 3 and all(map(is_network, value))


def read(value: Any) -> ImportedNetwork:
    """The network Gs of the tuple (G, D, Gs)."""
    state = state_of(value[-1])
    version = state.get("version")
    if type(version) is int and version in (2, 3):
        if progressive.FIRST in variables_of(value[-1]):
            return progressive.read(value[-1])
        return stylegan1.read(value[-1])
    if type(version) is not int or version < 4:
        shown = version if type(version) is int else "unknown"
        raise NetworkError(
            f"is a TensorFlow pickle of version {str(shown)[:20]}; livegan plays those of version 2 and up"
        )
    metadata = table_of(state.get("static_kwargs"))
    for name, usual in _PLAIN.items():
        if usual is not None and metadata.get(name, usual) != usual:
            raise NetworkError(f"has '{name}' other than {usual!r}; livegan plays networks with that")
    parts = table_of(state.get("components"))
    if not {"mapping", "synthesis"} <= set(parts):
        raise NetworkError("is a TensorFlow pickle of no StyleGAN2: it has no mapping and synthesis network")
    variables, mapping, synthesis = (variables_of(part) for part in (value[-1], parts["mapping"], parts["synthesis"]))
    if "dlatent_avg" not in variables:
        raise NetworkError("is a TensorFlow pickle without an average w ('dlatent_avg')")
    tensors = {"mapping.w_avg": variables["dlatent_avg"]}
    tensors |= _mapping(mapping, metadata.get("mapping_lrmul", 0.01))
    tensors |= _synthesis(synthesis)
    kernel = metadata.get("resample_kernel")
    taps = None if kernel is None else stylegan2_layout.taps_of(_filter_taps(kernel))
    network = stylegan2_layout.finish("a TensorFlow pickle of StyleGAN2", tensors, metadata.get("conv_clamp"), taps)
    values = network.values
    names = {"latent_size": "z_dim", "label_size": "c_dim", "dlatent_size": "w_dim"}
    check_metadata(
        metadata, {name: values[ours] for name, ours in names.items()} | {"resolution": max(values["resolution"])}
    )
    return network


def _mapping(variables: Mapping[str, Array], rate: object) -> dict[str, Array]:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 1e-9 < abs(rate) < 1e9:
        raise NetworkError("has a learning rate of its mapping network that is none")
    tensors = {}
    for name, array in variables.items():
        dense = _DENSE.fullmatch(name)
        if dense:
            scaled = array if rate == 0.01 else array * np.float32(rate / 0.01)
            tensors[f"mapping.fc{int(dense[1])}.{dense[2]}"] = scaled.T  # (inputs, outputs); of a bias: itself
        elif name in ("LabelEmbed/weight", "LabelEmbed/bias"):
            tensors[f"mapping.embed.{name.rpartition('/')[2]}"] = array.T
        elif name == "LabelConcat/weight":
            raise NetworkError("takes its classes as StyleGAN1 did (LabelConcat); livegan plays those of StyleGAN2-ADA")
    return tensors


def _synthesis(variables: Mapping[str, Array]) -> dict[str, Array]:
    lengths = [int(match[1]) for match in map(_LAYER.fullmatch, variables) if match]
    tensors = {}
    for name, array in variables.items():
        colours = _COLOURS.fullmatch(name)
        if colours and lengths:
            length = max(lengths) >> int(colours[1])
            name = f"{length}x{length}/ToRGB/{colours[2]}"  # old files: converted to the new name
        layer, noise = _LAYER.fullmatch(name), _NOISE.fullmatch(name)
        if noise:
            index = int(noise[1])
            level = (index + 1) // 2
            place = f"synthesis.b{4 << level}.conv{1 if index == 0 or index % 2 == 0 else 0}"
            tensors[f"{place}.noise_const"] = _first(_first(array, name), name)
        elif layer:
            side, kind, part = layer.groups()
            if kind == "Const":
                tensors[f"synthesis.b{side}.const"] = _first(array, name)
                continue
            place = f"synthesis.b{side}.{_PARTS[kind]}"
            if part == "weight":
                if array.ndim != 4:
                    raise NetworkError(f"has a convolution '{name}' of {array.ndim} axes")
                array = array.transpose(3, 2, 0, 1)  # (height, width, inputs, outputs)
                turned = array[:, :, ::-1, ::-1] if kind in ("Conv0_up", "Skip") else array
                tensors[f"{place}.weight"] = np.ascontiguousarray(turned)
            elif part == "mod_weight":
                tensors[f"{place}.affine.weight"] = array.T
            elif part == "mod_bias":
                tensors[f"{place}.affine.bias"] = array + 1
            elif part in ("bias", "noise_strength"):
                tensors[f"{place}.{part}"] = array
    return tensors


def _first(array: Array, name: str) -> Array:
    if array.ndim < 1 or len(array) != 1:
        raise NetworkError(f"has a '{name}' of another shape than StyleGAN2's")
    return np.asarray(array[0], np.float32)


def _filter_taps(value: Any) -> Array:
    if is_array(value):
        return array_of(value)
    if not isinstance(value, list | tuple) or not all(isinstance(tap, int | float) for tap in value):
        raise NetworkError("has a resampling filter that is no row of numbers")
    return np.asarray(value[:64], np.float32)
