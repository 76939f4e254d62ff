"""The discriminator: which pictures are of the training set, and of which class (1912.04958, figure 7c; 2006.06676).

Residual blocks halve the picture down to 4 px; there the spread among pictures joins in (minibatch standard deviation,
1710.10196, section 3), and the last features are projected on the class (Miyato and Koyama 2018, 1802.05637).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import GAIN, HALF_POWER, SLOPE, Dense, normalise
from livegan.networks.architectures.stylegan2_shape import TAPS
from livegan.training.generator import blur

GROUP = 4  # pictures whose spread is measured together


def halve(x: Tensor) -> Tensor:
    """(n, c, h, w) through the low-pass to (n, c, h / 2, w / 2)."""
    return blur(x, TAPS, 1.0, 1)[:, :, ::2, ::2]


def spread(x: Tensor, group: int = GROUP) -> Tensor:
    """How much neighbours in the batch differ, (n, 1, h, w) for x (n, c, h, w): one number for each `group` of them.

    A batch that is no multiple has smaller groups, all of one size.
    """
    count = len(x)
    group = next(size for size in range(min(group, count), 0, -1) if count % size == 0)
    groups = x.reshape(-1, group, *x.shape[1:])  # (groups, group, c, h, w)
    deviation: Tensor = (groups.var(dim=1, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    return deviation.repeat_interleave(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])


class Filter(nn.Module):
    """A convolution whose stored weights have unit variance; works in the type of what comes in."""

    def __init__(self, inputs: int, outputs: int, size: int, bias: bool = True) -> None:
        """`size` of the kernel [px]; with `bias` a leaky ReLU follows."""
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.gain = 1 / (inputs * size * size) ** 0.5

    def forward(self, x: Tensor, clamp: float | None = None, stride: int = 1) -> Tensor:
        """(n, inputs, h, w) -> (n, outputs, h, w), or a half of it with a stride of 2 from a pixel more."""
        weight = (self.weight * self.gain).to(x.dtype, memory_format=torch.channels_last)
        padding = self.weight.shape[-1] // 2 if stride == 1 else 0
        x = F.conv2d(x, weight, None if self.bias is None else self.bias.to(x.dtype), stride, padding)
        if self.bias is None:
            return x
        x = F.leaky_relu(x, SLOPE) * GAIN
        return x if clamp is None else x.clamp(-clamp, clamp)


class Half(nn.Module):
    """A residual block: (n, inputs, h, w) to (n, outputs, h / 2, w / 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Two convolutions, and a short way past them."""
        super().__init__()
        self.conv0 = Filter(inputs, inputs, 3)
        self.conv1 = Filter(inputs, outputs, 3)
        self.skip = Filter(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor, clamp: float | None = None) -> Tensor:
        """Both ways have half of the power."""
        short = self.skip(halve(x))
        x = blur(self.conv0(x, clamp), TAPS, 1.0, 2)  # (h + 1, w + 1)
        long: Tensor = self.conv1(x, clamp, stride=2)
        x = (long + short) * HALF_POWER
        return x


class Discriminator(nn.Module):
    """Pictures and classes in, a word each out: above zero is real."""

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
        self.fromrgb = Filter(colours, channels[-1], 1)
        self.blocks = nn.ModuleList(
            Half(channels[level], channels[level - 1]) for level in range(len(channels) - 1, 0, -1)
        )  # finest first
        self.conv = Filter(first + 1, first, 3)
        self.dense = Dense(first * 16, first)
        self.out = Dense(first, first if c_dim else 1)
        if c_dim:
            self.embed = Dense(c_dim, first)

    def begin(self, seed: int) -> "Discriminator":
        """Normal weights, biases of zero; the same for the same seed."""
        chance = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.endswith("weight"):
                    parameter.copy_(torch.randn(parameter.shape, generator=chance))
        return self

    def freeze(self, levels: int) -> None:
        """The finest `levels` (and the way in from colours) do not learn any more (Freeze-D, 2002.10964)."""
        for part in (self.fromrgb, *self.blocks[:levels]) if levels else ():
            part.requires_grad_(False)

    def forward(self, pictures: Tensor, classes: Tensor) -> Tensor:
        """pictures (n, colours, side, side), about -1..1, and classes (n, c_dim) to words (n,), float32."""
        x = pictures.to(self.dtype if self.reduced else torch.float32, memory_format=torch.channels_last)
        x = self.fromrgb(x, self.clamp)
        for index, block in enumerate(self.blocks):
            x = block(x if index < self.reduced else x.float(), self.clamp)
        x = x.float()
        x = self.conv(torch.cat([x, spread(x, self.group)], dim=1))
        x = F.leaky_relu(self.dense(x.flatten(1)), SLOPE) * GAIN
        words: Tensor = self.out(x)
        if self.c_dim:
            words = words * normalise(self.embed(classes)) / words.shape[1] ** 0.5
        return words.sum(dim=1)
