"""StyleGAN generator of 2019, fully grown.

Karras et al. 2019, "A Style-Based Generator Architecture for Generative Adversarial Networks" (arXiv 1812.04948,
figure 1b and appendix C): after every layer the channels are normalised, then scaled and shifted by a style (AdaIN),
so, unlike in StyleGAN2, weights are the same for every w. Every layer has its own row of w, the first the constant.
Classes are concatenated to z before both are normalised. `stylegan1_shape` has the names of the tensors.
"""

from collections.abc import Iterator, Mapping
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.progressive import ToRGB, doubling_kernel, normalise, shares
from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, PER_ACTIVATION, StyleNet, last_picture
from livegan.networks.architectures.stylegan1_shape import StyleGAN1Shape
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions, group_of

GAIN = 2**0.5  # keeps variance through a leaky ReLU (He et al. 2015)
SLOPE = 0.2  # of the leaky ReLU, below zero
LR_MULTIPLIER = 0.01  # of the mapping network
EPSILON = 1e-8  # of the instance norm


class Dense(nn.Module):
    """Fully connected layer with equalised learning rate: stored weights have unit variance (1710.10196)."""

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0, lr_multiplier: float = 1.0) -> None:
        """`lr_multiplier` scales the stored numbers when they are used."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.weight_gain = gain * lr_multiplier / inputs**0.5
        self.bias_gain = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs) -> (n, outputs)."""
        return torch.addmm(self.bias, x, self.weight.t(), beta=self.bias_gain, alpha=self.weight_gain)


class LabelEmbedding(nn.Module):
    """A vector as long as z for each class."""

    def __init__(self, classes: int, z_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, z_dim))

    def forward(self, classes: Tensor) -> Tensor:
        """Class weights (n, c_dim) to the mean of their vectors (n, z_dim)."""
        return shares(classes) @ self.weight


class MappingNetwork(nn.Module):
    """Mapping network: z and a class vector to w (1812.04948, section 2)."""

    w_avg: Tensor

    def __init__(self, shape: StyleGAN1Shape) -> None:
        """Layers are called fc0, fc1 ...; with classes there is `label` too."""
        super().__init__()
        self.layers, widths = shape.mapping_layers, shape.mapping_widths
        self.label = LabelEmbedding(shape.c_dim, shape.z_dim) if shape.c_dim else None
        for index in range(self.layers):
            self.add_module(f"fc{index}", Dense(widths[index], widths[index + 1], GAIN, LR_MULTIPLIER))
        self.register_buffer("w_avg", torch.zeros(shape.w_dim))

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        """z (n, z_dim) and classes (n, c_dim) to w (n, w_dim)."""
        x = normalise(z if self.label is None else torch.cat([z, self.label(classes)], dim=1))
        for index in range(self.layers):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), SLOPE)
        return x


class Layer(nn.Module):
    """The constant or a 3x3 convolution, then noise, bias, leaky ReLU, AdaIN (1812.04948, figure 1b)."""

    noise_const: Tensor

    def __init__(self, shape: StyleGAN1Shape, index: int) -> None:
        """`index`: of the layer, from 0 (the constant), and of its row of ws. Those of even index double the side."""
        super().__init__()
        level = index // 2
        outputs = shape.channels[level]
        self.index, self.side, self.group = index, shape.sides[level], group_of(shape.sides[level])
        self.begun = begins([side for side in shape.sides for _ in range(2)])[index]  # layers that begin here
        self.up = index > 0 and index % 2 == 0
        self.fused = shape.fused_from is not None and self.side >= shape.fused_from
        if index == 0:
            self.const = nn.Parameter(torch.zeros(outputs, 4, 4))
        else:
            self.weight = nn.Parameter(torch.zeros(outputs, shape.channels[level - 1 if self.up else level], 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros(outputs))
        self.affine = Dense(shape.w_dim, 2 * outputs)
        self.register_buffer("noise_const", torch.zeros(self.side, self.side))

    def kernel(self) -> Tensor:
        """The weights as they act: (outputs, inputs, 3, 3), or `doubling_kernel`."""
        weight = self.weight * (GAIN / self.weight[0].numel() ** 0.5)
        return doubling_kernel(weight, self.fused) if self.up else weight

    def forward(
        self, x: Tensor | None, w: Tensor, options: SynthesisOptions, kernel: Tensor | None, cluster: Tensor | None
    ) -> Tensor:
        """x (n, inputs, h, w) under style w (n, w_dim) to (n, outputs, side, side); the constant takes no x.

        `kernel` is that of `kernel()`; in its precision everything but the style is computed. `cluster` (outputs,): the
        channel groups that bends select.
        """
        if x is None or kernel is None:
            x = (self.const + self.bias[:, None, None])[None].contiguous(memory_format=torch.channels_last)
        elif self.up:
            x = blur(F.conv_transpose2d(x.to(kernel.dtype), kernel, stride=2, padding=1), self.bias)
        else:
            x = F.conv2d(x.to(kernel.dtype), kernel, self.bias, padding=1)
        gain = options.noise[self.group]
        if gain:
            seed = options.noise_seed
            plane = noise_plane(seed, self.index, self.side, self.side, x.device) if seed else self.noise_const
            x.addcmul_(plane.to(x.dtype), (self.noise_strength * gain)[:, None, None])
        x = adapt(F.leaky_relu_(x, SLOPE).expand(len(w), -1, -1, -1), self.affine(w))
        return bend(x, options.bends, self.side, cluster, self.begun) if options.bends else x


def blur(x: Tensor, bias: Tensor) -> Tensor:
    """(n, c, h, w) through the low-pass [1, 2, 1] down and across, zeros around it, and plus a bias (c,)."""
    line = torch.tensor([0.25, 0.5, 0.25], device=x.device, dtype=x.dtype)
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, bias, padding=1, groups=x.shape[1])


def adapt(x: Tensor, style: Tensor) -> Tensor:
    """Each channel of x (n, c, h, w) to mean 0 and variance 1, then times 1 + the first c of `style`, plus the others.

    `style` (n, 2c): AdaIN, 1812.04948, equation 1.
    """
    count, channels, height, width = x.shape
    scale, shift = style.chunk(2, dim=1)
    rows = x.reshape(1, count * channels, height, width)  # a batch norm of one picture is an instance norm, and fast
    rows = F.batch_norm(rows, None, None, (scale + 1).flatten(), shift.flatten(), training=True, eps=EPSILON)
    return rows.view(x.shape) if count > 1 else rows


class Synthesis(nn.Module):
    """Synthesis network: ws to picture; blocks b4, b8 ... of two layers, and one ToRGB."""

    def __init__(self, shape: StyleGAN1Shape) -> None:
        super().__init__()
        for level, side in enumerate(shape.sides):
            layers = {f"conv{part}": Layer(shape, 2 * level + part) for part in range(2)}
            self.add_module(f"b{side}", nn.ModuleDict(layers))
        self.torgb = ToRGB(shape.channels[-1], shape.colours)


class StyleGAN1(StyleNet):
    """StyleGAN generator of 2019: mapping and synthesis, all parameters zero until weights are loaded."""

    span = (-1.0, 1.0)

    def __init__(self, shape: StyleGAN1Shape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = shape.z_dim, shape.c_dim, shape.w_dim, shape.num_ws
        self.resolution, self.colours = (shape.sides[-1],) * 2, shape.colours
        self.mapping = MappingNetwork(shape)
        self.synthesis = Synthesis(shape)
        self.row_groups = tuple(layer.group for layer in self.layers.values())
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(StyleGAN1Shape.of(info))

    @property
    def w_avg(self) -> Tensor:
        return self.mapping.w_avg

    @property
    def layers(self) -> dict[str, Layer]:
        """All layers but the ToRGB, in order, by name."""
        modules = self.synthesis.named_modules(prefix="synthesis")
        return {name: module for name, module in modules if isinstance(module, Layer)}

    def mapping_state(self) -> list[Tensor]:
        return list(self.mapping.state_dict().values())

    def drop_synthesis(self) -> None:
        self.synthesis.to("meta")

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        w: Tensor = self.mapping(z, classes)
        return w

    def kernels(self) -> dict[str, Tensor]:
        """The weights of every convolution as they act, by the names they have in the state dict."""
        layers: dict[str, Layer | ToRGB] = {name: layer for name, layer in self.layers.items() if layer.index}
        layers["synthesis.torgb"] = self.synthesis.torgb
        return {f"{name}.weight": layer.kernel() for name, layer in layers.items()}

    def synthesize(
        self, ws: Tensor, options: SynthesisOptions = DEFAULT_OPTIONS, kernels: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, colours, side, side), about -1..1.

        `kernels`: precomputed `kernels()`.
        """
        return last_picture(self.synthesis_steps(ws, options, kernels))

    def synthesis_steps(
        self, ws: Tensor, options: SynthesisOptions, kernels: Mapping[str, Tensor] | None = None
    ) -> Iterator[Tensor | None]:
        kernels = self.kernels() if kernels is None else kernels
        x: Tensor | None = None
        for name, layer in self.layers.items():
            index = layer.index
            x = layer(x, ws[:, index], options, kernels.get(f"{name}.weight"), self.clusters.get(index))
            yield None
        yield self.synthesis.torgb(x, kernels["synthesis.torgb.weight"])

    def cost(self) -> float:
        total = 0.0
        for layer in self.layers.values():  # a transposed convolution is computed at half the size, with 4x4 weights
            weights = 0.0 if layer.index == 0 else layer.weight.numel() * (4 / 9 if layer.up else 1)
            total += (2 * weights + PER_ACTIVATION * (2 if layer.up else 1) * len(layer.bias)) * layer.side**2
        return total + (2 * self.synthesis.torgb.weight.numel() + PER_ACTIVATION * self.colours) * layer.side**2

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(layer.side, layer) for layer in self.layers.values()]

    def affines(self) -> list[tuple[int, Tensor]]:
        """For each layer its row of ws, and its style weights (2 outputs, w_dim): factors, then offsets."""
        return [(layer.index, layer.affine.weight * layer.affine.weight_gain) for layer in self.layers.values()]
