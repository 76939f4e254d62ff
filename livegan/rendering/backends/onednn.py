"""oneDNN convolutions, the kernels of torch's CPU operators, called directly: fused and with pre-packed weights.

`fused_conv` fuses the leaky ReLU into the convolution; `pack_conv` and `pack_up` reorder weights to oneDNN's own memory
layout once. All are private operators of torch: `has_fused` tests them first, and without them `plain_conv` computes
the same.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

SLOPE = 0.2  # of the leaky ReLU, below zero

Conv = Callable[[Tensor, Tensor, Tensor | None, int, int, bool], Tensor]


def plain_conv(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int, groups: int, leak: bool) -> Tensor:
    """A convolution, then the leaky ReLU if `leak`."""
    y = F.conv2d(x, weight, bias, padding=padding, groups=groups)
    return F.leaky_relu_(y, SLOPE) if leak else y


def fused_conv(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int, groups: int, leak: bool) -> Tensor:
    """The same in one oneDNN call; also takes packed weights."""
    kind, numbers = ("leaky_relu", [SLOPE]) if leak else ("none", [])
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, [padding, padding], [1, 1], [1, 1], groups, kind, numbers, ""
    )
    return y


def pack_conv(weight: Tensor, height: int, width: int) -> Tensor:
    """Weights of a 3x3 convolution over (height, width) px in oneDNN's memory layout."""
    reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
    size = (1, weight.shape[1], height, width)
    packed: Tensor = reorder(weight.to_mkldnn(), (1, 1), (1, 1), (1, 1), 1, size)
    return packed


def pack_up(weight: Tensor, height: int, width: int) -> Tensor:
    """Weights (inputs, outputs, 3, 3) of a transposed convolution over (height, width) px in oneDNN's layout."""
    size = [1, weight.shape[0], height, width]
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_transpose_weight(
        weight.contiguous(), [0, 0], [0, 0], [2, 2], [1, 1], 1, size
    )
    return packed


def packed_up(x: Tensor, packed: Tensor) -> Tensor:
    """A transposed convolution of stride 2 with weights from `pack_up`."""
    y: Tensor = torch.ops.mkldnn._convolution_transpose_pointwise(
        x, packed, None, [0, 0], [0, 0], [2, 2], [1, 1], 1, "none", [], ""
    )
    return y


@lru_cache(maxsize=4)
def has_fused(dtype: torch.dtype) -> bool:
    """Whether this torch has the fused and packed operators and they agree with the plain ones, on 8 channels."""
    x = torch.linspace(-1, 1, 8 * 36).reshape(1, 8, 6, 6).to(dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.linspace(-1, 1, 8 * 72).cos().reshape(8, 8, 3, 3).to(dtype)
    bias = torch.linspace(-1, 1, 8).to(dtype)
    channels_last = weight.contiguous(memory_format=torch.channels_last)
    try:
        fused = fused_conv(x, pack_conv(channels_last, 6, 6), bias, 1, 1, True)
        unpacked = fused_conv(x, channels_last, bias, 1, 1, True)
        upsampled = packed_up(x, pack_up(weight, 6, 6))
    except (AttributeError, RuntimeError, TypeError):
        return False
    plain = plain_conv(x, channels_last, bias, 1, 1, True)
    pairs = ((fused, plain), (unpacked, plain), (upsampled, F.conv_transpose2d(x, weight, stride=2)))
    return all(torch.allclose(a.float(), b.float(), atol=0.1, rtol=0.02) for a, b in pairs)
