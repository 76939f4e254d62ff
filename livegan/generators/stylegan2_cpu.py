"""StyleGAN2 drawn one picture at a time on a CPU, the same picture as `stylegan2` and several times as fast.

What is done differently (y = sqrt(2) lrelu(d conv(s x) + b), style s, demodulation d, bias b):
- d needs no modulated weights: d = rsqrt(sum_i s_i^2 sum_k W_oik^2), a matrix times a vector;
- layers with more weights than pixels keep constant, pre-packed weights and scale the pixels by s; since lrelu is
  positively homogeneous, d waits until the next style; the others fold s and d into the weights;
- bias and leaky ReLU ride along inside oneDNN's convolution, where this torch has that (a private operator, tried out
  first; without it the plain operators are used);
- channels last; bfloat16 where the processor has it and the network bears it; RGB is summed in float32, in 0..255.
"""

import ctypes
import os
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.generators.stylegan2 import GAIN, SLOPE, Convolution, Dense, Network, ToRGB, blur_kernel

Conv = Callable[[Tensor, Tensor, Tensor | None, int, int, bool], Tensor]


def threads_for(cores: int) -> int:
    """How many threads draw: one on two cores or fewer (two would wait for each other), else up to four."""
    return 1 if cores <= 2 else min(4, cores // 2)


def keep_memory() -> bool:
    """Ask glibc to keep freed memory instead of fetching fresh pages for every frame; False where there is no glibc."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    threshold, trim = -3, -1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD (malloc.h)
    return bool(mallopt(threshold, 1 << 30)) and bool(mallopt(trim, (1 << 31) - 1))


def has_bf16() -> bool:
    """Whether oneDNN has bfloat16 kernels for this processor."""
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


def plain_conv(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int, groups: int, bend: bool) -> Tensor:
    """A convolution, then the leaky ReLU if `bend`."""
    y = F.conv2d(x, weight, bias, padding=padding, groups=groups)
    return F.leaky_relu_(y, SLOPE) if bend else y


def fused_conv(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int, groups: int, bend: bool) -> Tensor:
    """The same in one oneDNN call; also takes packed weights."""
    kind, numbers = ("leaky_relu", [SLOPE]) if bend else ("none", [])
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, [padding, padding], [1, 1], [1, 1], groups, kind, numbers, ""
    )
    return y


def pack_conv(weight: Tensor, side: int) -> Tensor:
    """Weights of a 3x3 convolution over (side, side) px in oneDNN's own order."""
    reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
    size = (1, weight.shape[1], side, side)
    packed: Tensor = reorder(weight.to_mkldnn(), (1, 1), (1, 1), (1, 1), 1, size)
    return packed


def pack_up(weight: Tensor, side: int) -> Tensor:
    """Weights (inputs, outputs, 3, 3) of a transposed convolution over (side, side) px in oneDNN's own order."""
    size = [1, weight.shape[0], side, side]
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


def has_fused(dtype: torch.dtype) -> bool:
    """Whether this torch has the fused and packed operators and they agree with the plain ones, tried on 8 channels."""
    x = torch.linspace(-1, 1, 8 * 36).reshape(1, 8, 6, 6).to(dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.linspace(-1, 1, 8 * 72).cos().reshape(8, 8, 3, 3).to(dtype)
    bias = torch.linspace(-1, 1, 8).to(dtype)
    wide = weight.contiguous(memory_format=torch.channels_last)
    try:
        fused = fused_conv(x, pack_conv(wide, 6), bias, 1, 1, True)
        loose = fused_conv(x, wide, bias, 1, 1, True)
        risen = packed_up(x, pack_up(weight, 6))
    except (AttributeError, RuntimeError, TypeError):
        return False
    plain = plain_conv(x, wide, bias, 1, 1, True)
    pairs = ((fused, plain), (loose, plain), (risen, F.conv_transpose2d(x, weight, stride=2)))
    return all(torch.allclose(a.float(), b.float(), atol=0.1, rtol=0.02) for a, b in pairs)


class _Layer:
    """One modulated convolution, its constants worked out beforehand."""

    def __init__(self, layer: Convolution, side: int, dtype: torch.dtype, fused: bool) -> None:
        self.dtype, self.up, self.clamp = dtype, layer.up, layer.clamp
        self.conv: Conv = fused_conv if fused else plain_conv
        self.power = layer.weight.square().sum(dim=(2, 3))  # (outputs, inputs)
        self.bias = layer.bias * GAIN
        strength = float(layer.noise_strength)
        self.noise = (layer.noise_const * (strength * GAIN))[None, None].to(dtype) if strength else None
        self.blur = (blur_kernel() * 4).expand(len(self.bias), 1, 4, 4).contiguous().to(dtype)  # exact in bfloat16
        weight = layer.weight.transpose(0, 1) if self.up else layer.weight
        held = side // 2 if self.up else side
        rounds = dtype != torch.float32 and held <= 64 and bool((weight.to(dtype) == weight).all())  # if folded
        self.fold = not rounds and weight.numel() <= weight.shape[0 if self.up else 1] * held**2
        self.packed = fused and not self.fold
        if self.fold:
            self.weight = weight.contiguous(memory_format=torch.channels_last)
        elif self.packed:
            pack = pack_up if self.up else pack_conv
            self.weight = pack(weight.to(dtype), held)
        else:
            self.weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)

    def __call__(self, x: Tensor, owed: Tensor | None, style: Tensor, noise: float) -> tuple[Tensor, Tensor | None]:
        """x (1, inputs, h, w) whose channels still want multiplying by `owed`; gives the same kind of pair."""
        demodulate = (torch.mv(self.power, style.square()) + 1e-8).rsqrt_() * GAIN
        if owed is not None:
            style = style * owed
        if self.fold:
            weight, bias = self._folded(style, demodulate), self.bias
            x = x.to(self.dtype)
        else:
            weight, bias = self.weight, self.bias / demodulate
            x = (x * style[:, None, None]).to(self.dtype)
        groups = 1
        if self.up:
            x = packed_up(x, weight) if self.packed else F.conv_transpose2d(x, weight, stride=2)
            weight, groups = self.blur, len(self.blur)
        grain = self.noise * noise if self.noise is not None and noise else None
        if grain is None and (self.fold or self.clamp is None):
            y = self.conv(x, weight, bias.to(self.dtype), 1, groups, True)
            return self._clamped(y), None if self.fold else demodulate
        y = self.conv(x, weight, bias.to(self.dtype), 1, groups, False)
        if not self.fold:
            y = y * demodulate[:, None, None].to(self.dtype)
        if grain is not None:
            y = y + grain
        return self._clamped(F.leaky_relu_(y, SLOPE)), None

    def _folded(self, style: Tensor, demodulate: Tensor) -> Tensor:
        inner, outer = (demodulate, style) if self.up else (style, demodulate)
        return (self.weight * inner[:, None, None]).mul_(outer[:, None, None, None]).to(self.dtype)

    def _clamped(self, y: Tensor) -> Tensor:
        return y if self.clamp is None else y.clamp_(-self.clamp, self.clamp)


class _Colour:
    """One ToRGB, giving (h, w, 3) in steps of 0..255."""

    def __init__(self, layer: ToRGB, dtype: torch.dtype, last: bool) -> None:
        inputs = layer.weight.shape[1]
        self.dtype = dtype
        self.weight = layer.weight[:, :, 0, 0] * (127.5 / inputs**0.5)  # (3, inputs)
        self.bias = layer.bias * 127.5
        self.clamp = None if layer.clamp is None else layer.clamp * 127.5
        self.base = 128.0 if last else 0.0  # grey, added once

    def __call__(self, x: Tensor, owed: Tensor | None, style: Tensor) -> Tensor:
        weight = self.weight * (style if owed is None else style * owed)
        flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        if self.clamp is None:
            bias = (self.bias + self.base).to(self.dtype)
            return torch.addmm(bias, flat, weight.to(self.dtype).t()).view(*x.shape[2:], 3)
        y = torch.addmm(self.bias.to(self.dtype), flat, weight.to(self.dtype).t())
        return (y.clamp_(-self.clamp, self.clamp) + self.base).view(*x.shape[2:], 3)


class CpuPainter:
    """A network taken apart for drawing one picture at a time on a CPU."""

    def __init__(self, network: Network, bf16_from: int | None = None, threads: int | None = None) -> None:
        """Sizes from `bf16_from` px up are drawn in bfloat16 (only where `has_bf16`), None: none, all in float32.

        `threads` None chooses by the number of cores.
        """
        keep_memory()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.threads = threads or threads_for(cores)
        sides = network.shape.resolutions
        dtypes = [torch.bfloat16 if bf16_from is not None and side >= bf16_from else torch.float32 for side in sides]
        self.fused = all(has_fused(dtype) for dtype in set(dtypes))
        self.mapping = network.mapping
        const = network.synthesis.block(0).const[None]
        self.const = const.to(dtypes[0]).contiguous(memory_format=torch.channels_last)
        self.doubling = (blur_kernel() * 4).expand(3, 1, 4, 4).contiguous()
        self.levels: list[tuple[list[_Layer], _Colour]] = []
        affines: list[Dense] = []
        for level, (side, dtype) in enumerate(zip(sides, dtypes, strict=True)):
            block = network.synthesis.block(level)
            layers = [block.conv1] if level == 0 else [block.conv0, block.conv1]
            affines += [layer.affine for layer in layers] + [block.torgb.affine]
            colour = _Colour(block.torgb, dtype, last=level == len(sides) - 1)
            self.levels.append(([_Layer(layer, side, dtype, self.fused) for layer in layers], colour))
        self.matrix = torch.cat([affine.weight * affine.weight_gain for affine in affines])  # all styles in one go
        self.offset = torch.cat([affine.bias for affine in affines])
        self.widths = [len(affine.bias) for affine in affines]
        precision = "fp32" if bf16_from is None else "bf16" if bf16_from <= 4 else f"bf16 from {bf16_from} px"
        self.text = f"cpu, {precision}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    def paint(self, z: Tensor, classes: Tensor, psi: float, noise: float) -> Tensor:
        """z (z_dim,) and classes (c_dim,) to uint8 (side, side, 3)."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        w = self.mapping(z[None], classes[None], psi)[0, 0]
        styles = iter(torch.split(torch.addmv(self.offset, self.matrix, w), self.widths))
        x, owed = self.const, None
        picture: Tensor | None = None
        for layers, colour in self.levels:
            for layer in layers:
                x, owed = layer(x, owed, next(styles), noise)
            rgb = colour(x, owed, next(styles))
            picture = rgb.float() if picture is None else self._double(picture).add_(rgb)
        assert picture is not None
        return picture.clamp_(0, 255).to(torch.uint8)

    def _double(self, picture: Tensor) -> Tensor:
        """(h, w, 3) to (2h, 2w, 3), as `stylegan2.upsample`."""
        small = picture[None].permute(0, 3, 1, 2)
        return F.conv_transpose2d(small, self.doubling, stride=2, padding=1, groups=3).permute(0, 2, 3, 1)[0]
