"""StyleGAN2 discriminator: residual, with minibatch standard deviation and class projection.

Residual blocks halve the picture down to 4 px (1912.04958, figure 7c; 2006.06676), then follow minibatch standard
deviation (1710.10196, section 3) and a projection on the class (Miyato and Koyama 2018, 1802.05637).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import GAIN, HALF_POWER, SLOPE, Dense, normalise
from livegan.networks.architectures.stylegan2_shape import TAPS
from livegan.training.generator import blur

GROUP = 4  # pictures of one minibatch standard deviation


def downsample(x: Tensor) -> Tensor:
    """Low-pass and downsample (n, c, h, w) to (n, c, h / 2, w / 2)."""
    return blur(x, TAPS, 1.0, 1)[:, :, ::2, ::2]


def minibatch_stddev(x: Tensor, group: int = GROUP) -> Tensor:
    """Minibatch standard deviation, (n, 1, h, w) for x (n, c, h, w): one number for each `group` of neighbours.

    A batch that is no multiple has smaller groups, all of one size.
    """
    count = len(x)
    group = next(size for size in range(min(group, count), 0, -1) if count % size == 0)
    groups = x.reshape(-1, group, *x.shape[1:])  # (groups, group, c, h, w)
    deviation: Tensor = (groups.var(dim=1, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    return deviation.repeat_interleave(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])


class ConvLayer(nn.Module):
    """Convolution with equalised learning rate: stored weights have unit variance. Keeps the type of its input."""

    def __init__(self, inputs: int, outputs: int, size: int, bias: bool = True) -> None:
        """`size` of the kernel [px]; with `bias` a leaky ReLU follows."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.gain = 1 / (inputs * size * size) ** 0.5

    def forward(self, x: Tensor, clamp: float | None = None, stride: int = 1) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h, w); with a stride of 2, (n, inputs, h + 1, w + 1) to half of h and w."""
        weight = (self.weight * self.gain).to(x.dtype, memory_format=torch.channels_last)
        padding = self.weight.shape[-1] // 2 if stride == 1 else 0
        x = F.conv2d(x, weight, None if self.bias is None else self.bias.to(x.dtype), stride, padding)
        if self.bias is None:
            return x
        x = F.leaky_relu(x, SLOPE) * GAIN
        return x if clamp is None else x.clamp(-clamp, clamp)


class DownBlock(nn.Module):
    """Residual block that downsamples: (n, inputs, h, w) to (n, outputs, h / 2, w / 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = ConvLayer(inputs, inputs, 3)
        self.conv1 = ConvLayer(inputs, outputs, 3)
        self.skip = ConvLayer(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor, clamp: float | None = None) -> Tensor:
        short = self.skip(downsample(x))
        x = blur(self.conv0(x, clamp), TAPS, 1.0, 2)  # (h + 1, w + 1)
        long: Tensor = self.conv1(x, clamp, stride=2)
        x = (long + short) * HALF_POWER
        return x


class Discriminator(nn.Module):
    """Discriminator: pictures and classes to logits, above zero for real."""

    def __init__(
        self,
        channels: Sequence[int],
        side: int,
        colours: int = 3,
        c_dim: int = 0,
        *,
        dtype: torch.dtype = torch.float32,
        clamp: float | None = None,
        reduced: int | None = None,
        group: int = GROUP,
    ) -> None:
        """`channels` from 4 px up; the `reduced` finest blocks (None: all) work in `dtype`, within +- `clamp`."""
        super().__init__()
        if side != 2 << len(channels):
            raise TrainingError(
                f"{len(channels)} channels are a discriminator of {2 << len(channels)} px, not {side} px"
            )
        self.channels, self.side, self.colours, self.c_dim = tuple(channels), side, colours, c_dim
        self.dtype, self.clamp, self.group = dtype, clamp, group
        self.reduced = len(channels) - 1 if reduced is None else reduced
        first = channels[0]
        self.fromrgb = ConvLayer(colours, channels[-1], 1)
        self.blocks = nn.ModuleList(
            DownBlock(channels[level], channels[level - 1]) for level in range(len(channels) - 1, 0, -1)
        )  # finest first
        self.conv = ConvLayer(first + 1, first, 3)
        self.dense = Dense(first * 16, first)
        self.out = Dense(first, first if c_dim else 1)
        if c_dim:
            self.embed = Dense(c_dim, first)

    def init_weights(self, seed: int) -> "Discriminator":
        """Initialise with normal weights and zero biases, determined by `seed`."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.endswith("weight"):
                    parameter.copy_(torch.randn(parameter.shape, generator=generator))
        return self

    def freeze(self, levels: int) -> None:
        """Freeze the finest `levels`, and the layer from colours (Freeze-D, 2002.10964)."""
        for part in (self.fromrgb, *self.blocks[:levels]) if levels else ():
            part.requires_grad_(False)

    def forward(self, pictures: Tensor, classes: Tensor) -> Tensor:
        """pictures (n, colours, side, side), about -1..1, and classes (n, c_dim) to logits (n,), float32."""
        x = pictures.to(self.dtype if self.reduced else torch.float32, memory_format=torch.channels_last)
        x = self.fromrgb(x, self.clamp)
        for index, block in enumerate(self.blocks):
            x = block(x if index < self.reduced else x.float(), self.clamp)
        x = x.float()
        x = self.conv(torch.cat([x, minibatch_stddev(x, self.group)], dim=1))
        x = F.leaky_relu(self.dense(x.flatten(1)), SLOPE) * GAIN
        logits: Tensor = self.out(x)
        if self.c_dim:
            logits = logits * normalise(self.embed(classes)) / logits.shape[1] ** 0.5
        return logits.sum(dim=1)
