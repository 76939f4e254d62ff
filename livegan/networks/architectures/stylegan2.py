"""StyleGAN2 generator: mapping and synthesis networks in float32, following the papers.

Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN" (arXiv 1912.04958), and Karras et al. 2020,
"Training Generative Adversarial Networks with Limited Data" (arXiv 2006.06676). All three architectures of the former's
figure 7, 1, 3 or 4 colour channels, with or without classes, any power of two of pixels, or other aspect ratios from a
constant that is not 4x4 or is tiled. Parameters have the names of the public torch layout, so
converted networks load. This is the reference forward, simple and slow; the backends in `rendering.backends`
draw the same picture quickly. `stylegan2_shape` defines the JSON of such a network.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, PER_ACTIVATION, StyleNet
from livegan.networks.architectures.stylegan2_shape import TAPS, StyleGAN2Shape
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions, group_of

GAIN = 2**0.5  # keeps variance through a leaky ReLU
SLOPE = 0.2  # of the leaky ReLU, below zero
HALF_POWER = 0.5**0.5  # gain of each of the two branches of a residual block


def normalise(x: Tensor) -> Tensor:
    """Each row scaled to a mean square of 1 (Karras 2018, section 4.2)."""
    return F.rms_norm(x, x.shape[1:], eps=1e-8)


def blur_kernel(taps: tuple[float, ...] = TAPS) -> Tensor:
    """The low-pass in two dimensions, (n, n) for n taps, summing to 1 (1912.04958, appendix B)."""
    line = torch.tensor(taps)
    return torch.outer(line, line) / line.sum().square()


@lru_cache(maxsize=64)
def _fill_in(taps: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """The low-pass for zero-stuffed images (gain 4), (1, 1, n, n); shared, at most 1 kB each."""
    with torch.inference_mode(False):  # it is cached, and may be used with gradients later
        return (blur_kernel(taps) * 4).to(device, dtype)[None, None]


def upsample(picture: Tensor, taps: tuple[float, ...] = TAPS) -> Tensor:
    """(n, c, h, w) to twice the size: zeros between the pixels, then the low-pass."""
    kernel = _fill_in(taps, picture.dtype, picture.device).expand(picture.shape[1], -1, -1, -1)
    wide = F.conv_transpose2d(picture, kernel, stride=2, padding=(len(taps) - 2) // 2, groups=picture.shape[1])
    return wide[:, :, : 2 * picture.shape[2], : 2 * picture.shape[3]]  # an odd number of taps gives one more


def smooth(x: Tensor, taps: tuple[float, ...] = TAPS) -> Tensor:
    """(n, c, 2h + 1, 2w + 1) from a transposed convolution to (n, c, 2h, 2w), through the low-pass."""
    kernel = _fill_in(taps[::-1], x.dtype, x.device).expand(x.shape[1], -1, -1, -1)
    wide = F.conv2d(x, kernel, padding=(len(taps) - 1) // 2, groups=x.shape[1])
    return wide[:, :, : x.shape[2] - 1, : x.shape[3] - 1]


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


class MappingNetwork(nn.Module):
    """Mapping network: z and a class vector to w (1812.04948, section 2; classes as in 2006.06676)."""

    w_avg: Tensor
    w_avg_rows: Tensor  # (num_ws, w_dim), only where the shape has `row_averages`

    def __init__(self, shape: StyleGAN2Shape) -> None:
        """Layers are called fc0, fc1 ...; with classes there is `embed` too."""
        super().__init__()
        self.shape = shape
        if shape.c_dim:
            self.embed = Dense(shape.c_dim, shape.embed_features or shape.w_dim)
        for index, (inputs, outputs) in enumerate(pairwise(shape.mapping_widths)):
            self.add_module(f"fc{index}", Dense(inputs, outputs, lr_multiplier=0.01))
        self.register_buffer("w_avg", torch.zeros(shape.w_dim))
        if shape.row_averages:
            self.register_buffer("w_avg_rows", torch.zeros(shape.num_ws, shape.w_dim))

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim)."""
        if self.shape.joint_norm and self.shape.c_dim:
            shares = classes / classes.abs().sum(dim=1, keepdim=True).clamp(min=1e-8)  # a mixture is as loud as a class
            x = normalise(torch.cat([z, self.embed(shares)], dim=1))
        elif self.shape.c_dim:
            x = torch.cat([normalise(z), normalise(self.embed(classes))], dim=1)
        else:
            x = normalise(z)
        for index in range(self.shape.mapping_layers):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), SLOPE) * GAIN
        return x


class Convolution(nn.Module):
    """Modulated 3x3 convolution, noise, bias, leaky ReLU (1912.04958, section 2.2 and figure 2)."""

    noise_strength: Tensor
    noise_const: Tensor

    def __init__(self, shape: StyleGAN2Shape, level: int, up: bool) -> None:
        """Outputs have the level's resolution; with `up`, inputs have half of it."""
        super().__init__()
        inputs, outputs = shape.channels[level - 1 if up else level], shape.channels[level]
        self.index = 2 * level - up  # index of this convolution, from 0, and of its row of ws
        self.height, self.width = shape.resolutions[level]
        self.group = group_of(self.height)
        heights = [shape.resolutions[(index + 1) // 2][0] for index in range(2 * len(shape.channels) - 1)]
        self.begun = begins(heights)[self.index]  # names of the layers (see `bend_names`) that begin here
        self.up, self.clamp, self.taps, self.tiles = up, shape.conv_clamp, shape.taps, shape.tiles
        self.affine = Dense(shape.w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        plane = torch.zeros(shape.const[0] << level, shape.const[1] << level)
        if shape.noise:
            self.noise_strength = nn.Parameter(torch.zeros([]))
        else:  # zeros that no file holds
            self.register_buffer("noise_strength", torch.zeros([]), persistent=False)
        self.register_buffer("noise_const", plane, persistent=shape.noise)

    def noise_plane(self, seed: int = 0) -> Tensor:
        """The noise (height, width) before `noise_strength`: the stored plane, or that of `seed` if it is not 0."""
        if seed:
            return noise_plane(seed, self.index, self.height, self.width, self.noise_const.device)
        return self.noise_const if self.tiles == (1, 1) else self.noise_const.repeat(self.tiles)

    def forward(
        self, x: Tensor, w: Tensor, options: SynthesisOptions = DEFAULT_OPTIONS, cluster: Tensor | None = None
    ) -> Tensor:
        """x (n, inputs, h, w) under style w (n, w_dim); `cluster` (outputs,): the channel groups that bends select."""
        count, inputs, height, width = x.shape
        style = self.affine(w)  # (n, inputs)
        weight = self.weight * style[:, None, :, None, None]  # (n, outputs, inputs, 3, 3)
        weight = weight * (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        x = x.reshape(1, count * inputs, height, width)
        if self.up:
            x = F.conv_transpose2d(x, weight.transpose(1, 2).flatten(0, 1), stride=2, groups=count)  # 2h + 1
            x = smooth(x, self.taps)  # 2h
        else:
            x = F.conv2d(x, weight.flatten(0, 1), padding=1, groups=count)
        x = x.reshape(count, -1, *x.shape[2:])
        x = x + self.noise_plane(options.noise_seed) * (self.noise_strength * options.noise[self.group])
        x = F.leaky_relu(x + self.bias[:, None, None], SLOPE) * GAIN
        x = x if self.clamp is None else x.clamp(-self.clamp, self.clamp)
        return bend(x, options.bends, self.height, cluster, self.begun) if options.bends else x


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to colours, without demodulation (1912.04958, figure 7)."""

    def __init__(self, shape: StyleGAN2Shape, level: int) -> None:
        """From the channels of `level` to 1, 3 or 4 colours."""
        super().__init__()
        inputs = shape.channels[level]
        self.clamp = shape.conv_clamp
        self.affine = Dense(shape.w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(shape.colours, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(shape.colours))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (n, inputs, h, w) -> (n, colours, h, w)."""
        style = self.affine(w) / x.shape[1] ** 0.5
        x = F.conv2d(x * style[:, :, None, None], self.weight) + self.bias[:, None, None]
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class Skip(nn.Module):
    """Skip connection of a residual block: 1x1 convolution and upsampling (1912.04958, figure 7c)."""

    def __init__(self, shape: StyleGAN2Shape, level: int) -> None:
        """From the level below to `level`."""
        super().__init__()
        inputs, outputs = shape.channels[level - 1 : level + 1]
        self.taps = shape.taps
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 1, 1))
        self.weight_gain = 1 / inputs**0.5

    def forward(self, x: Tensor) -> Tensor:
        """x (n, inputs, h, w) -> (n, outputs, 2h, 2w)."""
        return upsample(F.conv2d(x, self.weight * self.weight_gain), self.taps)


class Block(nn.Module):
    """Synthesis block of one resolution: two convolutions (level 0: the constant and one), ToRGB and skip as needed."""

    const: nn.Parameter  # only at level 0
    conv0: Convolution  # not at level 0
    conv1: Convolution
    torgb: ToRGB | None  # "orig" and "resnet": only at the last level
    skip: Skip | None  # "resnet", not at level 0

    def __init__(self, shape: StyleGAN2Shape, level: int) -> None:
        """`level` 0 has the constant input."""
        super().__init__()
        self.level, self.taps, self.tiles = level, shape.picture_taps, shape.tiles
        if level == 0:
            self.const = nn.Parameter(torch.zeros(shape.channels[0], *shape.const))
        else:
            self.conv0 = Convolution(shape, level, up=True)
        self.conv1 = Convolution(shape, level, up=False)
        colours = shape.architecture == "skip" or level == shape.levels - 1
        self.torgb = ToRGB(shape, level) if colours else None
        self.skip = Skip(shape, level) if shape.architecture == "resnet" and level else None

    @property
    def layers(self) -> list[Convolution]:
        return [self.conv0, self.conv1] if self.level else [self.conv1]

    def start(self) -> Tensor:
        """The constant input, tiled: (channels, height, width)."""
        return self.const.repeat(1, *self.tiles)

    def forward(
        self, x: Tensor, picture: Tensor | None, ws: Tensor, options: SynthesisOptions, clusters: Mapping[int, Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """From the activations and the picture (or None) of the level below to those of this level."""
        residual = None if self.skip is None else self.skip(x)
        for layer in self.layers:
            x = layer(x, ws[:, layer.index], options, clusters.get(layer.index))
        if residual is not None:
            x = (x + residual) * HALF_POWER
        if picture is not None:
            picture = upsample(picture, self.taps)
        if self.torgb is not None:
            colours: Tensor = self.torgb(x, ws[:, 2 * self.level + 1])  # the row of the next level's first convolution
            picture = colours if picture is None else picture + colours
        return x, picture


class Synthesis(nn.Module):
    """Synthesis network: ws to picture; blocks b4, b8 ... (as if the constant were 4x4; 1912.04958, section 4.1)."""

    def __init__(self, shape: StyleGAN2Shape) -> None:
        super().__init__()
        self.shape = shape
        for level in range(shape.levels):
            self.add_module(f"b{4 << level}", Block(shape, level))

    def block(self, level: int) -> Block:
        """The block of one level; level 0 has the constant input."""
        block = self.get_submodule(f"b{4 << level}")
        assert isinstance(block, Block)
        return block

    def layers(self) -> list[Convolution]:
        """All convolutions, in order: the i-th takes row i of ws."""
        return [layer for level in range(self.shape.levels) for layer in self.block(level).layers]

    def steps(self, ws: Tensor, options: SynthesisOptions, clusters: Mapping[int, Tensor]) -> Iterator[Tensor | None]:
        """The picture after each block, (n, colours, height, width), about -1..1; None where a block has no colours."""
        x, picture = self.block(0).start().expand(len(ws), -1, -1, -1), None
        for level in range(self.shape.levels):
            x, picture = self.block(level)(x, picture, ws, options, clusters)
            yield picture


class StyleGAN2(StyleNet):
    """StyleGAN2 generator: mapping and synthesis, all parameters zero until weights are loaded."""

    span = (-1.0, 1.0)

    def __init__(self, shape: StyleGAN2Shape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = shape.z_dim, shape.c_dim, shape.w_dim, shape.num_ws
        self.resolution = shape.resolutions[-1]
        self.colours = shape.colours
        self.mapping = MappingNetwork(shape)
        self.synthesis = Synthesis(shape)
        groups = [layer.group for layer in self.synthesis.layers()]
        self.row_groups = (*groups, groups[-1])
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(StyleGAN2Shape.of(info))

    def shape_table(self) -> dict[str, object]:
        return self.shape.table()

    @property
    def w_avg(self) -> Tensor:
        return self.mapping.w_avg

    def averages(self, classes: Tensor) -> Tensor:
        if self.shape.row_averages:
            return self.mapping.w_avg_rows[None, : self.num_ws]  # of a lower network the first
        return self.w_avg[None, None]

    def mapping_state(self) -> list[Tensor]:
        return list(self.mapping.state_dict().values())

    def drop_synthesis(self) -> None:
        self.synthesis.to("meta")

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        w: Tensor = self.mapping(z, classes)
        return w

    def synthesis_steps(self, ws: Tensor, options: SynthesisOptions) -> Iterator[Tensor | None]:
        return self.synthesis.steps(ws, options, self.clusters)

    def lower(self) -> list[StyleNet]:
        if self.shape.architecture != "skip":  # the others have colours at the highest level only
            return []
        return [self._lowest(levels) for levels in range(self.shape.levels - 1, 0, -1)]

    def _lowest(self, levels: int) -> "StyleGAN2":
        """The network of the lowest levels; further rows of ws are not its own."""
        with torch.device("meta"):
            net = StyleGAN2(replace(self.shape, channels=self.shape.channels[:levels]))
        net.mapping, net.clusters = self.mapping, self.clusters
        for level in range(levels):
            ours, block = self.synthesis.block(level), net.synthesis.block(level)
            for name, module in ours.named_children():
                setattr(block, name, module)
            if level == 0:
                block.const = ours.const
        block.torgb = copy.deepcopy(block.torgb)
        return net

    def cost(self) -> float:
        total, low_pass, blur = 0.0, 2 * len(self.shape.taps) ** 2, 2 * len(self.shape.picture_taps) ** 2
        for level, (height, width) in enumerate(self.shape.resolutions):
            block = self.synthesis.block(level)
            for layer in block.layers:  # a transposed convolution is computed at half the size, then filtered
                values = len(layer.weight) * (low_pass + 2 * PER_ACTIVATION if layer.up else PER_ACTIVATION)
                total += (2 * layer.weight.numel() / (4 if layer.up else 1) + values) * height * width
            if block.torgb is not None:
                colours = self.shape.colours * (blur + 2 * PER_ACTIVATION)
                total += (2 * block.torgb.weight.numel() + colours) * height * width
            if block.skip is not None:
                total += (block.skip.weight.numel() / 2 + len(block.skip.weight) * low_pass) * height * width
        return total

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(layer.height, layer) for layer in self.synthesis.layers()]

    def affines(self) -> list[tuple[int, Tensor]]:
        return [(layer.index, layer.affine.weight * layer.affine.weight_gain) for layer in self.synthesis.layers()]


def to_pixels(picture: Tensor, span: tuple[float, float] = (-1.0, 1.0)) -> Tensor:
    """(colours, h, w) with black and white at `span` to uint8 (h, w, 3), clipped.

    Grey is repeated for RGB; RGBA is composited on black. For -1..1 it is x * 127.5 + 128, rounded down.
    """
    black, white = span
    scale = 255 / (white - black)
    levels = (picture * scale + (0.5 - black * scale)).clamp(0, 255)
    if len(picture) == 4:
        levels = levels[:3] * ((picture[3] - black) / (white - black)).clamp(0, 1)
    return levels.to(torch.uint8).expand(3, -1, -1).permute(1, 2, 0).contiguous()
