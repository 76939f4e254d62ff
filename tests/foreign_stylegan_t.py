"""Writes pickles as StyleGAN-T does: plain objects of torch.nn, pickled by the names of their classes."""

import math
import pickle
import sys
from collections import OrderedDict
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from livegan.networks.architectures.stylegan_t_shape import StyleGANTShape, tensor_shapes

SHAPE: dict[str, Any] = {"channels": [8, 8, 4], "layers": [2, 2, 2], "groups": 2}
EMPTY = ("_backward_hooks", "_forward_hooks", "_state_dict_hooks")  # tables that every torch.nn.Module has


def tensors_of(shape: StyleGANTShape, seed: int = 0) -> dict[str, np.ndarray]:
    """Random tensors of such a network, in its own proportions; nothing is zero."""
    rng, tensors = np.random.default_rng(seed), {}
    for name, sides in tensor_shapes(shape).items():
        array = rng.standard_normal(sides)
        if "mapping.mlp" in name:
            array *= 100
        elif name.endswith("transform"):
            array = np.eye(3) + 0.1 * array
        elif name.endswith(("bias", "strength", "gamma")):
            array *= 0.3
        elif name.endswith("norm.weight"):
            array = 1 + 0.3 * array
        tensors[name] = np.asarray(array, np.float32)
    return tensors


def stylegan_t(
    shape: StyleGANTShape, seed: int = 0, changed: dict[str, Any] | None = None, without: tuple[str, ...] = ()
) -> bytes:
    """A pickle of a generator with those tensors, a text encoder, and no discriminator.

    `changed`: attributes or tensors by dotted name, over what the program writes; `without`: ends of names left out.
    """
    tensors = {name: torch.from_numpy(array) for name, array in tensors_of(shape, seed).items()}
    low_pass = torch.tensor(np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64, dtype=torch.float32)
    for name in list(tensors):
        layer = name.removesuffix(".noise_const")
        if layer != name:
            tensors[f"{layer}.resample_filter"] = low_pass
    for side in shape.sides:
        tensors[f"synthesis.b{side}.resample_filter"] = low_pass
    if shape.c_dim:
        tensors["mapping.clip.model.logit_scale"] = torch.ones([])
    more: dict[str, Any] = {"z_dim": shape.z_dim, "c_dim": shape.c_dim, "w_dim": shape.w_dim}
    more |= {"img_resolution": shape.sides[-1], "img_channels": shape.colours}
    for name, value in (changed or {}).items():
        (tensors if isinstance(value, torch.Tensor) else more)[name] = value
    tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith(without)}
    classes: dict[str, type] = {}
    root = _object("", tensors, shape, more, classes)
    modules: dict[str, ModuleType] = {}
    for kind, cls in classes.items():
        place, _, name = kind.rpartition(".")
        setattr(modules.setdefault(place, ModuleType(place)), name, cls)
        modules.setdefault(place.partition(".")[0], ModuleType(place.partition(".")[0]))
    with patch.dict(sys.modules, modules):
        return pickle.dumps({"G": None, "D": None, "G_ema": root, "training_set_kwargs": {}}, 4)


def _object(
    name: str,
    tensors: dict[str, torch.Tensor],
    shape: StyleGANTShape,
    more: dict[str, Any],
    classes: dict[str, type],
) -> Any:
    """The object of a module, and in it those of its modules."""
    start = f"{name}." if name else ""
    own = {key.removeprefix(start): key for key in tensors if key.startswith(start)}
    parts = list(dict.fromkeys(key.partition(".")[0] for key in own if "." in key))
    kind, attributes = _described(name, shape)
    given = {key.removeprefix(start): value for key, value in more.items() if key.startswith(start)}
    attributes |= {key: value for key, value in given.items() if "." not in key}
    buffers = ("noise_const", "resample_filter", "x_avg", "transform", "freqs", "phases")
    plain = {key: tensors[whole] for key, whole in own.items() if "." not in key}
    table: dict[str, Any] = {"training": False}
    table["_parameters"] = {key: torch.nn.Parameter(one) for key, one in plain.items() if key not in buffers}
    table["_buffers"] = {key: one for key, one in plain.items() if key in buffers}
    table["_non_persistent_buffers_set"] = set()
    table |= {key: OrderedDict() for key in EMPTY}
    table["_modules"] = {part: _object(f"{start}{part}", tensors, shape, more, classes) for part in parts}
    place, _, word = kind.rpartition(".")
    cls = classes.setdefault(kind, type(word, (), {"__module__": place}))
    made = cls()
    made.__dict__.update(table | attributes)
    return made


def _described(name: str, shape: StyleGANTShape) -> tuple[str, dict[str, Any]]:
    """The class and the attributes of a module, by its place."""
    parts = name.split(".")
    last, dense = parts[-1], "networks.shared.FullyConnectedLayer"
    if not name:
        return "networks.generator.Generator", {}
    if name.startswith("mapping.clip"):
        return f"open_clip.model.{'CLIP' if last == 'clip' else 'Text'}", {"txt_dim": shape.c_dim}
    if last.startswith("fc"):
        activation = "linear" if last == f"fc{shape.mapping_layers - 1}" else "lrelu"
        gains = {"weight_gain": np.float64(0.01 / math.sqrt(shape.z_dim)), "bias_gain": 0.01}
        return dense, {"in_features": shape.z_dim, "activation": activation, **gains}
    if last == "proj" or name.endswith("input.affine"):
        gains = {"weight_gain": np.float64(1 / math.sqrt(shape.w_dim)), "bias_gain": 1.0}
        return dense, {"in_features": shape.w_dim, "activation": "linear", **gains}
    if last == "conv0" or parts[-2:-1] == ["convs1"]:
        residual = last != "conv0" and int(last) % 2 == 1
        table = {"up": 2 if last == "conv0" else 1, "activation": "lrelu", "conv_clamp": shape.conv_clamp}
        more = {"padding": 1, "act_gain": np.float64(math.sqrt(2)), "residual": residual}
        return "networks.generator.SynthesisLayer", table | more
    if last == "norm":
        return "networks.generator.GroupNorm32", {"num_groups": shape.groups, "eps": 1e-5}
    if last == "torgb":
        return "networks.generator.ToRGBLayer", {"conv_clamp": shape.conv_clamp}
    if last == "input":
        table = {"size": np.array([8, 8]), "sampling_rate": 8, "bandwidth": 2}
        return "networks.generator.SynthesisInput", table
    return f"networks.generator.{last.capitalize()}", {}
