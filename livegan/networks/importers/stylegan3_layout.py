"""Public torch layout of StyleGAN3, StyleGAN-XL and StyleGAN-Human's StyleGAN3: the description of such a network.

A pickle has its sampling rates and sizes in the attributes of its layers. A bare state dict has none: it is read if its
layers have the sizes that the default settings of its program give, and refused otherwise.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_count, is_number, is_positive, tensor_shape
from livegan.networks.architectures.stylegan3_shape import LayerShape, Span, StyleGAN3Shape, tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork, Shapes, check_shapes, check_size, positive_number
from livegan.networks.importers.state_dicts import find_state, has_state
from livegan.networks.importers.storages import Array, array_of, is_array, shape_of
from livegan.networks.info import MAX_PIXELS, NetworkInfo

MARKERS = ("synthesis.input.freqs",)
MAX_DIM = 16384  # of z, w and classes
MAX_WHOLE = 32768  # of a size, a rate, a number of channels
TAPS_PER_SAMPLE = 6  # of the filters, at the default settings
DEFAULT_MARGIN = 10  # px
CRITICAL_LAYERS = 2  # at the default settings
_NAME = re.compile(r"synthesis\.(L\d{1,3}_(\d{1,6})_\d{1,6})\.weight")  # a layer, its width
Attributes = Mapping[str, Mapping[Any, Any]]


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the tensors of the layers do not tell."""

    names: Sequence[str]  # of the layers, from the input to the ToRGB
    sizes: Sequence[Span]  # of their outputs: height, width [px]
    rates: Sequence[int]
    bandwidth: float = 2.0
    oversampling: int = 2
    conv_clamp: float | None = 256.0
    output_scale: float = 0.25
    attributes: Attributes = field(default_factory=dict)


def is_one(value: Any) -> bool:
    """Whether a file holds what `read` reads."""
    return has_state(value, MARKERS)


def read(value: dict[Any, Any]) -> ImportedNetwork:
    """The generator of a state dict, bare or in a checkpoint."""
    nodes = find_state(value, MARKERS)
    check_size({name: shape_of(node) for name, node in nodes.items()})
    return finish({name: array_of(node) for name, node in nodes.items()})


def finish(tensors: Mapping[str, Array], attributes: Attributes | None = None) -> ImportedNetwork:
    """The network of these tensors, checked; NetworkError if they are none.

    `attributes`: those of each module by its dotted name; None for a bare state dict.
    """
    shapes: Shapes = {name: array.shape for name, array in tensors.items()}
    found = {match[1]: int(match[2]) for match in map(_NAME.fullmatch, shapes) if match}
    settings = _default_settings(found) if attributes is None else _pickled_settings(list(found), attributes)
    _check_gains(tensors, attributes or {})
    numbered = _numbered(tensors, settings)
    mapping, averages = _mapping(numbered, attributes or {})
    layers = [f"synthesis.L{index}" for index in range(len(settings.names))]
    tensor = partial(tensor_shape, {name: array.shape for name, array in numbered.items()}, "is no StyleGAN3")
    weights = [tensor(f"{layer}.weight", 4) for layer in layers]
    ups, downs = (
        [numbered[name].shape if (name := f"{layer}.{which}") in numbered else (1,) for layer in layers]
        for which in ("up_filter", "down_filter")
    )
    shape: dict[str, Any] = {
        "sizes": [height for height, _ in settings.sizes],
        "rates": list(settings.rates),
        "channels": [weight[0] for weight in weights],
        "kernels": [weight[2] for weight in weights],
        "up_taps": [max(taps, default=0) for taps in ups],
        "down_taps": [max(taps, default=0) for taps in downs],
        "radial": [len(taps) == 2 for taps in downs],
        "input_channels": tensor("synthesis.input.weight", 2)[0],
        "mapping_layers": sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", key)) for key in numbered),
        "bandwidth": settings.bandwidth,
        "oversampling": settings.oversampling,
        "conv_clamp": settings.conv_clamp,
        "output_scale": settings.output_scale,
    }
    if any(height != width for height, width in settings.sizes):
        shape["widths"] = [width for _, width in settings.sizes]
    if mapping["embedding"]:
        shape["embedding"] = mapping["embedding"]
    values = {"kind": "stylegan3", **{key: mapping[key] for key in ("z_dim", "c_dim", "w_dim")}}
    values |= {"resolution": list(settings.sizes[-1]), "shape": shape}
    made = _checked(values)
    named = {_renamed(name, made.layers): array for name, array in (numbered | averages).items()}
    check_shapes({name: array.shape for name, array in named.items()}, tensor_shapes(made))
    _check_layers(made, settings)
    program = (
        "StyleGAN-XL" if "mapping.embed.weight" in tensors and "mapping.embed.bias" not in tensors else "StyleGAN3"
    )
    what = f"a state dict of {program}, by its default settings" if attributes is None else f"a pickle of {program}"
    return ImportedNetwork(what, values, named)


def _checked(values: Mapping[str, Any]) -> StyleGAN3Shape:
    """The shape; NetworkError if livegan could not draw it."""
    height, width = values["resolution"]
    if not is_count(height) or not is_count(width) or height * width > MAX_PIXELS:
        raise NetworkError(f"draws pictures of {width}x{height} px; livegan plays networks of up to 8192x8192")
    for name, fewest in (("z_dim", 1), ("w_dim", 1), ("c_dim", 0)):
        if not fewest <= values[name] <= MAX_DIM:
            raise NetworkError(f"is no StyleGAN3 that can be drawn: its tensors say {name} is {values[name]}")
    try:
        info = NetworkInfo("", Path(), **{**values, "resolution": tuple(values["resolution"])})
        return StyleGAN3Shape.of(info)
    except NetworkError as error:
        reason = str(error).partition("not that of a stylegan3: ")[2]
        raise NetworkError(f"is no StyleGAN3 that can be drawn: {reason or error}") from error


def _numbered(tensors: Mapping[str, Array], settings: _Settings) -> dict[str, Array]:
    """The tensors, with the number of each layer in the network for its name: L0, L1 ... without a gap."""
    numbers = {name: index for index, name in enumerate(settings.names)}

    def renamed(name: str) -> str:
        parts = name.split(".")
        if len(parts) > 2 and parts[0] == "synthesis" and parts[1] in numbers:
            parts[1] = f"L{numbers[parts[1]]}"
        return ".".join(parts)

    return {renamed(name): array for name, array in tensors.items()}


def _renamed(name: str, layers: Sequence[LayerShape]) -> str:
    match = re.match(r"synthesis\.L(\d{1,3})\.", name)
    return f"synthesis.{layers[int(match[1])].name}.{name[match.end() :]}" if match else name


def _mapping(tensors: dict[str, Array], attributes: Attributes) -> tuple[dict[str, int], dict[str, Array]]:
    """z_dim, c_dim, w_dim and the width of a class's embedding; tensors that replace those of the file.

    Takes the embedding away where it is not used: StyleGAN-XL has one without classes too.
    """
    tensor = partial(tensor_shape, {name: array.shape for name, array in tensors.items()}, "is no StyleGAN3")
    inputs = tensor("mapping.fc0.weight", 2)[1]
    if "mapping.embed_proj.weight" in tensors:  # StyleGAN-XL, with classes
        z_dim, width = tensor("mapping.embed_proj.weight", 2)
        c_dim, w_dim = tensor("mapping.w_avg", 2)
        rows, numbers = tensor("mapping.embed.weight", 2)
        if rows < c_dim or numbers != width:
            raise NetworkError(f"has an embedding ('mapping.embed') that does not describe its {c_dim} classes")
        if attributes.get("mapping.embed", {}).get("max_norm") is not None:
            raise NetworkError("has an embedding with a 'max_norm', which livegan does not apply")
        used = {"mapping.embed.weight": tensors["mapping.embed.weight"][:c_dim]}  # the others are of no class
        return {"z_dim": z_dim, "c_dim": c_dim, "w_dim": w_dim, "embedding": width}, used
    w_dim = tensor("mapping.w_avg", 1)[0]
    if "mapping.embed.weight" in tensors and "mapping.embed.bias" not in tensors:
        del tensors["mapping.embed.weight"]  # nothing leads from it to w
    features, c_dim = tensor("mapping.embed.weight", 2) if "mapping.embed.weight" in tensors else (0, 0)
    return {"z_dim": inputs - features, "c_dim": c_dim, "w_dim": w_dim, "embedding": 0}, {}


def _pickled_settings(found: Sequence[str], attributes: Attributes) -> _Settings:
    """What the attributes of the modules say."""
    synthesis, first = attributes.get("synthesis", {}), attributes.get("synthesis.input", {})
    names = synthesis.get("layer_names", sorted(found, key=lambda name: int(name[1:].partition("_")[0])))
    plain = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not plain or sorted(names) != sorted(found) or not found:
        raise NetworkError("has a list of its layers ('layer_names') that are not the layers it has")
    if not _same(synthesis.get("num_ws", len(names) + 1), len(names) + 1):
        raise NetworkError(
            f"contradicts itself: it says num_ws is {_shown(synthesis['num_ws'])}, of {len(names)} layers"
        )
    modules = {name: attributes.get(f"synthesis.{name}", {}) for name in names}
    rates = [_whole(module, "out_sampling_rate", name) for name, module in modules.items()]
    sizes = [_size(module, "out_size", name) for name, module in modules.items()]
    clamps = [positive_number(module.get("conv_clamp"), "conv_clamp") for module in modules.values()]
    if len(set(clamps)) > 1:
        raise NetworkError("has a 'conv_clamp' that differs from layer to layer; livegan plays networks with one")
    widest = _whole(modules[names[0]], "tmp_sampling_rate", names[0])
    said = {"size": _size(first, "size", "input"), "sampling_rate": _whole(first, "sampling_rate", "input")}
    if said != {"size": sizes[0], "sampling_rate": rates[0]}:
        raise NetworkError("contradicts itself: its input has not the size and the rate of its first layer")
    bandwidth, scale = (
        positive_number(table.get(key), key) for table, key in ((first, "bandwidth"), (synthesis, "output_scale"))
    )
    if bandwidth is None:
        raise NetworkError("has an input without a 'bandwidth'")
    return _Settings(
        names,
        sizes,
        rates,
        bandwidth=float(bandwidth),
        oversampling=max(widest // rates[0], 1),
        conv_clamp=None if clamps[0] is None else float(clamps[0]),
        output_scale=0.25 if scale is None else float(scale),
        attributes={name: module for name, module in attributes.items() if name.startswith("synthesis")},
    )


def _default_settings(found: Mapping[str, int]) -> _Settings:
    """The default settings, if they give layers of the widths in these names (2106.12423, section 3.2, appendix C)."""
    names = sorted(found, key=lambda name: int(name[1:].partition("_")[0]))
    numbers, widths = [int(name[1:].partition("_")[0]) for name in names], [found[name] for name in names]
    if len(names) > CRITICAL_LAYERS + 1 and numbers == list(range(len(names))) and 16 <= widths[-1] <= 8192:
        for side, halved in ((widths[-1], 1), (2 * widths[-1], 2)):  # StyleGAN-Human: half as wide as high
            sizes, rates = _designed(side, len(names) - 1)
            if [size // halved for size in sizes] == widths:
                return _Settings(names, list(zip(sizes, widths, strict=True)), rates)
    raise NetworkError(
        "holds the tensors of a StyleGAN3 alone, of layers that are not those of the default settings: the .pkl that "
        "they were taken from can be played, because it says what the settings were"
    )


def _designed(side: int, layers: int) -> tuple[list[int], list[int]]:
    """Sizes and rates of the layers for pictures of `side` px; `layers` without the ToRGB."""
    along = np.minimum(np.arange(layers + 1) / (layers - CRITICAL_LAYERS), 1)
    stops = 2**2.1 * (side / 2 * 2**0.3 / 2**2.1) ** along
    rates = [2 ** math.ceil(math.log2(min(2 * stop, side))) for stop in stops]
    sizes = [rate + 2 * DEFAULT_MARGIN for rate in rates]
    return [*sizes[:-CRITICAL_LAYERS], *[side] * CRITICAL_LAYERS], rates


def _check_layers(shape: StyleGAN3Shape, settings: _Settings) -> None:
    """NetworkError if a layer says of itself what does not follow from the others; without attributes, its filters."""
    rate_in = shape.rates[0]
    for layer, theirs in zip(shape.layers, settings.names, strict=True):
        rows, columns = (
            [layer.up_taps - 1 - crop[0], layer.up_taps - layer.up - crop[1]] for crop in reversed(layer.crops)
        )
        follows: dict[str, Any] = {
            "w_dim": shape.w_dim,
            "is_torgb": layer.colour,
            "in_channels": layer.inputs,
            "out_channels": layer.outputs,
            "in_sampling_rate": rate_in,
            "tmp_sampling_rate": layer.rate * layer.down,
            "conv_kernel": layer.kernel,
            "up_factor": layer.up,
            "down_factor": layer.down,
            "up_taps": layer.up_taps,
            "down_taps": layer.down_taps,
            "down_radial": layer.radial,
            "padding": rows + columns,
        }
        said = settings.attributes.get(f"synthesis.{theirs}")
        if said is None:
            taps = [1 if layer.colour else TAPS_PER_SAMPLE * factor for factor in (layer.up, layer.down)]
            if taps != [layer.up_taps, layer.down_taps]:
                raise NetworkError(
                    f"holds the tensors of a StyleGAN3 alone, and the filters of {layer.name} are not those of the "
                    "default settings: the .pkl that they were taken from can be played"
                )
        else:
            follows = {"in_size": layer.size_in, **follows}
            for key, value in follows.items():
                if key not in said:
                    continue
                stated = _size(said, key, theirs) if key == "in_size" else said[key]
                if not _same(stated, value):
                    raise NetworkError(
                        f"contradicts itself: it says {key} of '{theirs}' is {_shown(stated)}, its layers say {value}"
                    )
        rate_in = layer.rate


def _check_gains(tensors: Mapping[str, Array], attributes: Attributes) -> None:
    """NetworkError unless dense layers have equalised learning rates (1710.10196), 1 in those that make styles."""
    for name, table in attributes.items():
        weight, bias_gain = tensors.get(f"{name}.weight"), table.get("bias_gain", 1)
        if weight is None or weight.ndim != 2 or "bias_gain" not in table:
            continue
        weight_gain, inputs = table.get("weight_gain"), max(weight.shape[1], 1)
        if name.endswith(".affine") and not _same(bias_gain, 1):
            raise NetworkError(
                f"has a learning rate of {_shown(bias_gain)} in '{printable(name, 100)}'; livegan draws with 1"
            )
        usual = is_number(bias_gain) and is_number(weight_gain)
        if weight_gain is not None and not (usual and math.isclose(weight_gain * inputs**0.5, bias_gain, rel_tol=1e-5)):
            raise NetworkError(
                f"has a 'weight_gain' of {_shown(weight_gain)} in '{printable(name, 100)}', which does not belong to a "
                f"'bias_gain' of {_shown(bias_gain)}"
            )


def _same(stated: object, value: object) -> bool:
    """Whether two plain values are equal; what is not plain is equal to nothing."""
    if isinstance(value, list | tuple):
        alike = isinstance(stated, list | tuple) and len(stated) == len(value)
        return alike and all(_same(one, other) for one, other in zip(stated, value, strict=True))  # type: ignore[call-overload]
    return isinstance(stated, int | float | bool) and bool(stated == value)


def _whole(table: Mapping[Any, Any], key: str, where: str) -> int:
    return _number(table.get(key), f"'{key}' of '{where}'")


def _size(table: Mapping[Any, Any], key: str, where: str) -> Span:
    """(height, width) of a pair: width, height."""
    pair = table.get(key)
    if is_array(pair) and shape_of(pair) == (2,):
        pair = array_of(pair).tolist()
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise NetworkError(f"has a '{key}' of '{where}' that is no pair of a width and a height")
    width, height = (_number(side, f"'{key}' of '{where}'") for side in pair)
    return height, width


def _number(value: object, what: str) -> int:
    if not is_positive(value) or value > MAX_WHOLE or value != int(value):  # type: ignore[operator, call-overload]
        raise NetworkError(f"has a {what} of {_shown(value)}, which is no whole number from 1 to {MAX_WHOLE}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def _shown(value: object) -> str:
    """A plain value for people, cut short."""
    if isinstance(value, str):
        return printable(repr(value[:100]), 100)
    plain = isinstance(value, int | float | None) or _same(value, value)
    return printable(repr(value), 100) if plain else "something else"
