"""Shape of a StyleGAN3 network: the numbers that fix every tensor, read from its tensors or its JSON. No torch here.

The JSON "shape" of kind "stylegan3", one number per layer L0, L1 ... in lists, the last of which is the ToRGB:

    sizes            side of the layer's output, margins included [px]
    rates            samples across one picture in the layer's output; the size less its margins
    channels         outputs of the layer
    kernels          side of its convolution: 3 in configuration T, 1 in R and in the ToRGB [px]
    up_taps          length of `up_filter`, 1: the layer has none
    down_taps        length or side of `down_filter`, 1: none
    radial           whether `down_filter` is a picture (taps, taps) and not a line (taps,)
    input_channels   Fourier features
    bandwidth        highest frequency of the features [periods per picture], default 2
    oversampling     how much finer the samples are where the leaky ReLU acts, default 2
    conv_clamp       activations are kept within +- this, null: they are not; default 256
    output_scale     of the picture, default 0.25
    mapping_layers   fully connected layers fc0, fc1 ... from z to w

Sampling rates and paddings follow Karras et al. 2021 (arXiv 2106.12423), appendix C and figure 4. The cutoffs need not
be known: the low-pass filters they led to are among the tensors.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures.shape_checks import is_count, is_positive, key_mistakes, tensor_shape
from livegan.networks.info import NetworkInfo

MAX_PARAMETERS = 10**9
MAX_ACTIVATIONS = 10**9  # values in the widest layer of one picture
_NAME = re.compile(r"synthesis\.(L(\d{1,3})_(\d{1,6})_\d{1,6})\.weight")
_LISTS = ("sizes", "rates", "channels", "kernels", "up_taps", "down_taps")
_DEFAULTS = {"bandwidth": 2.0, "oversampling": 2, "conv_clamp": 256.0, "output_scale": 0.25}


@dataclass(frozen=True, slots=True)
class LayerShape:
    """Shape of one layer: a modulated convolution, and a leaky ReLU between two low-pass filters."""

    name: str  # "L{index}_{size}_{channels}"
    inputs: int
    outputs: int
    kernel: int
    size_in: int  # [px]
    size: int  # of the output [px]
    rate: int  # of the output [samples per picture]
    up: int  # upsampling factor before the leaky ReLU
    down: int  # downsampling factor after it
    up_taps: int
    down_taps: int
    radial: bool
    colour: bool  # it is the ToRGB

    @property
    def crop(self) -> tuple[int, int]:
        """Samples cropped at the start and the end of the upsampled plane, (size_in + kernel - 2) up + up_taps px.

        Downsampling then gives `size` px, and the centre of the plane stays the centre.
        """
        held = self.size_in + self.kernel - 1  # after the convolution
        needed = (self.size - 1) * self.down + self.down_taps  # before the second filter
        padding = needed + self.up_taps - 1 - held * self.up
        before = (padding + self.up) // 2  # zeros before the first sample
        return self.up_taps - 1 - before, self.up_taps - self.up - (padding - before)


@dataclass(frozen=True, slots=True)
class StyleGAN3Shape:
    """Shape of a StyleGAN3 network."""

    z_dim: int
    w_dim: int
    c_dim: int
    mapping_layers: int
    input_channels: int
    bandwidth: float
    oversampling: int
    conv_clamp: float | None
    output_scale: float
    sizes: tuple[int, ...]
    rates: tuple[int, ...]
    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    up_taps: tuple[int, ...]
    down_taps: tuple[int, ...]
    radial: tuple[bool, ...]

    @property
    def num_ws(self) -> int:
        """Rows of w: one for the input and one for each layer."""
        return len(self.sizes) + 1

    @property
    def layers(self) -> tuple[LayerShape, ...]:
        """From the input to the ToRGB."""
        return tuple(self._layer(index) for index in range(len(self.sizes)))

    @property
    def row_groups(self) -> tuple[int, ...]:
        """Per row of w, 0 coarse, 1 middle, 2 fine: thirds of the layers, because none of them has only 4 px."""
        return tuple(3 * row // self.num_ws for row in range(self.num_ws))

    def _layer(self, index: int) -> LayerShape:
        before, last = max(index - 1, 0), index == len(self.sizes) - 1
        finest = max(self.rates[before], self.rates[index]) * (1 if last else self.oversampling)
        return LayerShape(
            name=f"L{index}_{self.sizes[index]}_{self.channels[index]}",
            inputs=self.channels[index - 1] if index else self.input_channels,
            outputs=self.channels[index],
            kernel=self.kernels[index],
            size_in=self.sizes[before],
            size=self.sizes[index],
            rate=self.rates[index],
            up=finest // self.rates[before],
            down=finest // self.rates[index],
            up_taps=self.up_taps[index],
            down_taps=self.down_taps[index],
            radial=self.radial[index],
            colour=last,
        )

    @classmethod
    def of(cls, info: NetworkInfo) -> "StyleGAN3Shape":
        """The shape that a network's JSON describes; NetworkError if it describes none, before any memory is taken."""
        table: dict[str, Any] = {**_DEFAULTS, **info.shape}
        mistakes = key_mistakes(table, {*_LISTS, *_DEFAULTS, "radial", "input_channels", "mapping_layers"})
        if not mistakes:
            mistakes = _mistakes(table)
        if not mistakes:
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
            }
            shape = cls(z_dim=info.z_dim, w_dim=info.w_dim, c_dim=info.c_dim, **values)
            mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"'shape' is not that of a stylegan3: {mistakes[0]}; convert it again", info.path)
        return shape

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        """Entries that contradict each other."""
        if info.w_dim < 1:
            return ["'w_dim' must be a whole number above 0"]
        if info.resolution != (self.sizes[-1],) * 2 or self.rates[-1] != self.sizes[-1]:
            return [f"the last size and rate must be those of the picture, {info.resolution[0]}, not {self.sizes[-1]}"]
        if self.channels[-1] not in (1, 3, 4):
            return [f"the last layer must have 1, 3 or 4 channels, not {self.channels[-1]}"]
        if self.bandwidth >= self.rates[0] / 2:
            return [f"a bandwidth of {self.bandwidth} does not fit {self.rates[0]} samples"]
        margins = {size - rate for size, rate in zip(self.sizes[:-2], self.rates, strict=False)}
        if len(margins) > 1 or min(margins) < 0:
            return ["'sizes' must be 'rates' and the same margin, but in the last two layers"]
        *others, colour = self.layers
        if colour.up_taps * colour.down_taps * colour.kernel != 1 or colour.size_in != colour.size:
            return [f"{colour.name}, the last, must be a 1x1 convolution of {colour.size_in} px without filters"]
        for layer in others:
            head, tail = layer.crop
            if layer.up % layer.down or layer.up > 64 or min(layer.up_taps, layer.down_taps) <= layer.up:
                return [f"{layer.name} has no filters for the step from one sampling rate to the other"]
            rise = (layer.size_in + layer.kernel - 2) * layer.up + layer.up_taps
            if min(head, tail) < 0 or rise - head - tail < layer.down_taps:
                return [f"{layer.name} does not fit the size of what it is made from, {layer.size_in} px"]
            if rise**2 * max(layer.inputs, layer.outputs) > MAX_ACTIVATIONS:
                return [f"{layer.name} is too large to be drawn"]
        if self.parameters > MAX_PARAMETERS:
            return [f"{self.parameters / 1e9:.1f} billion parameters are too many"]
        return []

    @property
    def parameters(self) -> int:
        """Approximate number of parameters."""
        conditional = self.w_dim if self.c_dim else 0
        mapping = (self.z_dim + conditional) * self.w_dim + (self.mapping_layers - 1) * self.w_dim**2
        styles = sum(layer.inputs * (layer.outputs * layer.kernel**2 + self.w_dim) for layer in self.layers)
        return mapping + conditional * self.c_dim + self.input_channels**2 + styles


def shape_from(tensors: Mapping[str, tuple[int, ...]], hints: Mapping[str, Any]) -> dict[str, Any]:
    """What NetworkInfo needs, from the sizes of the tensors: keys z_dim, c_dim, w_dim, resolution, shape.

    `tensors` are named as in the public torch layout, "mapping.fc0.weight", "synthesis.L0_36_512.weight" ...
    `hints` are the keyword arguments that the network was made with, for what the tensors do not determine:
    first_cutoff, margin_size, filter_size, conv_clamp, output_scale; the paper's defaults replace missing ones.
    NetworkError if these are not the tensors of a StyleGAN3.
    """
    layers = sorted((int(m[2]), m[1], int(m[3])) for m in map(_NAME.fullmatch, tensors) if m)
    names, sizes = [name for _, name, _ in layers], [size for *_, size in layers]
    if len(names) < 4 or [index for index, *_ in layers] != list(range(len(names))):
        raise NetworkError("not the tensors of a StyleGAN3: its layers L0, L1 ... must be there without a gap")
    tensor = partial(tensor_shape, tensors, "not the tensors of a StyleGAN3")
    weights = [tensor(f"synthesis.{name}.weight", 4) for name in names]
    inputs, w_dim = (
        tensor("synthesis.input.weight", 2)[0],
        tensor("mapping.w_avg", 1)[0],
    )
    embed = tensor("mapping.embed.weight", 2) if "mapping.embed.weight" in tensors else (0, 0)
    ups = [tensors.get(f"synthesis.{name}.up_filter", (1,)) for name in names]
    downs = [tensors.get(f"synthesis.{name}.down_filter", (1,)) for name in names]
    if not all(len(taps) == 1 for taps in ups) or not all(taps and len(taps) <= 2 for taps in downs):
        raise NetworkError("not the tensors of a StyleGAN3: a filter is neither a line nor a square")
    shape = {
        "sizes": sizes,
        "rates": _rates(sizes, hints),
        "channels": [weight[0] for weight in weights],
        "kernels": [weight[2] for weight in weights],
        "up_taps": [taps[0] for taps in ups],
        "down_taps": [taps[0] for taps in downs],
        "radial": [len(taps) == 2 for taps in downs],
        "input_channels": inputs,
        "mapping_layers": sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", key)) for key in tensors),
        "bandwidth": _hint(hints, "first_cutoff", 2.0),
        "oversampling": _oversampling(ups[0][0], hints),
        "conv_clamp": None if hints.get("conv_clamp", 256) is None else _hint(hints, "conv_clamp", 256.0),
        "output_scale": _hint(hints, "output_scale", 0.25),
    }
    z_dim = tensor("mapping.fc0.weight", 2)[1] - embed[0]
    return {"z_dim": z_dim, "c_dim": embed[1], "w_dim": w_dim, "resolution": (sizes[-1],) * 2, "shape": shape}


def _rates(sizes: Sequence[int], hints: Mapping[str, Any]) -> list[int]:
    """Sizes without their margins; the last two layers have none, all others equal ones (2106.12423, appendix C)."""
    margins = [(sizes[-3] - sizes[-1]) // 2, hints.get("margin_size", 10)]
    for margin in margins:
        if _is_count(margin):
            rates = [*(size - 2 * margin for size in sizes[:-2]), sizes[-1], sizes[-1]]
            if all(rate >= 1 and sizes[-1] % rate == 0 for rate in rates):
                return rates
    raise NetworkError(f"not the layers of a StyleGAN3: sizes {sizes} are no powers of two and their margins")


def _oversampling(taps: int, hints: Mapping[str, Any]) -> int:
    """L0 has one sampling rate, so the taps of its filter give the upsampling factor."""
    per_sample = _hint(hints, "filter_size", 6)
    return int(taps // per_sample) if taps >= per_sample else 1


def _hint(hints: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = hints.get(name, otherwise)
    if not is_positive(value):
        raise NetworkError(f"a StyleGAN3 cannot have a '{name}' of {value!r}; it must be a number above 0")
    return value if isinstance(value, int) and isinstance(otherwise, int) else float(value)


def _mistakes(table: Mapping[str, Any]) -> list[str]:
    """Mistakes in single entries of the JSON."""
    layers = len(table["sizes"]) if isinstance(table["sizes"], list | tuple) else 0
    mistakes = []
    if not 4 <= layers <= 64:
        mistakes.append("'sizes' must list 4 to 64 layers")
    for key in (*_LISTS, "radial"):
        right = _flag if key == "radial" else _is_count
        value = table[key]
        if not (isinstance(value, list | tuple) and len(value) == layers and all(map(right, value))):
            mistakes.append(
                f"'{key}' must have {layers} {'true or false' if key == 'radial' else 'whole numbers above 0'}"
            )
    mistakes += [
        f"'{key}' must be a whole number above 0, not {table[key]!r}"
        for key in ("input_channels", "mapping_layers", "oversampling")
        if not _is_count(table[key])
    ]
    mistakes += [
        f"'{key}' must be a number above 0, not {table[key]!r}"
        for key in ("bandwidth", "output_scale", "conv_clamp")
        if not (is_positive(table[key]) or (key == "conv_clamp" and table[key] is None))
    ]
    return mistakes


def _is_count(value: object) -> bool:
    return is_count(value, 32768)


def _flag(value: object) -> bool:
    return isinstance(value, bool)
