"""FastGAN generator: Liu et al. 2021, "Towards Faster and Stabilized GAN Training" (arXiv 2101.04775), figure 3.

Also the forms of it that Projected GAN trains (Sauer et al. 2021, arXiv 2111.01007): light, and with classes. Spectral
norm and batch norm are part of the weights here, as `importers.fastgan` folds them. There is no mapping network: w is z
itself, beside it the embedding of the class, and psi scales z alone. The second of its two rows makes the features
from which the skip-layer excitations are computed: it carries the style (section 3.1 and figure 8).
`fastgan_shape` defines the JSON of such a network.
"""

from collections.abc import Iterator, Sequence
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.networks.architectures.fastgan_shape import EXCITED, EXCITED_BY, NUM_WS, FastGANShape
from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, PER_ACTIVATION, StyleNet, last_picture
from livegan.networks.architectures.stylegan2 import normalise
from livegan.networks.bend_names import begins
from livegan.networks.bending import bend
from livegan.networks.info import NetworkInfo
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions, group_of

POOLED_PX = 4  # to which the features that excite others are averaged


class Affine(nn.Module):
    """Fully connected layer from the embedding of a class to a number for each channel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, embedding: Tensor) -> Tensor:
        """(n, inputs) to (n, outputs, 1, 1)."""
        return F.linear(embedding, self.weight, self.bias)[:, :, None, None]


class First(nn.Module):
    """Transposed convolution of z to 4x4 px, batch norm in its weights, and a gated linear unit (1612.08083)."""

    def __init__(self, shape: FastGANShape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape.z_dim, 2 * shape.channels[0], 4, 4))
        self.bias = nn.Parameter(torch.zeros(2 * shape.channels[0]))

    def forward(self, z: Tensor) -> Tensor:
        """z (n, z_dim) to (n, channels, 4, 4)."""
        x = F.conv_transpose2d(z[:, :, None, None], self.weight, self.bias)
        return F.glu(x.contiguous(memory_format=torch.channels_last), dim=1)  # and so all activations


class Convolution(nn.Module):
    """3x3 convolution, noise, batch norm in its weights or of the class, and a gated linear unit."""

    def __init__(self, shape: FastGANShape, level: int, number: int, index: int) -> None:
        """`number` within its level; `index` from 0 in the network. The first of a level doubles the resolution."""
        super().__init__()
        outputs, noisy = shape.channels[level], shape.convolutions[level - 1] == 2
        inputs = outputs if number else shape.channels[level - 1]
        self.side, self.up, self.index = shape.sides[level], number == 0, index
        self.weight = nn.Parameter(torch.zeros(2 * outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(2 * outputs))
        self.noise_strength = nn.Parameter(torch.zeros(2 * outputs)) if noisy else None
        self.gain = Affine(shape.z_dim, 2 * outputs) if shape.c_dim else None
        self.shift = Affine(shape.z_dim, 2 * outputs) if shape.c_dim else None

    def forward(
        self, x: Tensor, embedding: Tensor, options: SynthesisOptions, plane: Tensor | None, kernel: Tensor | None
    ) -> Tensor:
        """x (n, inputs, h, w) to (n, outputs, h, w), or twice as large, in the type of the weights.

        `plane`: noise (h, w) instead of the seed's.
        `kernel`: `progressive.doubling_kernel` of the weights, which doubles and convolves in one.
        """
        x = x.to(self.weight.dtype)
        if kernel is not None:
            x = F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)
        else:
            x = F.interpolate(x, scale_factor=2, mode="nearest") if self.up else x
            x = F.conv2d(x, self.weight, self.bias, padding=1)
        gain = options.noise[group_of(self.side)]
        if self.noise_strength is not None and (gain or plane is not None):
            if plane is None:
                plane = noise_plane(options.noise_seed, self.index, self.side, self.side, x.device) * gain
            x.addcmul_(plane.to(x), self.noise_strength[:, None, None])
        if self.gain is not None and self.shift is not None:
            x = torch.addcmul(self.shift(embedding).to(x), x, self.gain(embedding).to(x))
        return F.glu(x, dim=1)


class Excitation(nn.Module):
    """Skip-layer excitation: a factor for each channel from the features of a lower level (2101.04775, section 3.1)."""

    def __init__(self, shape: FastGANShape, level: int) -> None:
        super().__init__()
        inputs, outputs = shape.channels[level - EXCITED_BY], shape.channels[level]
        self.conv0 = nn.Conv2d(inputs, outputs, POOLED_PX, bias=False)
        self.conv1 = nn.Conv2d(outputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x (n, inputs, h, w) to factors (n, outputs, 1, 1), 0..1."""
        factors: Tensor = self.conv1(F.silu(self.conv0(F.adaptive_avg_pool2d(x.to(self.conv0.weight), POOLED_PX))))
        return factors.sigmoid()


class Block(nn.Module):
    """Synthesis block of one resolution: one convolution, or two with noise, and the excitation from 64 px on."""

    def __init__(self, shape: FastGANShape, level: int, first: int) -> None:
        """`first` is the index of its first convolution in the network."""
        super().__init__()
        for number in range(shape.convolutions[level - 1]):
            self.add_module(f"conv{number}", Convolution(shape, level, number, first + number))
        self.excitation = Excitation(shape, level) if level in shape.excited else None

    @property
    def layers(self) -> list[Convolution]:
        return [layer for layer in self.children() if isinstance(layer, Convolution)]


class FastGAN(StyleNet):
    """FastGAN generator, all parameters zero until weights are loaded."""

    span = (-1.0, 1.0)
    w_is_z = True

    def __init__(self, shape: FastGANShape) -> None:
        """For inference: no parameter requires a gradient."""
        super().__init__()
        self.shape = shape
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = shape.z_dim, shape.c_dim, shape.w_dim, NUM_WS
        self.resolution, self.colours = (shape.sides[-1],) * 2, shape.colours
        self.row_groups = (0, 2)
        if shape.c_dim:
            self.embed = nn.Embedding(shape.c_dim, shape.z_dim)
        self.init = First(shape)
        index = 1
        for level, count in enumerate(shape.convolutions, 1):
            self.add_module(f"b{shape.sides[level]}", Block(shape, level, index))
            index += count
        self.torgb = nn.Conv2d(shape.channels[-1], shape.colours, 3, padding=1)
        self._begun = begins([side for side, _ in self.convolutions()])
        self.requires_grad_(False)

    @classmethod
    def from_info(cls, info: NetworkInfo) -> Self:
        return cls(FastGANShape.of(info))

    @property
    def blocks(self) -> list[Block]:
        """The blocks, from 8 px up."""
        return [block for block in self.children() if isinstance(block, Block)]

    @property
    def layers(self) -> list[Convolution]:
        """The 3x3 convolutions in order; the i-th has index i + 1, for `init` has 0."""
        return [layer for block in self.blocks for layer in block.layers]

    @property
    def w_avg(self) -> Tensor:
        """Zeros for z, and the mean of the embeddings."""
        return self.averages(self.init.bias.new_zeros(1, self.c_dim))[0, 0]

    def averages(self, classes: Tensor) -> Tensor:
        """Zeros for z, and the embedding of these classes: psi scales z."""
        return self._beside(classes, self.init.bias.new_zeros(len(classes), self.z_dim))[:, None]

    def mapping_state(self) -> list[Tensor]:
        return [self.embed.weight] if self.c_dim else []

    def drop_synthesis(self) -> None:
        """Frees all but the embedding and the bias of `init`, from which it knows where it is."""
        for module in (*self.blocks, self.torgb):
            module.to("meta")
        self.init.weight = nn.Parameter(self.init.weight.to("meta"), requires_grad=False)

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        """w is z, in Projected GAN's networks scaled to a mean square of 1, and beside it the embedding of the classes.

        Of several classes it is their mean by weight; where all weights are 0, all count alike.
        """
        return self._beside(classes, normalise(z) if self.shape.normalised else z)

    def _beside(self, classes: Tensor, z: Tensor) -> Tensor:
        if not self.c_dim:
            return z
        total = classes.sum(dim=1, keepdim=True)
        shares = torch.where(total == 0, torch.full_like(classes, 1 / self.c_dim), classes / total)
        return torch.cat([z, shares.to(z) @ self.embed.weight], dim=1)

    def synthesize(
        self,
        ws: Tensor,
        options: SynthesisOptions = DEFAULT_OPTIONS,
        planes: Sequence[Tensor] | None = None,
        kernels: Sequence[Tensor | None] | None = None,
    ) -> Tensor:
        """ws (n, num_ws, w_dim) to pictures (n, colours, side, side), about -1..1.

        `planes`: noise (side, side) of each convolution that has noise, in order, instead of those of the seed.
        `kernels`: for each of `layers` the kernel that doubles and convolves in one, or None.
        """
        return last_picture(self.synthesis_steps(ws, options, planes, kernels))

    def synthesis_steps(
        self,
        ws: Tensor,
        options: SynthesisOptions,
        planes: Sequence[Tensor] | None = None,
        kernels: Sequence[Tensor | None] | None = None,
    ) -> Iterator[Tensor | None]:
        given = None if planes is None else iter(planes)
        count = len(ws)
        mixed = len(self.shape.channels) > EXCITED.start and not torch.equal(ws[:, 0], ws[:, 1])
        w = torch.cat([ws[:, 0], ws[:, 1]]) if mixed else ws[:, 0]  # (n or 2n, w_dim)
        x: Tensor = self.init(w[:, : self.z_dim])
        x = self._bent(x, options, 0)
        features = [x]  # of the levels from 4 px that excite others
        yield None
        for level, block in enumerate(self.blocks, 1):
            if mixed and level == EXCITED.start:
                x, w = x[:count], w[:count]
            for layer in block.layers:
                plane = next(given) if given is not None and layer.noise_strength is not None else None
                kernel = None if kernels is None else kernels[layer.index - 1]
                x = self._bent(layer(x, w[:, self.z_dim :], options, plane, kernel), options, layer.index)
            if block.excitation is not None:
                x = x * block.excitation(features[level - EXCITED_BY][-count:]).to(x)
            if level < EXCITED.stop - EXCITED_BY:
                features.append(x)
            yield None
        picture: Tensor = self.torgb(x.to(self.torgb.weight))
        yield picture.tanh() if self.shape.tanh else picture

    def _bent(self, x: Tensor, options: SynthesisOptions, index: int) -> Tensor:
        if not options.bends:
            return x
        return bend(x, options.bends, x.shape[2], self.clusters.get(index), self._begun[index])

    def cost(self) -> float:
        total = 0.0
        for layer in self.layers:
            total += (2 * layer.weight[0].numel() + PER_ACTIVATION) * len(layer.weight) * layer.side**2
        return total + (2 * self.torgb.weight.numel() + self.colours * PER_ACTIVATION) * self.resolution[0] ** 2

    def convolutions(self) -> list[tuple[int, nn.Module]]:
        return [(4, self.init), *((layer.side, layer) for layer in self.layers)]

    def affines(self) -> list[tuple[int, Tensor]]:
        """The weights of the first convolution (outputs, w_dim); of the others the gains and shifts of the class."""
        first = self.init.weight.flatten(1).T
        found = [(0, F.pad(first, (0, self.w_dim - self.z_dim)))]
        for layer in self.layers:
            parts: list[Tensor] = [affine.weight for affine in (layer.gain, layer.shift) if affine is not None]
            weight = F.pad(torch.cat(parts), (self.z_dim, 0)) if parts else first.new_zeros(0, self.w_dim)
            found.append((0, weight))
        return found
