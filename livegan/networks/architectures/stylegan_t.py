"""StyleGAN-T generator: mapping and synthesis networks for a given text vector.

Sauer et al. 2023, "StyleGAN-T: Unlocking the Power of GANs for Fast Large-Scale Text-to-Image Synthesis" (arXiv
2301.09515), section 3.1: x, made of z, and a text vector of length 1 are w side by side; Fourier features are the
input; layers are residual, with group norm and layer scale; the style of a layer is a product of two affine
transforms and a third added. The text encoder is not part of it: the text vector is the class vector.
`stylegan_t_shape` has the names of the tensors.
"""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, PER_ACTIVATION, StyleNet, last_picture
from livegan.networks.architectures.stylegan2 import GAIN, HALF_POWER, SLOPE, Dense, normalise, smooth, upsample
from livegan.networks.architectures.stylegan3 import move
from livegan.networks.architectures.stylegan_t_shape import FIRST, StyleGANTShape
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions, group_of

BANDWIDTH = 2  # of the Fourier features [periods per picture]; they are sampled FIRST times a picture


class Perceptron(nn.Module):
    """Fully connected layers, leaky ReLU between them."""

    def __init__(self, shape: StyleGANTShape) -> None:
        """Layers are called fc0, fc1 ..."""
        super().__init__()
        self.layers = shape.mapping_layers
        for index in range(self.layers):
            self.add_module(f"fc{index}", Dense(shape.z_dim, shape.z_dim, lr_multiplier=0.01))

    def forward(self, x: Tensor) -> Tensor:
        """(n, z_dim) to the same."""
        for index in range(self.layers):
            x = self.get_submodule(f"fc{index}")(x)
            x = x if index == self.layers - 1 else F.leaky_relu(x, SLOPE) * GAIN
        return x


class MappingNetwork(nn.Module):
    """Mapping network: z to x."""

    x_avg: Tensor

    def __init__(self, shape: StyleGANTShape) -> None:
        super().__init__()
        self.mlp = Perceptron(shape)
        self.register_buffer("x_avg", torch.zeros(shape.z_dim))

    def forward(self, z: Tensor) -> Tensor:
        """z (n, z_dim) to x (n, z_dim)."""
        x: Tensor = self.mlp(normalise(z))
        return x


class Input(nn.Module):
    """Fourier features turned and shifted by w, mixed into channels (2106.12423, appendix F), without a margin."""

    freqs: Tensor  # (channels, 2): right, down [periods per picture]
    phases: Tensor  # (channels,) [periods]
    transform: Tensor  # (3, 3): where in the plane each point of the picture is taken from

    def __init__(self, channels: int, w_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, channels))
        self.affine = Dense(w_dim, 4)
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", torch.zeros(channels, 2))
        self.register_buffer("phases", torch.zeros(channels))

    def forward(self, w: Tensor, moved: Tensor | None = None) -> Tensor:
        """w (n, w_dim) to (n, channels, FIRST, FIRST); `moved` (3, 3) is applied to the picture's points first."""
        turn = self.affine(w)  # (n, 4): cosine, sine, right, down
        cosine, sine, right, down = (turn / turn[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
        zero, one = torch.zeros_like(cosine), torch.ones_like(cosine)
        rotation = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], dim=1).view(-1, 3, 3)
        shift = torch.stack([one, zero, -right, zero, one, -down, zero, zero, one], dim=1).view(-1, 3, 3)
        place = rotation @ shift @ (self.transform if moved is None else self.transform @ moved.to(w))
        phases = self.phases + (self.freqs @ place[:, :2, 2:]).squeeze(2)  # (n, channels)
        freqs = self.freqs @ place[:, :2, :2]  # (n, channels, 2)
        loud = 1 - (freqs.norm(dim=2) - BANDWIDTH) / (FIRST / 2 - BANDWIDTH)  # high frequencies fade
        steps = (torch.arange(FIRST).to(w) + 0.5) / FIRST - 0.5  # pixel centres, 0 is the middle, 1 a picture
        across = freqs[:, :, 0, None, None] * steps  # (n, channels, 1, side)
        along = freqs[:, :, 1, None, None] * steps[:, None]  # (n, channels, side, 1)
        waves = (
            torch.sin((across + along + phases[:, :, None, None]) * (2 * math.pi)) * loud.clamp(0, 1)[:, :, None, None]
        )
        return torch.einsum("oc,nchw->nohw", self.weight / len(self.weight) ** 0.5, waves)


class StyleSplit(nn.Module):
    """Style of a layer: of three affine transforms of w, the product of the first two plus the third."""

    def __init__(self, w_dim: int, channels: int) -> None:
        super().__init__()
        self.proj = Dense(w_dim, 3 * channels)

    def forward(self, w: Tensor) -> Tensor:
        """w (n, w_dim) to styles (n, channels)."""
        first, second, third = self.proj(w).chunk(3, dim=1)
        style: Tensor = first * second + third
        return style

    def slope(self, w: Tensor) -> Tensor:
        """Derivative of the styles at w (w_dim,): (channels, w_dim)."""
        first, second, _ = self.proj(w[None])[0].chunk(3)
        weights = (self.proj.weight * self.proj.weight_gain).chunk(3)
        slope: Tensor = second[:, None] * weights[0] + first[:, None] * weights[1] + weights[2]
        return slope


class Layer(nn.Module):
    """Modulated 3x3 convolution, noise, bias, leaky ReLU; as a residual layer, with group norm and layer scale."""

    noise_const: Tensor

    def __init__(self, shape: StyleGANTShape, level: int, index: int) -> None:
        """`index` -1 is the convolution that doubles, 0, 1 ... those after it, every second of which is residual."""
        super().__init__()
        outputs = shape.channels[level]
        inputs = shape.channels[level - 1] if index < 0 else outputs
        self.side, self.up, self.clamp = shape.sides[level], index < 0, shape.conv_clamp
        self.gain, self.groups = (1.0 if self.up else HALF_POWER), shape.groups
        self.row = shape.first_row(level) + index + 1
        self.number = self.row - 1  # among all layers: row 0 is the input's
        self.affine = StyleSplit(shape.w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.zeros(self.side, self.side))
        self.gamma: nn.Parameter | None = None
        if index % 2 == 1 and not self.up:
            self.gamma = nn.Parameter(torch.zeros(1, outputs, 1, 1))
            self.norm = nn.GroupNorm(shape.groups, outputs)

    @property
    def power(self) -> Tensor:
        """Squared weights summed over the kernel, (outputs, inputs), for the demodulation."""
        return self.weight.square().sum(dim=(2, 3))

    def forward(self, x: Tensor, w: Tensor, options: SynthesisOptions, power: Tensor | None = None) -> Tensor:
        """x (n, inputs, h, w) under w (n, w_dim) to (n, outputs, side, side); `power`: its own, computed before."""
        if self.gamma is None:
            return self.plain(x, w, options, power)
        x = self.norm(x)
        return (self.plain(x, w, options, power) * self.gamma + x) * GAIN

    def plain(self, x: Tensor, w: Tensor, options: SynthesisOptions, power: Tensor | None) -> Tensor:
        """The layer without what is residual in it."""
        style = self.affine(w)
        x = x * style[:, :, None, None]
        if self.up:
            x = smooth(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))
        else:
            x = F.conv2d(x, self.weight, padding=1)
        scale = (F.linear(style.square(), self.power if power is None else power) + 1e-8).rsqrt()
        x = x * scale[:, :, None, None] + self.bias[:, None, None]
        x = x + self.noise_plane(options.noise_seed) * (self.noise_strength * options.noise[group_of(self.side)])
        x = F.leaky_relu(x, SLOPE) * (GAIN * self.gain)
        return x if self.clamp is None else x.clamp(-self.clamp * self.gain, self.clamp * self.gain)

    def noise_plane(self, seed: int) -> Tensor:
        """The noise (side, side): the stored plane, or that of `seed` if it is not 0."""
        if seed:
            return noise_plane(seed, self.number, self.side, self.side, self.noise_const.device)
        return self.noise_const


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to colours, without demodulation."""

    def __init__(self, shape: StyleGANTShape, level: int) -> None:
        super().__init__()
        self.clamp, self.row = shape.conv_clamp, shape.first_row(level + 1)
        self.affine = StyleSplit(shape.w_dim, shape.channels[level])
        self.weight = nn.Parameter(torch.zeros(shape.colours, shape.channels[level], 1, 1))
        self.bias = nn.Parameter(torch.zeros(shape.colours))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (n, inputs, h, w) -> (n, colours, h, w)."""
        style = self.affine(w) / x.shape[1] ** 0.5
        y = F.conv2d(x * style[:, :, None, None], self.weight) + self.bias[:, None, None]
        return y if self.clamp is None else y.clamp(-self.clamp, self.clamp)


class Block(nn.Module):
    """Synthesis block of one resolution: the input or a convolution that doubles, further ones, and a ToRGB."""

    def __init__(self, shape: StyleGANTShape, level: int) -> None:
        """`level` 0 is FIRST px."""
        super().__init__()
        if level == 0:
            self.input = Input(shape.channels[0], shape.w_dim)
        else:
            self.conv0 = Layer(shape, level, -1)
        self.convs1 = nn.ModuleList(Layer(shape, level, index) for index in range(shape.layers[level]))
        self.torgb = ToRGB(shape, level) if shape.has_colours(level) else None

    @property
    def layers(self) -> list[Layer]:
        """Its convolutions, in order."""
        after = [layer for layer in self.convs1 if isinstance(layer, Layer)]
        return [self.conv0, *after] if hasattr(self, "conv0") else after


class Synthesis(nn.Module):
    """Synthesis network: ws to picture; blocks b8, b16 ..."""

    def __init__(self, shape: StyleGANTShape) -> None:
        super().__init__()
        self.sides = shape.sides
        for level, side in enumerate(shape.sides):
            self.add_module(f"b{side}", Block(shape, level))

    @property
    def blocks(self) -> list[Block]:
        """From 8 px up."""
        found = [self.get_submodule(f"b{side}") for side in self.sides]
        return [block for block in found if isinstance(block, Block)]


class StyleGANT(StyleNet):
    """StyleGAN-T generator: mapping and synthesis, all parameters zero until weights are loaded.

    The class vector is the text vector, made as long as 1. One whose numbers are all alike (zeros, or a show's "all
    classes alike") says nothing: a seeded vector, always the same, takes its place.
    """

    span = (-1.0, 1.0)

    def __init__(self, shape: StyleGANTShape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim, self.c_dim, self.w_dim = shape.z_dim, shape.c_dim, shape.w_dim
        self.num_ws, self.row_groups = shape.num_ws, shape.row_groups
        self.resolution, self.colours = (shape.sides[-1],) * 2, shape.colours
        self.mapping = MappingNetwork(shape)
        self.synthesis = Synthesis(shape)
        self._begun = begins([layer.side for layer in self.layers])
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(StyleGANTShape.of(info))

    @property
    def layers(self) -> list[Layer]:
        """All convolutions but the ToRGBs, in order."""
        return [layer for block in self.synthesis.blocks for layer in block.layers]

    @property
    def powers(self) -> list[Tensor]:
        """`Layer.power` of each of the `layers`."""
        return [layer.power for layer in self.layers]

    @property
    def w_avg(self) -> Tensor:
        """The average x beside the text vector that stands for none, (w_dim,)."""
        return self.averages(torch.zeros(1, self.c_dim))[0, 0]

    def averages(self, classes: Tensor) -> Tensor:
        """The average x beside each text vector: psi does not act on the text."""
        x = self.mapping.x_avg.expand(len(classes), -1)
        return torch.cat([x, text_vectors(classes.to(x))], dim=1)[:, None]

    @property
    def input_transform(self) -> Tensor:
        transform: Tensor = self.synthesis.blocks[0].input.transform
        return transform

    def mapping_state(self) -> list[Tensor]:
        return list(self.mapping.state_dict().values())

    def drop_synthesis(self) -> None:
        self.synthesis.to("meta")

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        x: Tensor = self.mapping(z)
        return torch.cat([x, text_vectors(classes.to(x))], dim=1)

    def synthesize(
        self, ws: Tensor, options: SynthesisOptions = DEFAULT_OPTIONS, powers: list[Tensor] | None = None
    ) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, colours, side, side), about -1..1; `powers`: `self.powers`."""
        return last_picture(self.synthesis_steps(ws, options, powers))

    def synthesis_steps(
        self, ws: Tensor, options: SynthesisOptions, powers: list[Tensor] | None = None
    ) -> Iterator[Tensor | None]:
        x: Tensor = self.synthesis.blocks[0].input(ws[:, 0], move(options))
        x = x.contiguous(memory_format=torch.channels_last)  # and so all activations
        picture: Tensor | None = None
        for block in self.synthesis.blocks:
            for layer in block.layers:
                number = layer.number
                x = layer(x, ws[:, layer.row], options, None if powers is None else powers[number])
                if options.bends:
                    x = bend(x, options.bends, layer.side, self.clusters.get(number), self._begun[number])
            picture = None if picture is None else upsample(picture)
            if block.torgb is not None:
                colours: Tensor = block.torgb(x, ws[:, block.torgb.row])
                picture = colours if picture is None else picture + colours
            yield picture

    def cost(self) -> float:
        """As of every network, and twice more for each activation of a norm."""
        return super().cost() + sum(
            2 * PER_ACTIVATION * len(layer.weight) * layer.side**2 for layer in self.layers if layer.gamma is not None
        )

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(layer.side, layer) for layer in self.layers]

    def affines(self) -> list[tuple[int, Tensor]]:
        """For each convolution: its row of ws, and how its styles change with w, near the average w."""
        w = self.w_avg
        return [(layer.row, layer.affine.slope(w)) for layer in self.layers]


def text_vectors(classes: Tensor) -> Tensor:
    """Class vectors (n, c_dim) as text vectors of length 1; a seeded one where all numbers of a row are alike."""
    if classes.shape[1] == 0:
        return classes
    line = np.random.default_rng([classes.shape[1]]).standard_normal(classes.shape[1], np.float32)
    unsaid = torch.from_numpy(line / np.linalg.norm(line)).to(classes)
    alike = (classes == classes[:, :1]).all(dim=1, keepdim=True)
    return torch.where(alike, unsaid, classes / classes.norm(dim=1, keepdim=True).clamp_min(1e-12))
