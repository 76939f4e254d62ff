"""Public torch layout of StyleGAN2: the description of a network from the shapes of its tensors."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import tensor_shape
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape, tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork, Shapes, check_shapes, positive_number
from livegan.networks.importers.storages import Array

DEFAULT_FILTER = [1, 3, 3, 1]
_BLOCK = re.compile(r"synthesis\.b(\d{1,6})\.")
_DENSE = re.compile(r"mapping\.fc(\d{1,3})\.weight")


def describe(shapes: Shapes, conv_clamp: object = None, taps: list[float] | None = None) -> dict[str, Any]:
    """The JSON values of a StyleGAN2 from the shapes of its tensors; NetworkError if they are not those of one."""
    blocks = sorted({int(match[1]) for match in map(_BLOCK.match, shapes) if match})
    layers = sorted(int(match[1]) for match in map(_DENSE.fullmatch, shapes) if match)
    if not blocks or blocks != [4 << level for level in range(len(blocks))] or len(blocks) > 13:
        raise NetworkError("is no StyleGAN2: its blocks b4, b8, b16 ... must be there without a gap")
    if not layers or layers != list(range(len(layers))):
        raise NetworkError("is no StyleGAN2: its mapping layers fc0, fc1 ... must be there without a gap")
    last = f"synthesis.b{blocks[-1]}"
    tensor = partial(tensor_shape, shapes, "is no StyleGAN2")
    w_dim = tensor("mapping.w_avg", 1)[0]
    embed = tensor("mapping.embed.weight", 2) if "mapping.embed.weight" in shapes else (0, 0)
    const = tensor("synthesis.b4.const", 3)
    channels = [tensor(f"synthesis.b{side}.conv1.weight", 4)[0] for side in blocks]
    coloured = [f"synthesis.b{side}.torgb.weight" in shapes for side in blocks]
    skipping = any(f"synthesis.b{side}.skip.weight" in shapes for side in blocks)
    shape = {
        "channels": channels,
        "mapping_layers": len(layers),
        "conv_clamp": positive_number(conv_clamp, "conv_clamp"),
        "architecture": "skip" if all(coloured) and not skipping else "resnet" if skipping else "orig",
        "colours": tensor(f"{last}.torgb.weight", 4)[0],
        "const": list(const[1:]),
        "filter": taps or DEFAULT_FILTER,
    }
    if shape["colours"] not in (1, 3, 4):
        raise NetworkError(f"draws pictures of {shape['colours']} channels; livegan plays 1, 3 and 4")
    z_dim = tensor("mapping.fc0.weight", 2)[1] - embed[0]
    resolution = [side << (len(blocks) - 1) for side in const[1:]]
    if min(z_dim, w_dim, *channels, *resolution) < 1 or max(resolution) > 16384:
        raise NetworkError("is no StyleGAN2: some of its tensors are empty, or its pictures larger than 16384 px")
    values = {"z_dim": z_dim, "c_dim": embed[1], "w_dim": w_dim, "resolution": resolution}
    return {"kind": "stylegan2", **values, "shape": shape}


def expected_shapes(values: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Every tensor of the network that `describe` described, and its shape."""
    shape = values["shape"]
    return tensor_shapes(
        StyleGAN2Shape(
            z_dim=values["z_dim"],
            w_dim=values["w_dim"],
            c_dim=values["c_dim"],
            channels=tuple(shape["channels"]),
            mapping_layers=shape["mapping_layers"],
            architecture=shape["architecture"],
            colours=shape["colours"],
            const=tuple(shape["const"]),
        )
    )


def finish(
    what: str, tensors: dict[str, Array], conv_clamp: object = None, taps: list[float] | None = None, seed: int = 0
) -> ImportedNetwork:
    """The network of these tensors, checked. Convolutions without noise of their own get planes of strength 0.

    With a seed, those that have a strength but no plane get a random one (rosinality's files before 2020).
    """
    values = describe({name: array.shape for name, array in tensors.items()}, conv_clamp, taps)
    expected = expected_shapes(values)
    rng = np.random.default_rng([seed])
    for name, shape in expected.items():
        if name in tensors:
            continue
        if name.endswith(".noise_strength"):
            tensors[name] = np.zeros((), np.float32)
        elif name.endswith(".noise_const"):
            plane = rng.standard_normal(shape, np.float32) if seed else np.zeros(shape, np.float32)
            tensors[name] = plane
    check_shapes({name: array.shape for name, array in tensors.items()}, expected)
    return ImportedNetwork(what, values, tensors)


def taps_of(kernel: Array) -> list[float]:
    """The taps of a low-pass from its kernel, a line or the square of one; NetworkError if it is no such square."""
    if not 1 <= kernel.ndim <= 2 or not 2 <= max(kernel.shape) <= 16 or len(set(kernel.shape)) != 1:
        raise NetworkError("has a resampling filter that is neither a line nor a square of 2 to 16 taps")
    line = kernel if kernel.ndim == 1 else kernel.sum(axis=0)
    total = float(line.sum())
    if not np.isfinite(kernel).all() or abs(total) < 1e-6:
        raise NetworkError("has a resampling filter that sums to nothing")
    line = line / total
    if kernel.ndim == 2 and not np.allclose(kernel / total, np.outer(line, line), atol=1e-4):
        raise NetworkError("has a resampling filter that is not the same down and across; livegan cannot draw it")
    known = np.asarray(DEFAULT_FILTER) / sum(DEFAULT_FILTER)
    return list(DEFAULT_FILTER) if line.shape == (4,) and np.allclose(line, known, atol=1e-5) else line.tolist()
