"""Reader of TensorFlow pickles of StyleGAN2, version 4 and up: the last of a tuple of three networks."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers import progressive, stylegan1, stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork, check_metadata
from livegan.networks.importers.storages import Array, array_of, is_array
from livegan.networks.importers.tensorflow_network import is_network, refuse, state_of, table_of, take_lod, variables_of

FAMILY = "StyleGAN2"
_LAYER = re.compile(r"(\d{1,5})x(\d{1,5})/(Conv0_up|Conv1|Conv|ToRGB|Skip|Const)/(\w+)")  # height first
_COLOURS = re.compile(r"ToRGB_lod(\d{1,2})/(\w+)")
_NOISE = re.compile(r"noise(\d{1,2})")
_DENSE = re.compile(r"Dense(\d{1,3})/(weight|bias)")
_FIRST = {"Conv": "conv1", "ToRGB": "torgb"}  # in the level of the constant
_LATER = {"Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}
LABEL_CONCAT = "LabelConcat/weight"  # classes as before StyleGAN2-ADA: normalised together with z
_PARAMETERS = {"weight": "weight", "bias": "bias", "noise_strength": "noise_strength"}
_PARAMETERS |= {"mod_weight": "affine.weight", "mod_bias": "affine.bias"}
_PLAIN = {"nonlinearity": "lrelu", "mapping_nonlinearity": "lrelu", "normalize_latents": True}
_NO_FILTER = [1, 1]  # what "resample_kernel" None means: pixels are doubled


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
    parts = table_of(state.get("components"))
    if not {"mapping", "synthesis"} <= set(parts):
        raise NetworkError("is a TensorFlow pickle of no StyleGAN2: it has no mapping and synthesis network")
    networks = (value[-1], parts["mapping"], parts["synthesis"])
    said = [table_of(state_of(network).get("static_kwargs")) for network in networks]
    for table in said:
        for name, usual in _PLAIN.items():
            if table.get(name, usual) != usual:
                raise NetworkError(f"has '{name}' other than {usual!r}; livegan plays networks with that")
    variables, mapping, synthesis = map(variables_of, networks)
    take_lod(variables, mapping, synthesis)
    if "dlatent_avg" not in variables:
        raise NetworkError("is a TensorFlow pickle without an average w ('dlatent_avg')")
    tensors = {"mapping.w_avg": variables.pop("dlatent_avg")}
    refuse(variables, FAMILY)
    metadata = {**said[2], **said[1], **said[0]}
    tensors |= _mapping(mapping, metadata.get("mapping_lrmul", 0.01))
    tensors |= _synthesis(synthesis)
    network = stylegan2_layout.finish(
        "a TensorFlow pickle of StyleGAN2",
        tensors,
        stylegan2_layout.Settings(
            metadata.get("conv_clamp"), taps=_common_taps(said), joint_norm=LABEL_CONCAT in mapping
        ),
    )
    check_metadata(metadata, _stated(network.values, metadata))
    return network


def _stated(values: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What the settings must say of a network of these values, where they say it."""
    names = {"latent_size": "z_dim", "label_size": "c_dim", "dlatent_size": "w_dim"}
    stated = {name: values[ours] for name, ours in names.items()}
    shape = values["shape"]
    if "min_h" in metadata:  # of a non-square one
        stated |= {"min_h": shape["const"][0], "min_w": shape["const"][1], "res_log2": len(shape["channels"]) - 1}
    else:
        stated["resolution"] = max(values["resolution"])
    return stated | {"architecture": shape["architecture"]}


def _common_taps(said: Iterable[Mapping[str, Any]]) -> list[float] | None:
    """The low-pass that all settings agree on."""
    found: list[float] | None = None
    for table in said:
        if "resample_kernel" not in table:
            continue
        kernel = table["resample_kernel"]
        taps = stylegan2_layout.taps_of(_filter_taps(_NO_FILTER if kernel is None else kernel))
        if found is not None and not stylegan2_layout.is_same_filter(found, taps):
            raise NetworkError("has two settings of 'resample_kernel'; livegan plays networks with one")
        found = taps
    return found


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
        elif name == LABEL_CONCAT:
            if array.ndim != 2 or not array.size:
                raise NetworkError(f"has a '{name}' of another shape than StyleGAN2's")
            tensors["mapping.embed.weight"] = array.T * np.float32(len(array) ** 0.5)  # it has no learning rate
            tensors["mapping.embed.bias"] = np.zeros(array.shape[1], np.float32)
        else:
            refuse([name], FAMILY)
    return tensors


def _synthesis(variables: dict[str, Array]) -> dict[str, Array]:
    const = [match for match in map(_LAYER.fullmatch, variables) if match and match[3] == "Const"]
    if len(const) != 1:
        raise NetworkError("is a TensorFlow pickle of no StyleGAN2: its synthesis has no one constant")
    height, width = int(const[0][1]), int(const[0][2])
    levels = {f"{height << level}x{width << level}": level for level in range(13)}
    last = max((levels.get(name.partition("/")[0], 0) for name in variables), default=0)
    tensors: dict[str, Array] = {}
    for name, array in variables.items():
        colours = _COLOURS.fullmatch(name)
        if colours and int(colours[1]):
            continue  # left from growing: without effect while 'lod' is 0
        place = _place(f"{height << last}x{width << last}/ToRGB/{colours[2]}" if colours else name, levels)
        if place is None or place in tensors:
            refuse([name], FAMILY)
        else:
            tensors[place] = _converted(name, array, place)
    return tensors


def _place(name: str, levels: Mapping[str, int]) -> str | None:
    """The name in the public torch layout, None if it is not one of StyleGAN2's."""
    if noise := _NOISE.fullmatch(name):
        index = int(noise[1])
        return f"synthesis.b{4 << (index + 1) // 2}.conv{0 if index % 2 else 1}.noise_const"
    layer = _LAYER.fullmatch(name)
    level = levels.get(name.partition("/")[0])
    if layer is None or level is None:
        return None
    kind, part = layer[3], layer[4]
    if kind == "Const":
        return "synthesis.b4.const" if part == "const" and level == 0 else None
    module, parameter = (_LATER if level else _FIRST).get(kind), _PARAMETERS.get(part)
    return module and parameter and f"synthesis.b{4 << level}.{module}.{parameter}"


def _converted(name: str, array: Array, place: str) -> Array:
    """A variable in the layout of the tensor at `place`."""
    part = place.rpartition(".")[2]
    if part in ("noise_const", "const"):
        return _first(_first(array, name), name) if part == "noise_const" else _first(array, name)
    if place.endswith(".affine.weight"):
        return array.T
    if place.endswith(".affine.bias"):
        return array + 1
    if part != "weight":
        return array
    if array.ndim != 4:
        raise NetworkError(f"has a convolution '{printable(name, 100)}' of {array.ndim} axes")
    array = array.transpose(3, 2, 0, 1)  # (height, width, inputs, outputs)
    turned = array[:, :, ::-1, ::-1] if place.endswith((".conv0.weight", ".skip.weight")) else array
    return np.ascontiguousarray(turned)


def _first(array: Array, name: str) -> Array:
    if array.ndim < 1 or len(array) != 1:
        raise NetworkError(f"has a '{printable(name, 100)}' of another shape than StyleGAN2's")
    return np.asarray(array[0], np.float32)


def _filter_taps(value: Any) -> Array:
    if is_array(value):
        return array_of(value)
    if not isinstance(value, list | tuple) or not all(
        isinstance(tap, int | float) and abs(tap) < 1e9 for tap in value[:64]
    ):
        raise NetworkError("has a resampling filter that is no row of numbers")
    return np.asarray(value[:64], np.float32)
