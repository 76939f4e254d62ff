"""StyleGAN3 generator: mapping and synthesis networks, configurations T and R.

Karras et al. 2021, "Alias-Free Generative Adversarial Networks" (arXiv 2106.12423): the picture grows from Fourier
features on a plane, and every leaky ReLU acts on upsampled signals, so that what it adds above the band is filtered
off again. So the picture moves with the plane: `SynthesisOptions.rotate`, `x`, `y` and `zoom` turn, shift and scale it.
Parameters have the names of the public torch layout, so converted networks load.

StyleGAN-XL (Sauer et al. 2022, arXiv 2202.00273) is the same synthesis network under another mapping: its classes are
learned vectors, and each has an average w of its own.

The low-passes of configuration T are separable and applied along columns, then rows; those of R are radial when
downsampling (section 3.2).
"""

import math
from collections.abc import Iterator
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, StyleNet, last_picture
from livegan.networks.architectures.stylegan3_shape import LayerShape, Span, StyleGAN3Shape
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions

GAIN = 2**0.5  # keeps variance through a leaky ReLU
SLOPE = 0.2  # of the leaky ReLU, below zero
MIN_ZOOM = 0.01


def normalise(x: Tensor) -> Tensor:
    """Each row scaled to a mean square of 1 (Karras 2018, section 4.2)."""
    return F.rms_norm(x, x.shape[1:], eps=1e-8)


class Dense(nn.Module):
    """Fully connected layer with equalised learning rate: stored weights have unit variance (1710.10196)."""

    def __init__(self, inputs: int, outputs: int, lr_multiplier: float = 1.0) -> None:
        """`lr_multiplier` scales the stored numbers when they are used."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.weight_gain = lr_multiplier / inputs**0.5
        self.bias_gain = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs) -> (n, outputs)."""
        return torch.addmm(self.bias, x, self.weight.t(), beta=self.bias_gain, alpha=self.weight_gain)


def class_shares(classes: Tensor) -> Tensor:
    """Class weights (n, c_dim) as shares whose sum is 1; where none is above 0, all classes alike."""
    weights = classes.clamp(min=0)
    total = weights.sum(dim=1, keepdim=True)
    alike = torch.full_like(weights, 1 / classes.shape[1])
    return torch.where(total > 0, weights / total.clamp(min=1e-30), alike)


class ClassEmbedding(nn.Module):
    """A learned vector for each class; of a mixture of classes their weighted mean."""

    def __init__(self, classes: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, outputs))

    def forward(self, shares: Tensor) -> Tensor:
        """Shares of classes (n, classes) to (n, outputs)."""
        return shares @ self.weight


class MappingNetwork(nn.Module):
    """Mapping network: z and a class vector to w (1812.04948, section 2; StyleGAN-XL: 2202.00273, section 3.2)."""

    w_avg: Tensor  # (w_dim,); with an embedding (c_dim, w_dim)

    def __init__(self, shape: StyleGAN3Shape) -> None:
        """Layers are called fc0, fc1 ...; with classes there is `embed` too, and in StyleGAN-XL `embed_proj`."""
        super().__init__()
        self.layers = shape.mapping_layers
        self.conditional, self.embedded = shape.c_dim > 0, shape.embedding > 0
        wide = shape.z_dim
        if self.embedded:
            self.embed: nn.Module = ClassEmbedding(shape.c_dim, shape.embedding)
            self.embed_proj = Dense(shape.embedding, shape.z_dim)
            wide += shape.z_dim
        elif self.conditional:
            self.embed = Dense(shape.c_dim, shape.w_dim)
            wide += shape.w_dim
        for index in range(self.layers):
            self.add_module(f"fc{index}", Dense(wide if index == 0 else shape.w_dim, shape.w_dim, lr_multiplier=0.01))
        self.register_buffer("w_avg", torch.zeros(*([shape.c_dim] if self.embedded else []), shape.w_dim))

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim)."""
        x = normalise(z)
        if self.embedded:
            vectors = self.embed_proj(self.embed(class_shares(classes)))
            x = torch.cat([x, normalise(F.leaky_relu(vectors, SLOPE) * GAIN)], dim=1)
        elif self.conditional:
            x = torch.cat([x, normalise(self.embed(classes))], dim=1)
        for index in range(self.layers):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), SLOPE) * GAIN
        return x


class Input(nn.Module):
    """Fourier features, rotated and shifted by w, mixed into channels (2106.12423, section 3.2 and appendix F)."""

    freqs: Tensor  # (channels, 2): right, down [periods of the plane]
    phases: Tensor  # (channels,) [periods]
    transform: Tensor  # (3, 3): where in the plane each point of the picture is taken from

    def __init__(self, shape: StyleGAN3Shape) -> None:
        """The plane is larger than the picture by the margins of the first layer."""
        super().__init__()
        self.size = shape.sizes[0], shape.widths[0]
        self.rate, self.bandwidth = shape.rates[0], shape.bandwidth
        channels = shape.input_channels
        self.weight = nn.Parameter(torch.zeros(channels, channels))
        self.affine = Dense(shape.w_dim, 4)
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", torch.zeros(channels, 2))
        self.register_buffer("phases", torch.zeros(channels))

    def forward(self, w: Tensor, move: Tensor | None = None) -> Tensor:
        """w (n, w_dim) to (n, channels, height, width); `move` (3, 3) is applied to the picture's points first."""
        turn = self.affine(w)  # (n, 4): cosine, sine, right, down
        cosine, sine, right, down = (turn / turn[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
        rows = [cosine, -sine, sine * down - cosine * right, sine, cosine, -sine * right - cosine * down]
        place = torch.stack(rows, dim=1).view(-1, 2, 3)  # turn by it, after a shift by (-right, -down)
        place = torch.cat([place, torch.eye(3).to(place)[2:].expand(len(place), 1, 3)], dim=1)
        place = place @ (self.transform if move is None else self.transform @ move.to(w))
        phases = self.phases + (self.freqs @ place[:, :2, 2:]).squeeze(2)  # (n, channels)
        freqs = self.freqs @ place[:, :2, :2]  # (n, channels, 2)
        room = self.rate / 2 - self.bandwidth
        loud = (1 - (freqs.norm(dim=2) - self.bandwidth) / room).clamp(0, 1)  # frequencies near the Nyquist limit fade
        below, right_of = (  # the middle, 1 is a period of the plane
            (torch.arange(size).to(w) + 0.5 - size / 2) / self.rate for size in self.size
        )
        across = freqs[:, :, 0, None, None] * right_of  # (n, channels, 1, width)
        along = freqs[:, :, 1, None, None] * below[:, None]  # (n, channels, height, 1)
        waves = torch.sin((across + along + phases[:, :, None, None]) * (2 * math.pi))
        mix = (self.weight / len(self.weight) ** 0.5) * loud[:, None]  # (n, channels, channels)
        y: Tensor = (mix @ waves.flatten(2)).view_as(waves)
        return y


class Layer(nn.Module):
    """Modulated convolution, upsampling, leaky ReLU, downsampling (2106.12423, figure 4b)."""

    magnitude_ema: Tensor  # mean square of the inputs, as learned
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, shape: LayerShape, w_dim: int, clamp: float | None) -> None:
        """`clamp`: activations are limited to +- this."""
        super().__init__()
        self.shape, self.clamp = shape, clamp
        self.weight = nn.Parameter(torch.zeros(shape.outputs, shape.inputs, shape.kernel, shape.kernel))
        self.bias = nn.Parameter(torch.zeros(shape.outputs))
        self.affine = Dense(w_dim, shape.inputs)
        taps = (shape.down_taps,) * (2 if shape.radial else 1)
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", torch.zeros(shape.up_taps) if shape.up_taps > 1 else None)
        self.register_buffer("down_filter", torch.zeros(taps) if shape.down_taps > 1 else None)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (n, inputs, *size_in) under style w (n, w_dim) to (n, outputs, *size)."""
        shape = self.shape
        style = self.affine(w)  # (n, inputs)
        if shape.colour:  # plain, no demodulation
            weight: Tensor = self.weight
            demodulation = self.magnitude_ema.rsqrt().expand(len(w), 1)
            style = style / (shape.inputs * shape.kernel**2) ** 0.5
        else:
            weight = normalise(self.weight.flatten(1)).view_as(self.weight)
            style = normalise(style)
            power = weight.square().sum(dim=(2, 3))  # (outputs, inputs)
            demodulation = (F.linear(style.square(), power) + 1e-8).rsqrt() * self.magnitude_ema.rsqrt()
        dtype = x.dtype
        x = F.conv2d(x * style[:, :, None, None].to(dtype), weight.to(dtype), padding=shape.kernel - 1)
        x = x * demodulation[:, :, None, None].to(dtype) + self.bias[:, None, None].to(dtype)
        x = rise(x, self.up_filter, shape.up, shape.crops)
        x = x if shape.colour else F.leaky_relu(x, SLOPE) * GAIN
        x = x if self.clamp is None else x.clamp(-self.clamp, self.clamp)
        return fall(x, self.down_filter, shape.down)


def rise(x: Tensor, taps: Tensor | None, factor: int, crops: tuple[Span, Span]) -> Tensor:
    """Upsample height and width by `factor`: zeros between samples, then the low-pass, cropped at start and end.

    `crops`: of the columns, of the rows.
    """
    if taps is None:
        return x
    count, line = x.shape[1], (taps * factor).to(x.dtype)
    for kernel, stride, axis, crop in (((-1, 1), (factor, 1), 2, crops[0]), ((1, -1), (1, factor), 3, crops[1])):
        cut = min(crop)
        kernels = line.view(1, 1, *kernel).expand(count, 1, -1, -1)
        padding = (cut, 0) if axis == 2 else (0, cut)
        x = F.conv_transpose2d(x, kernels, stride=stride, padding=padding, groups=count)
        x = x.narrow(axis, crop[0] - cut, x.shape[axis] - sum(crop) + 2 * cut)
    return x


def fall(x: Tensor, taps: Tensor | None, factor: int) -> Tensor:
    """Downsample height and width by `factor`: the low-pass without padding, then every `factor`-th sample."""
    if taps is None:
        return x
    count, kernel = x.shape[1], taps.to(x.dtype).flip(list(range(taps.ndim)))
    if taps.ndim == 2:
        return F.conv2d(x, kernel.expand(count, 1, -1, -1), stride=factor, groups=count)
    x = F.conv2d(x, kernel.view(1, 1, -1, 1).expand(count, 1, -1, -1), stride=(factor, 1), groups=count)
    return F.conv2d(x, kernel.view(1, 1, 1, -1).expand(count, 1, -1, -1), stride=(1, factor), groups=count)


class Synthesis(nn.Module):
    """Synthesis network: ws to picture; the input, then layers L{index}_{width}_{channels} (2106.12423, figure 4)."""

    def __init__(self, shape: StyleGAN3Shape) -> None:
        super().__init__()
        self.shape = shape
        self.input = Input(shape)
        for layer in shape.layers:
            self.add_module(layer.name, Layer(layer, shape.w_dim, shape.conv_clamp))

    @property
    def layers(self) -> list[Layer]:
        """From the input to the ToRGB."""
        modules = [self.get_submodule(layer.name) for layer in self.shape.layers]
        return [module for module in modules if isinstance(module, Layer)]


class StyleGAN3(StyleNet):
    """StyleGAN3 generator: mapping and synthesis, all parameters zero until weights are loaded."""

    span = (-1.0, 1.0)

    def __init__(self, shape: StyleGAN3Shape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim, self.c_dim, self.w_dim = shape.z_dim, shape.c_dim, shape.w_dim
        self.num_ws, self.row_groups = shape.num_ws, shape.row_groups
        self.resolution, self.colours = shape.resolution, shape.channels[-1]
        self._frame = self.resolution[1] / shape.rates[-1], self.resolution[0] / shape.rates[-1]
        self._begun = begins(shape.rates[:-1], shape.row_groups[1:-1])
        self.mapping = MappingNetwork(shape)
        self.synthesis = Synthesis(shape)
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(StyleGAN3Shape.of(info))

    @property
    def w_avg(self) -> Tensor:
        average = self.mapping.w_avg
        return average.mean(dim=0) if self.mapping.embedded else average

    def averages(self, classes: Tensor) -> Tensor:
        """(1, 1, w_dim); of StyleGAN-XL the average of each row's classes (n, 1, w_dim)."""
        if not self.mapping.embedded:
            return super().averages(classes)
        average: Tensor = class_shares(classes) @ self.mapping.w_avg
        return average[:, None]

    @property
    def input_transform(self) -> Tensor:
        return self.synthesis.input.transform

    def mapping_state(self) -> list[Tensor]:
        return list(self.mapping.state_dict().values())

    def drop_synthesis(self) -> None:
        self.synthesis.to("meta")

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        w: Tensor = self.mapping(z, classes)
        return w

    def synthesize(
        self, ws: Tensor, options: SynthesisOptions = DEFAULT_OPTIONS, half_from: int | None = None
    ) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, colours, height, width), about -1..1; there is no noise.

        Layers of `half_from` samples per period of the plane and more run in float16, None: none.
        """
        return last_picture(self.synthesis_steps(ws, options, half_from))

    def synthesis_steps(
        self, ws: Tensor, options: SynthesisOptions, half_from: int | None = None
    ) -> Iterator[Tensor | None]:
        x: Tensor = self.synthesis.input(ws[:, 0], self.move(options))
        for index, layer in enumerate(self.synthesis.layers):
            half = half_from is not None and layer.shape.rate >= half_from
            x = layer(x.half() if half else x.float() if x.dtype == torch.half else x, ws[:, index + 1])
            if options.bends and not layer.shape.colour:
                x = self.bent(x, options, index)
            yield x.to(ws.dtype) * self.shape.output_scale if layer.shape.colour else None

    def move(self, options: SynthesisOptions) -> Tensor | None:
        """`move` of these options, for pictures of this network's size."""
        return move(options, self._frame)

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(layer.shape.rate, layer) for layer in self.synthesis.layers if not layer.shape.colour]

    def bent(self, x: Tensor, options: SynthesisOptions, index: int) -> Tensor:
        """Activations of layer `index`, bent; bends name layers by group or by their samples per period."""
        return bend(x, options.bends, self.shape.rates[index], self.clusters.get(index), self._begun[index])

    def affines(self) -> list[tuple[int, Tensor]]:
        layers = [layer.affine for layer in self.synthesis.layers if not layer.shape.colour]
        return [(row, affine.weight * affine.weight_gain) for row, affine in enumerate(layers, 1)]


def move(options: SynthesisOptions, frame: tuple[float, float] = (1.0, 1.0)) -> Tensor | None:
    """(3, 3): from points of the transformed picture to points of the original; None for the identity.

    Points are [periods of the plane right of the middle, periods below it, 1]. The picture, `frame` periods wide and
    high, is scaled by `zoom`, turned anticlockwise by `rotate` degrees about its middle, and shifted right by `x` and
    down by `y` pictures.
    """
    if (options.rotate % 360, options.x, options.y, options.zoom) == (0, 0, 0, 1):
        return None
    angle, zoom = math.radians(options.rotate % 360), max(options.zoom, MIN_ZOOM)
    cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
    x, y = options.x * frame[0], options.y * frame[1]
    rows = [[cosine, -sine, sine * y - cosine * x], [sine, cosine, -sine * x - cosine * y], [0, 0, 1]]
    return torch.tensor(rows)
