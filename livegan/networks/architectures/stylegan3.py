"""StyleGAN3 generator: mapping and synthesis networks, configurations T and R.

Karras et al. 2021, "Alias-Free Generative Adversarial Networks" (arXiv 2106.12423): the picture grows from Fourier
features on a plane, and every leaky ReLU acts on upsampled signals, so that what it adds above the band is filtered
off again. So the picture moves with the plane: `SynthesisOptions.rotate`, `x`, `y` and `zoom` turn, shift and scale it.
Parameters have the names of the public torch layout, so converted networks load.

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
from livegan.networks.architectures.stylegan3_shape import LayerShape, StyleGAN3Shape
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions

GAIN = 2**0.5  # keeps variance through a leaky ReLU
SLOPE = 0.2  # of the leaky ReLU, below zero
MIN_ZOOM = 0.01


def normalise(x: Tensor) -> Tensor:
    """Each row scaled to a mean square of 1 (Karras 2018, section 4.2)."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


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
        return F.linear(x, self.weight * self.weight_gain, self.bias * self.bias_gain)


class MappingNetwork(nn.Module):
    """Mapping network: z and a class vector to w (1812.04948, section 2)."""

    w_avg: Tensor

    def __init__(self, shape: StyleGAN3Shape) -> None:
        """Layers are called fc0, fc1 ...; with classes there is `embed` too."""
        super().__init__()
        self.layers = shape.mapping_layers
        self.conditional = shape.c_dim > 0
        if self.conditional:
            self.embed = Dense(shape.c_dim, shape.w_dim)
        wide = shape.z_dim + (shape.w_dim if self.conditional else 0)
        for index in range(self.layers):
            self.add_module(f"fc{index}", Dense(wide if index == 0 else shape.w_dim, shape.w_dim, lr_multiplier=0.01))
        self.register_buffer("w_avg", torch.zeros(shape.w_dim))

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim)."""
        x = normalise(z)
        if self.conditional:
            x = torch.cat([x, normalise(self.embed(classes))], dim=1)
        for index in range(self.layers):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), SLOPE) * GAIN
        return x


class Input(nn.Module):
    """Fourier features, rotated and shifted by w, mixed into channels (2106.12423, section 3.2 and appendix F)."""

    freqs: Tensor  # (channels, 2): right, down [periods per picture]
    phases: Tensor  # (channels,) [periods]
    transform: Tensor  # (3, 3): where in the plane each point of the picture is taken from

    def __init__(self, shape: StyleGAN3Shape) -> None:
        """The plane is larger than the picture by the margins of the first layer."""
        super().__init__()
        self.size, self.rate, self.bandwidth = shape.sizes[0], shape.rates[0], shape.bandwidth
        channels = shape.input_channels
        self.weight = nn.Parameter(torch.zeros(channels, channels))
        self.affine = Dense(shape.w_dim, 4)
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", torch.zeros(channels, 2))
        self.register_buffer("phases", torch.zeros(channels))

    def forward(self, w: Tensor, move: Tensor | None = None) -> Tensor:
        """w (n, w_dim) to (n, channels, size, size); `move` (3, 3) is applied to the picture's points first."""
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
        steps = (torch.arange(self.size).to(w) + 0.5 - self.size / 2) / self.rate  # 0 is the middle, 1 a picture
        across = freqs[:, :, 0, None, None] * steps  # (n, channels, 1, size)
        along = freqs[:, :, 1, None, None] * steps[:, None]  # (n, channels, size, 1)
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
        """x (n, inputs, size_in, size_in) under style w (n, w_dim) to (n, outputs, size, size)."""
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
        x = rise(x, self.up_filter, shape.up, shape.crop)
        x = x if shape.colour else F.leaky_relu(x, SLOPE) * GAIN
        x = x if self.clamp is None else x.clamp(-self.clamp, self.clamp)
        return fall(x, self.down_filter, shape.down)


def rise(x: Tensor, taps: Tensor | None, factor: int, crop: tuple[int, int]) -> Tensor:
    """Upsample height and width by `factor`: zeros between samples, then the low-pass, cropped at start and end."""
    if taps is None:
        return x
    count, line = x.shape[1], (taps * factor).to(x.dtype)
    cut = min(crop)
    for kernel, stride, axis in (((-1, 1), (factor, 1), 2), ((1, -1), (1, factor), 3)):
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
    """Synthesis network: ws to picture; the input, then layers L{index}_{size}_{channels} (2106.12423, figure 4)."""

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
        self.resolution, self.colours = (shape.sizes[-1], shape.sizes[-1]), shape.channels[-1]
        self._begun = begins(shape.rates[:-1], shape.row_groups[1:-1])
        self.mapping = MappingNetwork(shape)
        self.synthesis = Synthesis(shape)
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(StyleGAN3Shape.of(info))

    @property
    def w_avg(self) -> Tensor:
        return self.mapping.w_avg

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
        """ws (n, num_ws, w_dim) to pictures (n, colours, side, side), about -1..1; there is no noise.

        Layers of `half_from` samples per picture and more run in float16, None: none.
        """
        return last_picture(self.synthesis_steps(ws, options, half_from))

    def synthesis_steps(
        self, ws: Tensor, options: SynthesisOptions, half_from: int | None = None
    ) -> Iterator[Tensor | None]:
        x: Tensor = self.synthesis.input(ws[:, 0], move(options))
        for index, layer in enumerate(self.synthesis.layers):
            half = half_from is not None and layer.shape.rate >= half_from
            x = layer(x.half() if half else x.float() if x.dtype == torch.half else x, ws[:, index + 1])
            if options.bends and not layer.shape.colour:
                x = self.bent(x, options, index)
            yield x.to(ws.dtype) * self.shape.output_scale if layer.shape.colour else None

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(layer.shape.rate, layer) for layer in self.synthesis.layers if not layer.shape.colour]

    def bent(self, x: Tensor, options: SynthesisOptions, index: int) -> Tensor:
        """Activations of layer `index`, bent; bends name layers by group or by their samples per picture."""
        return bend(x, options.bends, self.shape.rates[index], self.clusters.get(index), self._begun[index])

    def affines(self) -> list[tuple[int, Tensor]]:
        layers = [layer.affine for layer in self.synthesis.layers if not layer.shape.colour]
        return [(row, affine.weight * affine.weight_gain) for row, affine in enumerate(layers, 1)]


def move(options: SynthesisOptions) -> Tensor | None:
    """(3, 3): from points of the transformed picture to points of the original; None for the identity.

    Points are [pictures right of the middle, pictures below it, 1]. The picture is scaled by `zoom`, turned
    anticlockwise by `rotate` degrees about its middle, and shifted right by `x` and down by `y` pictures.
    """
    if (options.rotate % 360, options.x, options.y, options.zoom) == (0, 0, 0, 1):
        return None
    angle, zoom = math.radians(options.rotate % 360), max(options.zoom, MIN_ZOOM)
    cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
    x, y = options.x, options.y
    rows = [[cosine, -sine, sine * y - cosine * x], [sine, cosine, -sine * x - cosine * y], [0, 0, 1]]
    return torch.tensor(rows)
