"""Progressive GAN generator, fully grown.

Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation" (arXiv 1710.10196,
appendix A and table 2): z and a one-hot class, normalised together, become a 4 px plane; every level doubles it; each
pixel is normalised after every layer. There is no noise, no mapping network and no truncation: w is the normalised
z and class, one row for all layers, and psi makes its z part shorter, from where pictures become alike.
`progressive_shape` has the names of the tensors.
"""

from collections.abc import Iterator, Mapping
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.progressive_shape import ProgressiveShape
from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, PER_ACTIVATION, StyleNet, last_picture
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.synthesis_options import SynthesisOptions

GAIN = 2**0.5  # keeps variance through a leaky ReLU (He et al. 2015)
SLOPE = 0.2  # of the leaky ReLU, below zero


def normalise(x: Tensor) -> Tensor:
    """Each row, or the channels of each pixel, scaled to a mean square of 1 (1710.10196, section 4.2)."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def shares(classes: Tensor) -> Tensor:
    """Class weights (n, c_dim) scaled to a sum of 1, so that a mixture is no louder than one class; zeros stay."""
    return classes / classes.abs().sum(dim=1, keepdim=True).clamp(min=1e-8)


def doubling_kernel(weight: Tensor, fused: bool) -> Tensor:
    """Kernel (inputs, outputs, 4, 4) of the transposed convolution, stride 2, padding 1, of 3x3 weights that double.

    Fused: weights laid at four places. Otherwise nearest neighbours are doubled and then convolved, which is the same
    with mirrored weights.
    """
    laid = F.pad(weight if fused else weight.flip(2, 3), (1, 1, 1, 1))
    kernel = laid[:, :, 1:, 1:] + laid[:, :, :-1, 1:] + laid[:, :, 1:, :-1] + laid[:, :, :-1, :-1]
    return kernel.transpose(0, 1)


class Dense(nn.Module):
    """Fully connected layer from w to the 4 px plane; stored weights have unit variance (1710.10196, section 4.1)."""

    side = 4

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(16 * channels, inputs))
        self.bias = nn.Parameter(torch.zeros(channels))

    def kernel(self) -> Tensor:
        """The weights as they act, (16 channels, inputs)."""
        weight: Tensor = self.weight * (GAIN / 4 / self.weight.shape[1] ** 0.5)
        return weight

    def forward(self, w: Tensor, kernel: Tensor) -> Tensor:
        """w (n, inputs) to (n, channels, 4, 4)."""
        x = F.linear(w, kernel).view(len(w), -1, 4, 4).contiguous(memory_format=torch.channels_last)
        return normalise(F.leaky_relu(x + self.bias[:, None, None], SLOPE))


class Convolution(nn.Module):
    """3x3 convolution, leaky ReLU, pixel norm; `up` doubles the side."""

    def __init__(self, inputs: int, outputs: int, side: int, up: bool = False, fused: bool = True) -> None:
        """`side`: of its outputs [px]."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.side, self.up, self.fused = side, up, fused

    def kernel(self) -> Tensor:
        """The weights as they act: (outputs, inputs, 3, 3), or `doubling_kernel`."""
        weight = self.weight * (GAIN / self.weight[0].numel() ** 0.5)
        return doubling_kernel(weight, self.fused) if self.up else weight

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        """x (n, inputs, h, w) to (n, outputs, side, side), in the precision of the kernel."""
        x = x.to(kernel.dtype)
        if self.up:
            x = F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)
        else:
            x = F.conv2d(x, kernel, self.bias, padding=1)
        return normalise(F.leaky_relu_(x, SLOPE))


class ToRGB(nn.Module):
    """1x1 convolution to colours."""

    def __init__(self, inputs: int, colours: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(colours, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(colours))

    def kernel(self) -> Tensor:
        """The weights as they act, (colours, inputs, 1, 1)."""
        weight: Tensor = self.weight / self.weight.shape[1] ** 0.5
        return weight

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, colours, h, w)."""
        return F.conv2d(x.to(kernel.dtype), kernel, self.bias)


class Synthesis(nn.Module):
    """Synthesis network: w to picture; blocks b4, b8 ... and one ToRGB."""

    def __init__(self, shape: ProgressiveShape) -> None:
        super().__init__()
        first = shape.channels[0]
        self.b4 = nn.ModuleDict({"dense": Dense(shape.w_dim, first), "conv": Convolution(first, first, 4)})
        for level, outputs in enumerate(shape.channels[1:], 1):
            side, inputs = 4 << level, shape.channels[level - 1]
            doubling = Convolution(inputs, outputs, side, up=True, fused=shape.fused)
            self.add_module(
                f"b{side}", nn.ModuleDict({"conv0": doubling, "conv1": Convolution(outputs, outputs, side)})
            )
        self.torgb = ToRGB(shape.channels[-1], shape.colours)


class ProgressiveGAN(StyleNet):
    """Progressive GAN generator, all parameters zero until weights are loaded."""

    span = (-1.0, 1.0)
    w_is_z = True
    num_ws, row_groups = 1, (0,)

    def __init__(self, shape: ProgressiveShape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim, self.c_dim, self.w_dim = shape.z_dim, shape.c_dim, shape.w_dim
        self.resolution, self.colours = (shape.sides[-1],) * 2, shape.colours
        self._begun = begins([side for side in shape.sides for _ in range(2)])
        self.synthesis = Synthesis(shape)
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(ProgressiveShape.of(info))

    @property
    def w_avg(self) -> Tensor:
        """Where psi 0 leads with all classes alike, (w_dim,), on the CPU: zeros without classes."""
        return self.averages(torch.ones(1, self.c_dim))[0, 0]

    def averages(self, classes: Tensor) -> Tensor:
        """No z, and the class as loud as beside a z of mean length."""
        weights = shares(classes)
        loudness = (self.z_dim + weights.square().sum(dim=1, keepdim=True)) / self.w_dim  # mean square of z and class
        return F.pad(weights * loudness.rsqrt(), (self.z_dim, 0))[:, None]

    def mapping_state(self) -> list[Tensor]:
        return []

    def drop_synthesis(self) -> None:
        self.synthesis.to("meta")

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) side by side, of a mean square of 1."""
        return normalise(torch.cat([z, shares(classes)], dim=1))

    @property
    def layers(self) -> dict[str, "Dense | Convolution"]:
        """All layers but the ToRGB, in order, by name."""
        modules = self.synthesis.named_modules(prefix="synthesis")
        return {name: module for name, module in modules if isinstance(module, Dense | Convolution)}

    def kernels(self) -> dict[str, Tensor]:
        """The weights of every layer as they act, by the names they have in the state dict."""
        layers = {**self.layers, "synthesis.torgb": self.synthesis.torgb}
        return {f"{name}.weight": layer.kernel() for name, layer in layers.items()}

    def synthesize(
        self, ws: Tensor, options: SynthesisOptions = DEFAULT_OPTIONS, kernels: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """ws (n, 1, w_dim) to pictures (n, colours, side, side), about -1..1; `kernels`: precomputed `kernels()`."""
        return last_picture(self.synthesis_steps(ws, options, kernels))

    def synthesis_steps(
        self, ws: Tensor, options: SynthesisOptions, kernels: Mapping[str, Tensor] | None = None
    ) -> Iterator[Tensor | None]:
        kernels = self.kernels() if kernels is None else kernels
        x = ws[:, 0]
        for index, (name, layer) in enumerate(self.layers.items()):
            x = layer(x, kernels[f"{name}.weight"])
            if options.bends:
                x = bend(x, options.bends, layer.side, self.clusters.get(index), self._begun[index])
            yield None
        yield self.synthesis.torgb(x, kernels["synthesis.torgb.weight"])

    def cost(self) -> float:
        total = 0.0
        for layer in self.layers.values():  # a transposed convolution is computed at half the size, with 4x4 weights
            count = 1 / 16 if isinstance(layer, Dense) else 4 / 9 if layer.up else 1
            total += (2 * count * layer.weight.numel() + PER_ACTIVATION * len(layer.bias)) * layer.side**2
        return total + (2 * self.synthesis.torgb.weight.numel() + PER_ACTIVATION * self.colours) * layer.side**2

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(layer.side, layer) for layer in self.layers.values()]

    def affines(self) -> list[tuple[int, Tensor]]:
        """The first layer reads w; for the others zeros, (inputs, w_dim)."""
        first, *others = self.layers.values()
        zeros = [first.bias.new_zeros(layer.weight.shape[1], self.w_dim) for layer in others]
        return [(0, style) for style in (first.kernel(), *zeros)]
