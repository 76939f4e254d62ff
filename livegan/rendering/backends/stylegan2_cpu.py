"""StyleGAN2 backend for CPUs in plain torch: the pictures of the reference, several times as fast, one at a time.

How it differs from the reference (y = sqrt(2) lrelu(d conv(s x) + g n + b), style s, demodulation d, noise n, bias b):
- d needs no modulated weights: d = rsqrt(sum_i s_i^2 sum_k W_oik^2), a matrix times a vector;
- layers with more weights than pixels keep constant, pre-packed weights and scale the pixels by s; since lrelu is
  positively homogeneous, d is deferred until the next style; the others fold s and d into the weights;
- bias and leaky ReLU are fused into oneDNN's convolution (`onednn`); noise, a plane times one number for each channel,
  is added as a matrix product, which takes a tenth of the time of adding it;
- channels last; bfloat16 where the processor has it and it is accurate enough; RGB is summed in float32, in 0..255.
"""

import copy
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import (
    GAIN,
    HALF_POWER,
    SLOPE,
    Block,
    Convolution,
    Dense,
    StyleGAN2,
    ToRGB,
    blur_kernel,
)
from livegan.networks.bending import bend
from livegan.networks.noise import noise_plane
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.onednn import Conv, fused_conv, has_fused, pack_conv, pack_up, packed_up, plain_conv
from livegan.rendering.threads import threads_for, threads_text

LAST = torch.channels_last
SMALL = 1024  # pixels; up to here calling oneDNN takes longer than multiplying matrices
Deferred = tuple[Tensor, Tensor | None]
"""Activations (1, c, h, w), and the demodulation (c,) that they must still be multiplied by."""


class _Layer:
    """Modulated convolution with precomputed constants."""

    def __init__(self, layer: Convolution, dtype: torch.dtype, fused: bool, loose: bool) -> None:
        """With `loose` no weights are packed and all stored noise is kept, so that they can be overwritten."""
        self.dtype, self.up, self.clamp = dtype, layer.up, layer.clamp
        self.index, self.group, self.height, self.width = layer.index, layer.group, layer.height, layer.width
        self.begun = layer.begun
        self.conv: Conv = fused_conv if fused else plain_conv
        self.power = layer.weight.square().sum(dim=(2, 3))  # (outputs, inputs)
        outputs, inputs = self.power.shape
        taps = layer.taps
        kernel = (blur_kernel(taps) * 4).flip((0, 1))
        self.blur = kernel.expand(outputs, 1, -1, -1).contiguous().to(dtype)  # exact in bfloat16 for [1, 3, 3, 1]
        self.margin, self.crop = (len(taps) - 1) // 2, len(taps) % 2 == 1
        keeps_noise = loose or float(layer.noise_strength) != 0
        self.noise_flat = self._flat(layer.noise_plane()) if keeps_noise else None  # (h w, 1), the network's own
        self.seeded_noise: tuple[int, Tensor] | None = None  # the last seed, and its noise (h w, 1)
        weight = layer.weight.transpose(0, 1) if self.up else layer.weight
        height, width = (self.height // 2, self.width // 2) if self.up else (self.height, self.width)
        exact = dtype != torch.float32 and height <= 64 and bool((weight.to(dtype) == weight).all())  # unless folded
        self.fold = (loose or not exact) and weight.numel() <= inputs * height * width
        self.packed = fused and not self.fold and not loose
        if self.fold:
            self.weight = weight.clone(memory_format=LAST)
        elif self.packed:
            self.weight = (pack_up if self.up else pack_conv)(weight.to(dtype), height, width)
        else:
            self.weight = weight.to(dtype, memory_format=LAST, copy=True)

    def __call__(
        self, x: Tensor, deferred: Tensor | None, modulation: "_Modulation", noise: float, seed: int
    ) -> Deferred:
        """Apply the layer to x (1, inputs, h, w), adding `noise` times the noise plane of `seed`."""
        style, demodulation = (
            modulation.styles[modulation.style_index[self.index]],
            modulation.demodulations[self.index],
        )
        if deferred is not None:
            style = style * deferred
        if self.fold:
            outer = torch.outer(style, demodulation) if self.up else torch.outer(demodulation, style)
            weight = (self.weight * outer[:, :, None, None]).to(self.dtype)
            x = x.to(self.dtype)
        else:
            weight = self.weight
            x = (x * style[:, None, None]).to(self.dtype)
        y = self._convolved(x, weight, modulation.biases[self.index], leak=noise == 0)
        if noise != 0:
            channel_gains = torch.full_like(demodulation, noise) if self.fold else noise / demodulation
            y = y.contiguous(memory_format=LAST)
            y.permute(0, 2, 3, 1).view(-1, y.shape[1]).addmm_(self._noise(seed), channel_gains[None].to(y.dtype))
            y = F.leaky_relu_(y, SLOPE)
        if self.clamp is None:
            return y, None if self.fold else demodulation
        y = y if self.fold else y.mul_(demodulation[:, None, None].to(y.dtype))
        return y.clamp_(-self.clamp, self.clamp), None

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor, leak: bool) -> Tensor:
        if not self.up:
            return self.conv(x, weight, bias, 1, 1, leak)
        x = packed_up(x, weight) if self.packed else F.conv_transpose2d(x, weight, stride=2)
        y = self.conv(x, self.blur, bias, self.margin, len(self.blur), leak)
        return y[:, :, : self.height, : self.width] if self.crop else y

    def _noise(self, seed: int) -> Tensor:
        if seed == 0 and self.noise_flat is not None:
            return self.noise_flat
        seeded = self.seeded_noise
        if seeded is None or seeded[0] != seed:
            seeded = self.seeded_noise = seed, self._flat(noise_plane(seed, self.index, self.height, self.width))
        return seeded[1]

    def _flat(self, plane: Tensor) -> Tensor:
        return plane.reshape(-1, 1).to(self.dtype, copy=True)


class _ToRGB:
    """ToRGB layer to (1, colours, h, w) in 0..255: in float32 where it is small, else in the level's dtype."""

    def __init__(self, layer: ToRGB, size: tuple[int, int], dtype: torch.dtype, conv: Conv, last: bool) -> None:
        inputs = layer.weight.shape[1]
        self.small = size[0] * size[1] * inputs <= 64 * SMALL
        self.dtype, self.conv = torch.float32 if self.small else dtype, conv
        self.weight = layer.weight[:, :, 0, 0] * (127.5 / inputs**0.5)  # (colours, inputs)
        self.base = 128.0 if last else 0.0  # grey, added once
        self.clamp = None if layer.clamp is None else layer.clamp * 127.5
        self.bias = layer.bias * 127.5 + (self.base if self.clamp is None else 0.0)

    def __call__(self, x: Tensor, deferred: Tensor | None, style: Tensor) -> Tensor:
        weight = self.weight * (style if deferred is None else style * deferred)
        if self.small:
            flat = x[0].permute(1, 2, 0).reshape(-1, x.shape[1]).float()
            y = torch.addmm(self.bias[:, None], weight, flat.t()).view(1, -1, *x.shape[2:])
        else:
            y = self.conv(x, weight.to(self.dtype)[:, :, None, None], self.bias.to(self.dtype), 0, 1, False)
        return y if self.clamp is None else y.clamp_(-self.clamp, self.clamp).float().add_(self.base)


class _Skip:
    """Skip connection of a residual block, scaled for the sum."""

    def __init__(self, block: Block, size: tuple[int, int], dtype: torch.dtype, conv: Conv) -> None:
        """`size` (h, w) is that of the input."""
        assert block.skip is not None
        self.dtype, self.conv = dtype, conv
        self.weight = block.skip.weight[:, :, 0, 0] * (block.skip.weight_gain * HALF_POWER)  # (outputs, inputs)
        self.upsample = _Upsample(block.skip.taps, len(self.weight), size)

    def __call__(self, x: Tensor, deferred: Tensor | None) -> Tensor:
        weight = (self.weight if deferred is None else self.weight * deferred)[:, :, None, None]
        return self.upsample(self.conv(x.to(self.dtype), weight.to(self.dtype), None, 0, 1, False).float())


class _Upsample:
    """Upsampling of (1, c, h, w) float32 to (1, c, 2h, 2w), as `stylegan2.upsample`; if small, by matrix products."""

    def __init__(self, taps: tuple[float, ...], channels: int, size: tuple[int, int]) -> None:
        """`size` (h, w) is that of the input."""
        self.small = max(size) <= SMALL**0.5
        self.kernel = (blur_kernel(taps) * 4).expand(channels, 1, -1, -1).contiguous()
        self.margin, self.crop = (len(taps) - 2) // 2, len(taps) % 2 == 1
        line = torch.tensor(taps) * (2 / sum(taps))
        height, width = size
        down, across = (F.conv_transpose1d(torch.eye(n)[:, None], line[None, None], None, 2, self.margin) for n in size)
        self.down = down[:, 0, : 2 * height].t().contiguous()  # (2h, h)
        self.across = across[:, 0, : 2 * width].contiguous()  # (w, 2w)

    def __call__(self, x: Tensor) -> Tensor:
        if self.small:
            return torch.matmul(torch.matmul(self.down, x), self.across)
        x = x.contiguous(memory_format=LAST)
        y = F.conv_transpose2d(x, self.kernel, stride=2, padding=self.margin, groups=len(self.kernel))
        return y[:, :, : 2 * x.shape[2], : 2 * x.shape[3]] if self.crop else y


class _Modulation:
    """Styles, demodulations and biases of all layers for the ws of one picture, computed in few calls."""

    def __init__(self, layers: list[_Layer], biases: list[Tensor], rows: list[list[Dense]]) -> None:
        """`rows`: the affines of each row of ws. Their styles come in that order: `styles`."""
        affines = [affine for row in rows for affine in row]
        self.matrix = torch.cat([affine.weight * affine.weight_gain for affine in affines])  # (styles, w_dim)
        self.offset = torch.cat([affine.bias for affine in affines])
        self._counts = [len(affine.bias) for affine in affines]
        self._lengths = [sum(len(affine.bias) for affine in row) for row in rows]
        self.style_index = [sum(map(len, rows[:row])) for row in range(len(rows))]  # index of each convolution's style
        order = sorted(layers, key=lambda layer: layer.fold)  # those that defer demodulation, then the others
        self._outputs, self._order = [len(layer.power) for layer in order], order
        self.deferred_count = sum(len(layer.power) for layer in order if not layer.fold)
        self.bias = torch.cat([biases[layer.index] for layer in order]) * GAIN
        self._allocate()

    def lowest(self, rows: int) -> "_Modulation":
        """That of the lowest rows of ws: the same constants, with memory of its own for what is computed."""
        low = copy.copy(self)
        low._allocate()
        low._rows = low._rows[:rows]  # the styles of the others stay 0
        return low

    def _allocate(self) -> None:
        styles, squares = torch.zeros_like(self.offset), torch.zeros_like(self.offset)
        self._styles_flat = styles, squares
        self.styles = torch.split(styles, self._counts)
        parts = (torch.split(part, self._lengths) for part in (self.offset, self.matrix, styles))
        self._rows = list(zip(*parts, strict=True))
        self._demodulation = torch.empty_like(self.bias)
        pairs = list(zip(self._order, torch.split(self._demodulation, self._outputs), strict=True))
        inputs = torch.split(squares, self._counts)
        self._powers = [(layer.power, inputs[self.style_index[layer.index]], part) for layer, part in pairs]
        self.demodulations = {layer.index: part for layer, part in pairs}
        self.biases: dict[int, Tensor] = {}

    def compute(self, ws: Tensor) -> None:
        """Compute all of them from ws (num_ws, w_dim)."""
        for (offset, matrix, row), w in zip(self._rows, ws, strict=True):
            torch.addmv(offset, matrix, w, out=row)
        styles, squares = self._styles_flat
        torch.mul(styles, styles, out=squares)
        for power, square, part in self._powers:
            torch.mv(power, square, out=part)
        demodulation = self._demodulation.add_(1e-8).rsqrt_().mul_(GAIN)
        bias = torch.cat(
            [self.bias[: self.deferred_count] / demodulation[: self.deferred_count], self.bias[self.deferred_count :]]
        )
        by_dtype = {
            dtype: torch.split(bias.to(dtype), self._outputs) for dtype in {layer.dtype for layer in self._order}
        }
        self.biases = {layer.index: by_dtype[layer.dtype][place] for place, layer in enumerate(self._order)}


@dataclass(slots=True)
class _Level:
    """Precomputed layers of one block."""

    layers: list[_Layer]
    skip: _Skip | None
    upsample: _Upsample | None  # of the picture so far
    to_rgb: _ToRGB | None
    style_index: int  # of ToRGB


class StyleGAN2CpuBackend:
    """StyleGAN2 CPU backend: precomputed constants, fused oneDNN operators, float32 or bfloat16 per level."""

    bends = True

    def __init__(
        self, network: StyleGAN2, bf16_from: int | None = None, threads: int | None = None, loose: bool = False
    ) -> None:
        """Levels of `bf16_from` px and up are drawn in bfloat16 (only where `has_bf16`), None: none, all in float32.

        `threads` None: chosen by the number of cores. With `loose`, `constants` can be overwritten.
        """
        keep_memory()
        self.threads = threads or threads_for(cores())
        self.clusters = network.clusters
        self.gains: list[float] = []  # of each convolution's noise
        with torch.inference_mode():
            self._precompute(network, bf16_from, loose)
        self.megabytes = (
            sum(tensor.numel() * tensor.element_size() for tensor in (*self.constants(), *self.powers())) / 2**20
        )
        precision = "fp32" if bf16_from is None else "bf16" if bf16_from <= 4 else f"bf16 from {bf16_from} px"
        self.text = f"cpu, {precision}, {threads_text(self.threads)}"

    def _precompute(self, network: StyleGAN2, bf16_from: int | None, loose: bool) -> None:
        shape = network.shape
        low = [
            torch.bfloat16 if bf16_from is not None and height >= bf16_from else torch.float32
            for height, _ in shape.resolutions
        ]
        fused = all(has_fused(dtype) for dtype in set(low))
        conv = fused_conv if fused else plain_conv
        self.const = network.synthesis.block(0).start()[None].to(low[0], memory_format=LAST, copy=True)
        rows: list[list[Dense]] = [[layer.affine] for layer in network.synthesis.layers()] + [[]]
        self.levels: list[_Level] = []
        for level, dtype in enumerate(low):
            block, size = network.synthesis.block(level), shape.resolutions[max(level - 1, 0)]
            to_rgb = None
            if block.torgb is not None:
                rows[2 * level + 1].append(block.torgb.affine)
                to_rgb = _ToRGB(block.torgb, shape.resolutions[level], dtype, conv, last=level == shape.levels - 1)
            self.levels.append(
                _Level(
                    [_Layer(layer, dtype, fused, loose) for layer in block.layers],
                    None if block.skip is None else _Skip(block, size, dtype, conv),
                    _Upsample(shape.picture_taps, shape.colours, size)
                    if level and shape.architecture == "skip"
                    else None,
                    to_rgb,
                    style_index=sum(map(len, rows[: 2 * level + 2])) - 1,
                )
            )
        convolutions = network.synthesis.layers()
        self.modulation = _Modulation(
            [layer for level in self.levels for layer in level.layers], [layer.bias for layer in convolutions], rows
        )
        self.strengths = torch.stack([layer.noise_strength for layer in convolutions]) * GAIN
        self.constants_changed()

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.clusters = clusters

    def lower(self, net: StyleNet) -> "StyleGAN2CpuBackend":
        """As `SharingBackend` says; only the last ToRGB is that of `net`."""
        assert isinstance(net, StyleGAN2)
        top = net.shape.levels - 1
        last, source = self.levels[top], net.synthesis.block(top).torgb
        assert last.to_rgb is not None
        assert source is not None
        low = copy.copy(self)
        with torch.inference_mode():
            to_rgb = _ToRGB(source, net.resolution, last.layers[-1].dtype, last.to_rgb.conv, last=True)
            low.modulation = self.modulation.lowest(net.num_ws)
        low.levels = [*self.levels[:top], replace(last, to_rgb=to_rgb)]
        low.megabytes = 3 * self.modulation.offset.nbytes / 2**20
        return low

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        with torch.inference_mode():
            return self._pixels(self._draw(ws, options))

    def _draw(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        """The picture (1, colours, height, width), float32, about 0..256."""
        self.modulation.compute(ws)
        x, deferred = self.const, None
        picture: Tensor | None = None
        for level in self.levels:
            skip = None if level.skip is None else level.skip(x, deferred)
            for layer in level.layers:
                noise = options.noise[layer.group] * self.gains[layer.index]
                x, deferred = layer(x, deferred, self.modulation, noise, options.noise_seed)
                if options.bends:
                    x = x if deferred is None else x * deferred[:, None, None].to(x.dtype)
                    clusters = self.clusters.get(layer.index)
                    x, deferred = bend(x, options.bends, layer.height, clusters, layer.begun), None
            if skip is not None:
                share = HALF_POWER if deferred is None else (deferred * HALF_POWER)[:, None, None]
                x, deferred = (x * share + skip).to(x.dtype), None
            if picture is not None and level.upsample is not None:
                picture = level.upsample(picture)
            if level.to_rgb is not None:
                colours = level.to_rgb(x, deferred, self.modulation.styles[level.style_index]).float()
                picture = colours if picture is None else colours.add_(picture)
        assert picture is not None
        return picture

    def _pixels(self, picture: Tensor) -> Tensor:
        """As `stylegan2.to_pixels`: grey is repeated, alpha is over black."""
        alpha = picture[:, 3:] if picture.shape[1] == 4 else None
        picture = picture[:, :3].clamp_(0, 255)
        if alpha is not None:
            picture = picture * ((alpha - 0.5) / 255).clamp_(0, 1)
        pixels = picture.to(torch.int16).to(torch.uint8)  # via int16: three times as fast
        return pixels[0].expand(3, -1, -1).permute(1, 2, 0).contiguous()

    def colours(self) -> list[Tensor]:
        """The constants of its last ToRGB, which is all that a `lower` backend has of its own."""
        to_rgb = self.levels[-1].to_rgb
        assert to_rgb is not None
        return [to_rgb.weight, to_rgb.bias]

    def powers(self) -> list[Tensor]:
        """Of each convolution, in order: the power of its weights (outputs, inputs)."""
        return [layer.power for level in self.levels for layer in level.layers]

    def constants_changed(self) -> None:
        """Call after overwriting `constants`."""
        self.gains = self.strengths.tolist()

    def constants(self) -> list[Tensor]:
        """All tensors that are linear in the network's, in the same order for every network of one shape."""
        tensors = [self.const, self.modulation.matrix, self.modulation.offset, self.modulation.bias, self.strengths]
        for level in self.levels:
            for layer in level.layers:
                tensors += [layer.weight] if layer.noise_flat is None else [layer.weight, layer.noise_flat]
            for part in (level.skip, level.to_rgb):
                tensors += [] if part is None else [part.weight]
            tensors += [] if level.to_rgb is None else [level.to_rgb.bias]
        return tensors
