"""Lightweight StyleGAN2 generator, as in lucidrains/stylegan2-pytorch.

It differs from Karras et al. 2020 (arXiv 1912.04958): z has length 1; a style acts as 1 + style; no gains
keep the variance; one row of w serves a whole block; the layers' noise is one uniform image, cropped and transposed;
features are upsampled bilinearly; pictures are in 0..1. Linear attention (Shen et al. 2018, arXiv 1812.01243) may come
before a block. `lightweight_shape` has the names of the tensors.
"""

from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.lightweight_shape import HEAD_WIDTH, HEADS, LightweightShape
from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, PER_ACTIVATION, StyleNet, last_picture
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions, group_of

SLOPE = 0.2  # of the leaky ReLU, below zero
EPSILON = 1e-5  # of the norms of attention
AVERAGED = 2000  # number of w whose mean is w_avg, as in lucidrains' code


class Dense(nn.Module):
    """Fully connected layer whose stored weights and biases are scaled by `multiplier` in use."""

    def __init__(self, inputs: int, outputs: int, multiplier: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.multiplier = multiplier

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs) -> (n, outputs)."""
        return F.linear(x, self.weight * self.multiplier, self.bias * self.multiplier)


class MappingNetwork(nn.Module):
    """Mapping network: z to w."""

    def __init__(self, shape: LightweightShape) -> None:
        """Layers are called net.0, net.2 ...: between them are the leaky ReLUs."""
        super().__init__()
        numbers = range(0, 2 * shape.mapping_layers, 2)
        self.net = nn.ModuleDict({str(n): Dense(shape.w_dim, shape.w_dim, shape.lr_multiplier) for n in numbers})

    def forward(self, z: Tensor) -> Tensor:
        """z (n, z_dim) to w (n, w_dim)."""
        x = F.normalize(z, dim=1)
        for layer in self.net.values():
            x = F.leaky_relu(layer(x), SLOPE)
        return x


class Modulated(nn.Module):
    """Modulated convolution: inputs are scaled by 1 + style; `power` (squared weights) is used for demodulation."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        """1x1 kernels (ToRGB) are not demodulated."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))

    @property
    def power(self) -> Tensor:
        """Squared weights summed over the kernel, (outputs, inputs)."""
        return self.weight.square().sum(dim=(2, 3))

    def forward(self, x: Tensor, style: Tensor, power: Tensor | None = None) -> Tensor:
        """x (n, inputs, h, w) under style (n, inputs); without `power` there is no demodulation."""
        y = F.conv2d(x * (style + 1)[:, :, None, None], self.weight, padding=self.weight.shape[2] // 2)
        if power is None:
            return y
        return y.mul_((F.linear((style + 1).square(), power) + 1e-8).rsqrt()[:, :, None, None])


class Blur(nn.Module):
    """Binomial blur [1, 2, 1] along both axes, with reflection padding."""

    f: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("f", torch.tensor([1.0, 2.0, 1.0]))

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to the same."""
        kernel = torch.outer(self.f, self.f)
        kernel = (kernel / kernel.abs().sum()).expand(x.shape[1], 1, 3, 3)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), kernel, groups=x.shape[1])


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to colours, added to the picture of the block below, upsampled for the next block."""

    def __init__(self, shape: LightweightShape, level: int) -> None:
        """The last block does not upsample."""
        super().__init__()
        last = level == len(shape.channels) - 1
        self.upsamples = not last
        self.to_style = nn.Linear(shape.w_dim, shape.channels[level])
        self.conv = Modulated(shape.channels[level], shape.colours, 1)
        self.upsample = nn.ModuleDict({} if last or not shape.blur else {"1": Blur()})

    def forward(self, x: Tensor, picture: Tensor | None, w: Tensor) -> Tensor:
        """x (n, channels, side, side) to (n, colours, 2 side, 2 side), or `side` in the last block."""
        y: Tensor = self.conv(x, self.to_style(w))
        if picture is not None:
            y = y + picture
        if self.upsamples:
            y = double(y)
        for blur in self.upsample.values():
            y = blur(y)
        return y


class Block(nn.Module):
    """Synthesis block of one resolution: two convolutions with noise, and a ToRGB."""

    def __init__(self, shape: LightweightShape, level: int) -> None:
        """`level` 0 is 4 px."""
        super().__init__()
        inputs, outputs = shape.inputs[level], shape.channels[level]
        self.to_style1 = nn.Linear(shape.w_dim, inputs)
        self.to_noise1 = nn.Linear(1, outputs)
        self.conv1 = Modulated(inputs, outputs, 3)
        self.to_style2 = nn.Linear(shape.w_dim, outputs)
        self.to_noise2 = nn.Linear(1, outputs)
        self.conv2 = Modulated(outputs, outputs, 3)
        self.activation1 = nn.LeakyReLU(SLOPE, inplace=True)
        self.activation2 = nn.LeakyReLU(SLOPE, inplace=True)
        self.to_rgb = ToRGB(shape, level)


class ChannelNorm(nn.Module):
    """Each pixel's channels normalised, then scaled by `g` and shifted by `b`."""

    def __init__(self, channels: int, norm: str) -> None:
        """`norm` is "variance" or "deviation", see `lightweight_shape.NORMS`."""
        super().__init__()
        self.g = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.inside = norm == "variance"

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        variance, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
        spread = (variance + EPSILON).sqrt() if self.inside else variance.sqrt() + EPSILON
        return (x - mean) / spread * self.g + self.b


class LinearAttention(nn.Module):
    """Linear self-attention over the pixels (1812.01243, section 3.2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = HEADS * HEAD_WIDTH
        self.to_q = nn.Conv2d(channels, inner, 1, bias=False)
        separable = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.Conv2d(channels, 2 * inner, 1, bias=False),
        )
        self.to_kv = nn.ModuleDict({"net": separable})
        self.to_out = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        count, _, height, width = x.shape
        heads = (count, HEADS, HEAD_WIDTH, height * width)
        q = self.to_q(x).reshape(heads).softmax(dim=2) * HEAD_WIDTH**-0.5
        k, v = (half.reshape(heads) for half in self.to_kv["net"](x).chunk(2, dim=1))
        context = k.softmax(dim=3) @ v.transpose(2, 3)  # (n, heads, keys, values)
        y = (context.transpose(2, 3) @ q).reshape(count, -1, height, width)
        out: Tensor = self.to_out(F.gelu(y))
        return out


class Residual(nn.Module):
    """A function of the normalised map, added to the map."""

    def __init__(self, channels: int, norm: str, function: nn.Module) -> None:
        super().__init__()
        instance = norm == "instance"
        scale = nn.InstanceNorm2d(channels, EPSILON, affine=True) if instance else ChannelNorm(channels, norm)
        self.fn = nn.ModuleDict({"fn": function, "norm": scale})

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        y: Tensor = self.fn["fn"](self.fn["norm"](x))
        return x + y


def attention_block(channels: int, norm: str) -> nn.Sequential:
    """Linear attention, and two 1x1 convolutions, each added to what it reads."""
    feed = nn.Sequential(
        nn.Conv2d(channels, 2 * channels, 1), nn.LeakyReLU(SLOPE, inplace=True), nn.Conv2d(2 * channels, channels, 1)
    )
    return nn.Sequential(Residual(channels, norm, LinearAttention(channels)), Residual(channels, norm, feed))


class Synthesis(nn.Module):
    """Synthesis network: a 4 px input and the blocks."""

    def __init__(self, shape: LightweightShape) -> None:
        """The input is a stored constant, or computed from the mean of the rows of w."""
        super().__init__()
        first = shape.initial_channels
        if shape.constant:
            self.initial_block = nn.Parameter(torch.zeros(1, first, 4, 4))
        else:
            self.to_initial_block = nn.ConvTranspose2d(shape.w_dim, first, 4, bias=False)
        if shape.initial_conv:
            self.initial_conv = nn.Conv2d(first, first, 3, padding=1)
        self.blocks = nn.ModuleList(Block(shape, level) for level in range(len(shape.channels)))
        pairs = zip(shape.attention, shape.attended, strict=True)
        norm = shape.attention_norm
        self.attns = nn.ModuleDict({str(level): attention_block(channels, norm) for level, (channels, _) in pairs})


class LightweightStyleGAN2(StyleNet):
    """Lightweight StyleGAN2 generator: mapping and synthesis, all parameters zero until weights are loaded."""

    c_dim = 0
    span = (0.0, 1.0)
    noise_picture = True

    def __init__(self, shape: LightweightShape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim = self.w_dim = shape.w_dim
        self.num_ws, self.row_groups = len(shape.channels), shape.row_groups
        self.resolution, self.colours = (shape.sides[-1],) * 2, shape.colours
        self._begun = begins([side for side in shape.sides for _ in range(2)])
        self.S = MappingNetwork(shape)
        self.G = Synthesis(shape)
        self._average: Tensor | None = None
        self._noise: tuple[int, Tensor] | None = None  # seed, and its image
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(LightweightShape.of(info))

    @property
    def w_avg(self) -> Tensor:
        """The average w, (w_dim,): not stored in checkpoints; the mean over 2000 z, computed once."""
        here = next(self.parameters())
        if self._average is None:
            z = np.random.default_rng(0).standard_normal((AVERAGED, self.z_dim), np.float32)
            self._average = self.map(torch.from_numpy(z).to(here), torch.zeros(AVERAGED, 0)).mean(dim=0)
        return self._average.to(here)

    @property
    def blocks(self) -> list[Block]:
        """The blocks, from 4 px up."""
        return [block for block in self.G.blocks if isinstance(block, Block)]

    @property
    def powers(self) -> list[Tensor]:
        """`Modulated.power` of each 3x3 convolution in order, (outputs, inputs)."""
        return [conv.power for block in self.blocks for conv in (block.conv1, block.conv2)]

    def mapping_state(self) -> list[Tensor]:
        return [*self.S.state_dict().values(), self.w_avg]

    def drop_synthesis(self) -> None:
        self.G.to("meta")

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) to w (n, w_dim), not truncated; `classes` is ignored."""
        w: Tensor = self.S(z)
        return w

    def synthesize(
        self,
        ws: Tensor,
        options: SynthesisOptions = DEFAULT_OPTIONS,
        noise: Tensor | None = None,
        powers: list[Tensor] | None = None,
    ) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, colours, side, side), about 0..1.

        `noise` (n or 1, side, side), 0..1, is drawn instead of the image of `options.noise_seed`. The gains of
        `options` act on its distance from the mean, 0.5, for the noise carries the layers' only bias.
        `powers`: precomputed `self.powers`.
        """
        return last_picture(self.synthesis_steps(ws, options, noise, powers))

    def synthesis_steps(
        self, ws: Tensor, options: SynthesisOptions, noise: Tensor | None = None, powers: list[Tensor] | None = None
    ) -> Iterator[Tensor | None]:
        powers = self.powers if powers is None else powers
        noise = self._noise_of(options.noise_seed).to(ws)[None] if noise is None else noise
        noise = noise.transpose(1, 2)[:, None]  # (n, 1, side, side)
        x = self._first(ws)
        picture: Tensor | None = None
        for level, (block, side) in enumerate(zip(self.blocks, self.shape.sides, strict=True)):
            w = ws[:, level]
            if level in self.shape.attention:
                x = self.G.attns[str(level)](x)
            x = double(x) if level else x
            plane = (noise[:, :, :side, :side] - 0.5) * options.noise[group_of(side)] + 0.5
            first = block.conv1, block.to_style1, block.to_noise1, block.activation1
            second = block.conv2, block.to_style2, block.to_noise2, block.activation2
            for index, (conv, to_style, to_noise, activation) in enumerate((first, second), 2 * level):
                x = conv(x, to_style(w), powers[index])
                x.add_(to_noise.bias[:, None, None]).addcmul_(plane, to_noise.weight[:, :, None])
                x = activation(x)
                if options.bends:
                    x = bend(x, options.bends, side, self.clusters.get(index), self._begun[index])
            picture = block.to_rgb(x, picture, w)
            yield picture

    def cost(self) -> float:
        inner = HEADS * HEAD_WIDTH
        values = sum((5 * inner + 6 * width) * side**2 for width, side in self.shape.attended)
        products = sum(
            (4 * width * inner + 2 * HEAD_WIDTH * inner + 4 * width**2) * side**2 for width, side in self.shape.attended
        )
        return super().cost() + 2 * products + PER_ACTIVATION * values

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        pairs = zip(self.shape.sides, self.blocks, strict=True)
        return [(side, module) for side, block in pairs for module in (block.activation1, block.activation2)]

    def affines(self) -> list[tuple[int, Tensor]]:
        """For each 3x3 convolution: its row of ws, and its style weights (inputs, w_dim)."""
        pairs = enumerate(self.blocks)
        return [(row, layer.weight) for row, block in pairs for layer in (block.to_style1, block.to_style2)]

    def _noise_of(self, seed: int) -> Tensor:
        """The noise image of a seed (side, side), cached until another seed is drawn."""
        if self._noise is None or self._noise[0] != seed:
            self._noise = seed, noise_image(seed, self.resolution[0])
        return self._noise[1]

    def _first(self, ws: Tensor) -> Tensor:
        """The 4 px plane (n, initial_channels, 4, 4)."""
        if self.shape.constant:
            x = self.G.initial_block.expand(len(ws), -1, -1, -1)
        else:
            x = self.G.to_initial_block(ws.mean(dim=1)[:, :, None, None])
        x = x.contiguous(memory_format=torch.channels_last)  # and so all activations
        return self.G.initial_conv(x) if self.shape.initial_conv else x


def double(x: Tensor) -> Tensor:
    """(n, c, h, w) to twice the size, bilinear."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def noise_image(seed: int, side: int) -> Tensor:
    """Uniform noise of a seed, (side, side), 0..1."""
    return torch.from_numpy(np.random.default_rng(abs(seed)).random((side, side), np.float32))
