"""The StyleGAN2 generator, whole, top to bottom, as the papers tell it.

Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN" (arXiv 1912.04958), and Karras et al. 2020,
"Training Generative Adversarial Networks with Limited Data" (arXiv 2006.06676). Skip architecture, any power-of-two
size. Parameters have the names of the public torch layout, so converted networks load. This is the plain, slow
forward; `stylegan2_cpu` and `stylegan2_gpu` draw the same picture quickly.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import NetworkError
from livegan.generators.info import NetworkInfo

GAIN = 2**0.5  # keeps variance through a leaky ReLU
SLOPE = 0.2  # of the leaky ReLU, below zero


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers that fix every tensor of a network."""

    z_dim: int
    w_dim: int
    channels: tuple[int, ...]  # per resolution, from 4 px up
    c_dim: int = 0
    mapping_layers: int = 8
    conv_clamp: float | None = None  # activations are kept within +- this

    @property
    def resolutions(self) -> tuple[int, ...]:
        """4, 8, 16 ... up to the picture's side [px]."""
        return tuple(4 << level for level in range(len(self.channels)))

    @property
    def num_ws(self) -> int:
        """Rows of w: one per convolution and one for the last ToRGB, 2 log2(side) - 2."""
        return 2 * len(self.channels)

    @classmethod
    def of(cls, info: NetworkInfo) -> "Shape":
        """The shape that a network's JSON describes; NetworkError if it describes none."""
        known = {"channels", "mapping_layers", "conv_clamp", "architecture"}
        unknown = sorted(set(info.shape) - known)
        channels = info.shape.get("channels")
        if unknown or info.shape.get("architecture", "skip") != "skip":
            raise NetworkError(
                f"{info.path}: a stylegan2 'shape' cannot have {unknown or info.shape['architecture']!r}"
            )
        if not (isinstance(channels, list) and channels and all(_whole(count) for count in channels)):
            raise NetworkError(f"{info.path}: 'shape.channels' must list the channels of each resolution from 4 px up")
        layers, clamp = info.shape.get("mapping_layers", 8), info.shape.get("conv_clamp")
        if not _whole(layers) or not (clamp is None or isinstance(clamp, int | float)) or not _whole(info.w_dim):
            raise NetworkError(
                f"{info.path}: 'w_dim', 'shape.mapping_layers' and 'shape.conv_clamp' must be numbers above 0"
            )
        shape = cls(info.z_dim, info.w_dim, tuple(channels), info.c_dim, layers, clamp)
        if info.resolution != (shape.resolutions[-1],) * 2:
            side = shape.resolutions[-1]
            raise NetworkError(f"{info.path}: {len(channels)} channels make {side}x{side} px, not {info.resolution}")
        return shape


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def normalise(x: Tensor) -> Tensor:
    """Each row scaled to a mean square of 1 (Karras 2018, section 4.2)."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def blur_kernel() -> Tensor:
    """The (4, 4) low-pass [1, 3, 3, 1] x [1, 3, 3, 1], summing to 1 (1912.04958, appendix B)."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return torch.outer(taps, taps) / 64


def upsample(picture: Tensor) -> Tensor:
    """(n, c, h, w) to twice the size: zeros between the pixels, then the low-pass."""
    kernel = (blur_kernel() * 4).to(picture).expand(picture.shape[1], 1, 4, 4)
    return F.conv_transpose2d(picture, kernel, stride=2, padding=1, groups=picture.shape[1])


class Dense(nn.Module):
    """A fully connected layer whose stored weights have unit variance ("equalised learning rate", 1710.10196)."""

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


class Mapping(nn.Module):
    """z and a class vector in, w out (1812.04948, section 2; classes as in 2006.06676)."""

    w_avg: Tensor

    def __init__(self, shape: Shape) -> None:
        """Layers are called fc0, fc1 ...; with classes there is `embed` too."""
        super().__init__()
        self.shape = shape
        if shape.c_dim:
            self.embed = Dense(shape.c_dim, shape.w_dim)
        wide = shape.z_dim + (shape.w_dim if shape.c_dim else 0)
        for index in range(shape.mapping_layers):
            self.add_module(f"fc{index}", Dense(wide if index == 0 else shape.w_dim, shape.w_dim, lr_multiplier=0.01))
        self.register_buffer("w_avg", torch.zeros(shape.w_dim))

    def forward(self, z: Tensor, classes: Tensor, psi: float | Tensor = 1.0, cutoff: int | None = None) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) to ws (n, num_ws, w_dim).

        psi pulls w towards the average w, in the first `cutoff` rows or in all (1812.04948, appendix B).
        """
        x = normalise(z)
        if self.shape.c_dim:
            x = torch.cat([x, normalise(self.embed(classes))], dim=1)
        for index in range(self.shape.mapping_layers):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), SLOPE) * GAIN
        near = self.w_avg + psi * (x - self.w_avg)
        rows = self.shape.num_ws
        kept = rows if cutoff is None else min(cutoff, rows)
        return torch.stack([near] * kept + [x] * (rows - kept), dim=1)


class Convolution(nn.Module):
    """A modulated 3x3 convolution, noise, bias, leaky ReLU (1912.04958, section 2.2 and figure 2)."""

    noise_const: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, side: int, up: bool, clamp: float | None) -> None:
        """Gives pictures of `side` px; with `up` it takes half of that."""
        super().__init__()
        self.up = up
        self.clamp = clamp
        self.affine = Dense(w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.zeros(side, side))

    def forward(self, x: Tensor, w: Tensor, noise: float | Tensor = 1.0) -> Tensor:
        """x (n, inputs, h, w) under style w (n, w_dim); `noise` is the gain of the stored noise plane."""
        count, inputs, height, width = x.shape
        style = self.affine(w)  # (n, inputs)
        weight = self.weight * style[:, None, :, None, None]  # (n, outputs, inputs, 3, 3)
        weight = weight * (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        x = x.reshape(1, count * inputs, height, width)
        if self.up:
            kernels = weight.transpose(1, 2).flatten(0, 1)
            x = F.conv_transpose2d(x, kernels, stride=2, groups=count)  # 2h + 1
            blur = (blur_kernel() * 4).to(x).expand(x.shape[1], 1, 4, 4)
            x = F.conv2d(x, blur, padding=1, groups=x.shape[1])  # 2h
        else:
            x = F.conv2d(x, weight.flatten(0, 1), padding=1, groups=count)
        x = x.reshape(count, -1, *x.shape[2:])
        x = x + self.noise_const * (self.noise_strength * noise)
        x = F.leaky_relu(x + self.bias[:, None, None], SLOPE) * GAIN
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class ToRGB(nn.Module):
    """A modulated 1x1 convolution to three channels, without demodulation (1912.04958, figure 7)."""

    def __init__(self, inputs: int, w_dim: int, clamp: float | None) -> None:
        """From `inputs` channels to red, green, blue."""
        super().__init__()
        self.clamp = clamp
        self.affine = Dense(w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x (n, inputs, h, w) -> (n, 3, h, w)."""
        style = self.affine(w) / x.shape[1] ** 0.5
        x = F.conv2d(x * style[:, :, None, None], self.weight) + self.bias[:, None, None]
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class Block(nn.Module):
    """One resolution: two convolutions (at 4 px a constant and one) and a ToRGB."""

    def __init__(self, shape: Shape, level: int) -> None:
        """`level` 0 is 4 px."""
        super().__init__()
        side, outputs, clamp = shape.resolutions[level], shape.channels[level], shape.conv_clamp
        if level == 0:
            self.const = nn.Parameter(torch.zeros(outputs, side, side))
        else:
            self.conv0 = Convolution(shape.channels[level - 1], outputs, shape.w_dim, side, True, clamp)
        self.conv1 = Convolution(outputs, outputs, shape.w_dim, side, False, clamp)
        self.torgb = ToRGB(outputs, shape.w_dim, clamp)


class Synthesis(nn.Module):
    """ws in, picture out: blocks b4, b8 ... whose RGB outputs are upsampled and summed (1912.04958, section 4.1)."""

    def __init__(self, shape: Shape) -> None:
        """Blocks are called by their side in pixels."""
        super().__init__()
        self.shape = shape
        for level, side in enumerate(shape.resolutions):
            self.add_module(f"b{side}", Block(shape, level))

    def block(self, level: int) -> Block:
        """The block of one level, 0 is 4 px."""
        block = self.get_submodule(f"b{self.shape.resolutions[level]}")
        assert isinstance(block, Block)
        return block

    def forward(self, ws: Tensor, noise: float | Tensor = 1.0) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, 3, side, side), about -1..1; `noise` is the gain of the noise."""
        first = self.block(0)
        x = first.conv1(first.const.expand(len(ws), -1, -1, -1), ws[:, 0], noise)
        picture: Tensor = first.torgb(x, ws[:, 1])
        for level in range(1, len(self.shape.channels)):
            block = self.block(level)
            x = block.conv0(x, ws[:, 2 * level - 1], noise)
            x = block.conv1(x, ws[:, 2 * level], noise)
            picture = upsample(picture) + block.torgb(x, ws[:, 2 * level + 1])
        return picture


class Network(nn.Module):
    """Mapping and synthesis, with all parameters zero until weights are loaded."""

    def __init__(self, shape: Shape) -> None:
        """For use, not for training: no parameter asks for a gradient."""
        super().__init__()
        self.shape = shape
        self.mapping = Mapping(shape)
        self.synthesis = Synthesis(shape)
        self.requires_grad_(False)

    def forward(
        self,
        z: Tensor,
        classes: Tensor,
        psi: float | Tensor = 1.0,
        cutoff: int | None = None,
        noise: float | Tensor = 1.0,
    ) -> Tensor:
        """Pictures (n, 3, side, side), about -1..1."""
        picture: Tensor = self.synthesis(self.mapping(z, classes, psi, cutoff), noise)
        return picture


def to_pixels(picture: Tensor) -> Tensor:
    """(3, h, w), -1..1, to uint8 (h, w, 3): x 127.5 + 128, cut at 0 and 255."""
    return (picture * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()
