"""Public torch layout of StyleGAN2: the description of a network from the shapes of its tensors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import tensor_shape
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape, tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork, Shapes, check_shapes, positive_number
from livegan.networks.importers.storages import Array

DEFAULT_FILTER = [1, 3, 3, 1]
SAME_WITHIN = 1e-4  # between low-passes that should be one, as a share of their sum
_BLOCK = re.compile(r"synthesis\.b(\d{1,6})\.")
_DENSE = re.compile(r"mapping\.fc(\d{1,3})\.weight")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the tensors of a StyleGAN2 do not show."""

    conv_clamp: object = None  # as the file has it, to be checked
    taps: list[float] | None = None  # of the low-pass of every upsampling; None: the usual
    torgb_taps: list[float] | None = None  # of the picture's upsampling; None: `taps`
    joint_norm: bool = False  # whether z and the embedded class are normalised as one


PLAIN = Settings()


def describe(shapes: Shapes, settings: Settings = PLAIN) -> dict[str, Any]:
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
    embedded, c_dim = tensor("mapping.embed.weight", 2) if "mapping.embed.weight" in shapes else (0, 0)
    const = tensor("synthesis.b4.const", 3)
    channels = [tensor(f"synthesis.b{side}.conv1.weight", 4)[0] for side in blocks]
    coloured = [f"synthesis.b{side}.torgb.weight" in shapes for side in blocks]
    skipping = any(f"synthesis.b{side}.skip.weight" in shapes for side in blocks)
    hidden, z_dim = tensor("mapping.fc0.weight", 2)
    z_dim -= embedded
    shape = {
        "channels": channels,
        "mapping_layers": len(layers),
        "conv_clamp": positive_number(settings.conv_clamp, "conv_clamp"),
        "architecture": "skip" if all(coloured) and not skipping else "resnet" if skipping else "orig",
        "colours": tensor(f"{last}.torgb.weight", 4)[0],
        "const": list(const[1:]),
        "filter": settings.taps or DEFAULT_FILTER,
    }
    if shape["architecture"] == "skip" and settings.torgb_taps not in (None, shape["filter"]):
        shape["torgb_filter"] = settings.torgb_taps  # the others enlarge no picture
    if len(layers) > 1 and hidden != w_dim:
        shape["layer_features"] = hidden
    if c_dim and embedded != w_dim:
        shape["embed_features"] = embedded
    if c_dim and settings.joint_norm:
        shape["joint_norm"] = True
    if "mapping.w_avg_rows" in shapes:
        shape["row_averages"] = True
    if shape["colours"] not in (1, 3, 4):
        raise NetworkError(f"draws pictures of {shape['colours']} channels; livegan plays 1, 3 and 4")
    resolution = [side << (len(blocks) - 1) for side in const[1:]]
    widths = (z_dim, w_dim, hidden, *((embedded, c_dim) if "mapping.embed.weight" in shapes else ()))
    if min(*widths, *channels, *resolution) < 1 or max(resolution) > 16384:
        raise NetworkError("is no StyleGAN2: some of its tensors are empty, or its pictures larger than 16384 px")
    values = {"z_dim": z_dim, "c_dim": c_dim, "w_dim": w_dim, "resolution": resolution}
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
            layer_features=shape.get("layer_features"),
            embed_features=shape.get("embed_features"),
            row_averages=shape.get("row_averages", False),
        )
    )


def finish(
    what: str,
    tensors: dict[str, Array],
    settings: Settings = PLAIN,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> ImportedNetwork:
    """The network of these tensors, checked. Convolutions without noise of their own get planes of strength 0.

    With a seed, those that have a strength but no plane get a random one (rosinality's files before 2020). `notes` are
    for people: what was guessed.
    """
    values = describe({name: array.shape for name, array in tensors.items()}, settings)
    expected = expected_shapes(values)
    rng = np.random.default_rng([seed])
    missing = {name: shape for name, shape in expected.items() if name not in tensors}
    for name, shape in missing.items():
        layer, _, part = name.rpartition(".")
        if part == "noise_strength" or (part == "noise_const" and f"{layer}.noise_strength" in missing):
            tensors[name] = np.zeros(shape, np.float32)
        elif part == "noise_const" and seed:
            tensors[name] = rng.standard_normal(shape, np.float32)
    check_shapes({name: array.shape for name, array in tensors.items()}, expected)
    return ImportedNetwork(what, {**values, "notes": list(notes)} if notes else values, tensors)


def common_taps(kernels: Mapping[str, Array], total: float) -> list[float] | None:
    """The taps of low-passes by name, each summing to `total`; None where there are none.

    NetworkError, with a name, if they differ from layer to layer or sum to something else.
    """
    taps, first = None, ""
    for name, kernel in kernels.items():
        own = taps_of(kernel)
        if abs(float(kernel.sum()) / total - 1) > SAME_WITHIN:
            raise NetworkError(
                f"has a resampling filter '{printable(name, 100)}' that sums to {float(kernel.sum()):.4g}"
            )
        if taps is None:
            taps, first = own, name
        elif not is_same_filter(own, taps):
            raise NetworkError(
                f"has a resampling filter '{printable(name, 100)}' unlike '{printable(first, 100)}'; "
                "livegan plays networks with one"
            )
    return taps


def is_same_filter(taps: list[float], others: list[float]) -> bool:
    """Whether two rows of taps are one low-pass."""
    one, other = (np.asarray(row) / sum(row) for row in (taps, others))
    return one.shape == other.shape and np.allclose(one, other, atol=SAME_WITHIN)


def taps_of(kernel: Array) -> list[float]:
    """The taps of a low-pass from its kernel, a line or the square of one; NetworkError if it is no such square.

    A single tap (zeros between the pixels, no low-pass) is [0, 1]: pixels then lie in the odd rows and columns.
    """
    if not 1 <= kernel.ndim <= 2 or not 1 <= max(kernel.shape) <= 16 or len(set(kernel.shape)) != 1:
        raise NetworkError("has a resampling filter that is neither a line nor a square of 1 to 16 taps")
    line = kernel if kernel.ndim == 1 else kernel.sum(axis=0)
    total = float(line.sum())
    if not np.isfinite(kernel).all() or abs(total) < 1e-6:
        raise NetworkError("has a resampling filter that sums to nothing")
    line = line / total
    if kernel.ndim == 2 and not np.allclose(kernel / total, np.outer(line, line), atol=1e-4):
        raise NetworkError("has a resampling filter that is not the same down and across; livegan cannot draw it")
    if len(line) == 1:
        return [0, 1]
    known = np.asarray(DEFAULT_FILTER) / sum(DEFAULT_FILTER)
    return list(DEFAULT_FILTER) if line.shape == (4,) and np.allclose(line, known, atol=1e-5) else line.tolist()
