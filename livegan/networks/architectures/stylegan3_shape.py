"""Shape of a StyleGAN3 network: the numbers that fix every tensor, as its JSON describes them. No torch here.

The JSON "shape" of kind "stylegan3", one number per layer L0, L1 ... in lists, the last of which is the ToRGB:

    sizes            height of the layer's output, margins included [px]
    widths           its width; null: it is square. Default null [px]
    rates            samples across one period of the plane in the layer's output, alike in both directions
    channels         outputs of the layer
    kernels          side of its convolution: 3 in configuration T, 1 in R and in the ToRGB [px]
    up_taps          length of `up_filter`, 1: the layer has none
    down_taps        length or side of `down_filter`, 1: none
    radial           whether `down_filter` is a picture (taps, taps) and not a line (taps,)
    input_channels   Fourier features
    bandwidth        highest frequency of the features [periods of the plane], default 2
    oversampling     how much finer the samples are where the leaky ReLU acts, default 2
    conv_clamp       activations are kept within +- this, null: they are not; default 256
    output_scale     of the picture, default 0.25
    mapping_layers   fully connected layers fc0, fc1 ... from z to w
    embedding        numbers that describe a class in StyleGAN-XL, whose average w is one for each class; default 0: the
                     classes go through a layer of their own, as in StyleGAN3

Sampling rates and paddings follow Karras et al. 2021 (arXiv 2106.12423), appendix C and figure 4. The cutoffs need not
be known: the low-pass filters they led to are among the tensors. The numbers of the first layer are those of the input
too. A picture may be smaller than its rate: 48 px are cut out of 64.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.shape_checks import is_count, is_positive, key_mistakes
from livegan.networks.info import NetworkInfo

MAX_PARAMETERS = 10**9
MAX_ACTIVATIONS = 2 * 10**9  # values in the widest layer of one picture
_LISTS = {  # and the largest number in each
    "sizes": 32768,
    "rates": 32768,
    "channels": 32768,
    "kernels": 64,
    "up_taps": 1024,
    "down_taps": 1024,
}
_COUNTS = {"input_channels": 32768, "mapping_layers": 64, "oversampling": 64}
_DEFAULTS = ARCHITECTURES["stylegan3"].defaults
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LayerShape:
    """Shape of one layer: a modulated convolution, and a leaky ReLU between two low-pass filters."""

    name: str  # "L{index}_{width}_{channels}"
    inputs: int
    outputs: int
    kernel: int
    size_in: Span  # height, width [px]
    size: Span  # of the output: height, width [px]
    rate: int  # of the output [samples per period of the plane]
    up: int  # upsampling factor before the leaky ReLU
    down: int  # downsampling factor after it
    up_taps: int
    down_taps: int
    radial: bool
    colour: bool  # it is the ToRGB

    @property
    def crops(self) -> tuple[Span, Span]:
        """Samples cropped at the start and the end of the upsampled plane's columns, and of its rows.

        They are (size_in + kernel - 2) up + up_taps long. Downsampling then gives `size` px, and the centre of the
        plane stays the centre.
        """
        down, across = (self._crop(before, after) for before, after in zip(self.size_in, self.size, strict=True))
        return down, across

    def _crop(self, size_in: int, size: int) -> Span:
        held = size_in + self.kernel - 1  # after the convolution
        needed = (size - 1) * self.down + self.down_taps  # before the second filter
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
    embedding: int
    input_channels: int
    bandwidth: float
    oversampling: int
    conv_clamp: float | None
    output_scale: float
    sizes: tuple[int, ...]
    widths: tuple[int, ...]
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
    def resolution(self) -> Span:
        """Height and width of a picture [px]."""
        return self.sizes[-1], self.widths[-1]

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
            name=f"L{index}_{self.widths[index]}_{self.channels[index]}",
            inputs=self.channels[index - 1] if index else self.input_channels,
            outputs=self.channels[index],
            kernel=self.kernels[index],
            size_in=(self.sizes[before], self.widths[before]),
            size=(self.sizes[index], self.widths[index]),
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
        known = {*_LISTS, *_COUNTS, *_DEFAULTS, "radial"}
        mistakes = key_mistakes(table, known) or _mistakes(table)
        if not mistakes:
            table["widths"] = table["sizes"] if table["widths"] is None else table["widths"]
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
            }
            shape = cls(z_dim=info.z_dim, w_dim=info.w_dim, c_dim=info.c_dim, **values)
            mistakes = shape._contradictions(info)
        if mistakes:
            raise NetworkError(f"'shape' is not that of a stylegan3: {mistakes[0]}", info.path)
        return shape

    def _contradictions(self, info: NetworkInfo) -> list[str]:
        """Entries that contradict each other."""
        if info.w_dim < 1:
            return ["'w_dim' must be a whole number above 0"]
        if info.resolution != self.resolution:
            said, made = (f"{width}x{height}" for height, width in (info.resolution, self.resolution))
            return [f"the last layer must have the size of the picture, {said}, not {made}"]
        if self.channels[-1] not in (1, 3, 4):
            return [f"the last layer must have 1, 3 or 4 channels, not {self.channels[-1]}"]
        if self.bandwidth >= self.rates[0] / 2:
            return [f"a bandwidth of {self.bandwidth:.4g} does not fit {self.rates[0]} samples"]
        if self.embedding and not self.c_dim:
            return ["an 'embedding' describes classes, and it has none"]
        if self.input_channels * self.sizes[0] * self.widths[0] > MAX_ACTIVATIONS:
            return ["its input is too large to be drawn"]
        *others, colour = self.layers
        plain = (colour.up_taps, colour.down_taps, colour.kernel) == (1, 1, 1)
        if not plain or colour.size_in != colour.size or self.rates[-1] != self.rates[-2]:
            return [f"{colour.name}, the last, must be a 1x1 convolution without filters that keeps the size"]
        for layer, before in zip(others, (self.rates[0], *self.rates), strict=False):
            finest = max(before, layer.rate)
            odd = finest % before or finest % layer.rate or layer.up % layer.down or layer.up > 64
            if odd or layer.up_taps <= layer.up or layer.down_taps <= layer.down:
                return [f"{layer.name} has no filters for the step from one sampling rate to the other"]
            area = 1
            for crop, size_in in zip(layer.crops, layer.size_in, strict=True):
                rise = (size_in + layer.kernel - 2) * layer.up + layer.up_taps
                if min(crop) < 0 or rise - sum(crop) < layer.down_taps:
                    return [f"{layer.name} does not fit the size of what it is made from, {size_in} px"]
                area *= rise
            if area * max(layer.inputs, layer.outputs) > MAX_ACTIVATIONS:
                return [f"{layer.name} is too large to be drawn"]
        numbers = sum(map(math.prod, tensor_shapes(self).values()))
        if numbers > MAX_PARAMETERS:
            return [f"{numbers / 1e9:.1f} billion parameters are too many"]
        return []


def tensor_shapes(shape: StyleGAN3Shape) -> dict[str, tuple[int, ...]]:
    """The name and the shape of every tensor of such a network."""
    shapes: dict[str, tuple[int, ...]] = {}

    def dense(name: str, inputs: int, outputs: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs), (outputs,)

    wide, w_dim = shape.z_dim, shape.w_dim
    shapes["mapping.w_avg"] = (shape.c_dim, w_dim) if shape.embedding else (w_dim,)
    if shape.embedding:
        shapes["mapping.embed.weight"] = (shape.c_dim, shape.embedding)
        dense("mapping.embed_proj", shape.embedding, shape.z_dim)
        wide += shape.z_dim
    elif shape.c_dim:
        dense("mapping.embed", shape.c_dim, w_dim)
        wide += w_dim
    for index in range(shape.mapping_layers):
        dense(f"mapping.fc{index}", w_dim if index else wide, w_dim)
    features = shape.input_channels
    shapes["synthesis.input.weight"] = (features, features)
    shapes |= {"synthesis.input.transform": (3, 3), "synthesis.input.freqs": (features, 2)}
    shapes["synthesis.input.phases"] = (features,)
    dense("synthesis.input.affine", w_dim, 4)
    for layer in shape.layers:
        name = f"synthesis.{layer.name}"
        shapes[f"{name}.weight"] = (layer.outputs, layer.inputs, layer.kernel, layer.kernel)
        shapes |= {f"{name}.bias": (layer.outputs,), f"{name}.magnitude_ema": ()}
        dense(f"{name}.affine", w_dim, layer.inputs)
        if layer.up_taps > 1:
            shapes[f"{name}.up_filter"] = (layer.up_taps,)
        if layer.down_taps > 1:
            shapes[f"{name}.down_filter"] = (layer.down_taps,) * (2 if layer.radial else 1)
    return shapes


def _mistakes(table: Mapping[str, Any]) -> list[str]:
    """Mistakes in single entries of the JSON."""
    layers = len(table["sizes"]) if isinstance(table["sizes"], list | tuple) else 0
    if not 4 <= layers <= 64:
        return ["'sizes' must list 4 to 64 layers"]
    mistakes = []
    largest = {**_LISTS, **({} if table["widths"] is None else {"widths": _LISTS["sizes"]})}
    for key, most in largest.items():
        value = table[key]
        fine = isinstance(value, list | tuple) and len(value) == layers
        if not fine or not all(is_count(number, most) for number in value):
            mistakes.append(f"'{key}' must have {layers} whole numbers from 1 to {most}")
    flags = table["radial"]
    if not (isinstance(flags, list | tuple) and len(flags) == layers and all(isinstance(flag, bool) for flag in flags)):
        mistakes.append(f"'radial' must have {layers} true or false")
    mistakes += [
        f"'{key}' must be a whole number from 1 to {most}"
        for key, most in _COUNTS.items()
        if not is_count(table[key], most)
    ]
    if not is_count(table["embedding"], 16384) and (table["embedding"] != 0 or table["embedding"] is False):
        mistakes.append("'embedding' must be a whole number from 0 to 16384")
    mistakes += [
        f"'{key}' must be a number above 0"
        for key in ("bandwidth", "output_scale", "conv_clamp")
        if not (is_positive(table[key]) or (key == "conv_clamp" and table[key] is None))
    ]
    return mistakes
