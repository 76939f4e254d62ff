"""Reader of TensorFlow pickles of Progressive GAN, of tfutil and of dnnlib before version 4."""

import re
from collections.abc import Mapping
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.progressive_shape import ProgressiveShape, tensor_shapes
from livegan.networks.architectures.shape_checks import is_count, tensor_shape
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

FIRST = "4x4/Dense/weight"  # a variable that no other network has
FAMILY = "Progressive GAN"
NOT_ONE = f"is no {FAMILY}"
_USUAL = {
    "normalize_latents": True,
    "use_wscale": True,
    "use_pixelnorm": True,
    "pixelnorm_epsilon": 1e-8,
    "use_leakyrelu": True,
    "tanh_at_end": False,
}
_LAYER = re.compile(r"(\d{1,5})x\1/(Dense|Conv|Conv0_up|Conv0|Conv1)/(weight|bias)")
_BLOCK = re.compile(r"synthesis\.b(\d+)\.")
_GROWING = re.compile(r"ToRGB_lod([1-9]\d?)/(weight|bias)")
_LAYERS = {"Dense": "dense", "Conv": "conv", "Conv0_up": "conv0", "Conv0": "conv0", "Conv1": "conv1"}


def read(network: Any) -> ImportedNetwork:
    """The network Gs of the tuple (G, D, Gs). Every variable is used, but ToRGBs left from growing: they draw nothing.

    NetworkError names what else there is.
    """
    settings, variables = table_of(state_of(network).get("static_kwargs")), variables_of(network)
    check_settings(settings, _USUAL)
    take_lod(variables)
    tensors = _synthesis(variables)
    shapes = {name: array.shape for name, array in tensors.items()}
    fused = not any(name.endswith("/Conv0/weight") for name in variables)
    values = _described(shapes, settings, fused)
    return ImportedNetwork("a TensorFlow pickle of Progressive GAN", values, tensors)


def _described(shapes: Mapping[str, tuple[int, ...]], settings: Mapping[str, Any], fused: bool) -> dict[str, Any]:
    """The JSON values, from the tensors and what they do not show; NetworkError if these are not those of one."""

    def shape_of(name: str, axes: int) -> tuple[int, ...]:
        return tensor_shape(shapes, NOT_ONE, name, axes)

    levels = levels_of(int(match[1]) for match in map(_BLOCK.match, shapes) if match)
    channels = [shape_of("synthesis.b4.conv.weight", 4)[0]]
    channels += [shape_of(f"synthesis.b{4 << level}.conv1.weight", 4)[0] for level in range(1, levels)]
    classes = settings.get("label_size") or 0
    if classes and not is_count(classes):
        raise NetworkError("has a 'label_size' that is no number of classes")
    shape = ProgressiveShape(
        z_dim=shape_of("synthesis.b4.dense.weight", 2)[1] - classes,
        c_dim=classes,
        channels=tuple(channels),
        colours=shape_of("synthesis.torgb.weight", 4)[0],
        fused=fused,
    )
    if min(shape.z_dim, *channels) < 1 or shape.colours not in (1, 3, 4):
        raise NetworkError(f"{NOT_ONE}: some of its tensors are empty, or its pictures have no colours livegan knows")
    check_shapes(shapes, tensor_shapes(shape))
    side = shape.sides[-1]
    check_metadata(settings, {"latent_size": shape.z_dim, "resolution": side, "num_channels": shape.colours})
    return {
        "kind": "progressive",
        "z_dim": shape.z_dim,
        "c_dim": classes,
        "w_dim": shape.w_dim,
        "resolution": [side, side],
        "shape": {"channels": channels, "colours": shape.colours, "fused": fused},
    }


def _synthesis(variables: Mapping[str, Array]) -> dict[str, Array]:
    levels = levels_of(int(match[1]) for match in map(_LAYER.fullmatch, variables) if match)
    tensors: dict[str, Array] = {}
    for name, array in variables.items():
        layer, growing = _LAYER.fullmatch(name), _GROWING.fullmatch(name)
        if layer:
            side, kind, part = layer.groups()
            place = f"synthesis.b{side}.{_LAYERS[kind]}.{part}"
            put(tensors, place, _turned(array, kind == "Conv0_up"), name)
        elif name in ("ToRGB_lod0/weight", "ToRGB_lod0/bias"):
            tensors[f"synthesis.torgb.{name.rpartition('/')[2]}"] = _turned(array)
        elif not (growing and int(growing[1]) < levels):
            refuse([name], FAMILY)
    return tensors


def _turned(array: Array, transposed: bool = False) -> Array:
    """A kernel (height, width, inputs, outputs) as torch lays it out, (outputs, inputs, ...); a matrix likewise.

    `transposed`: it is (height, width, outputs, inputs).
    """
    if array.ndim != 4:
        return array.T
    return array.transpose(2, 3, 0, 1) if transposed else array.transpose(3, 2, 0, 1)
