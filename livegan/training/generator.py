"""Generator in training: weight initialisation, and a batched forward pass that is fast to differentiate.

`StyleGAN2.synthesize` modulates the weights for each picture; in a batch that is one convolution per picture. Here
styles scale the input channels and demodulation the output channels (1912.04958, appendix B), so that one convolution
serves the batch. The pictures are the same up to rounding.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.networks.architectures.stylegan2 import (
    GAIN,
    SLOPE,
    Convolution,
    Dense,
    StyleGAN2,
    ToRGB,
    blur_kernel,
    upsample,
)
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape

Noise = Sequence[Tensor]  # for each convolution normal numbers, (n, 1, height, width)


def init_generator(shape: StyleGAN2Shape, seed: int = 0) -> StyleGAN2:
    """An untrained network: normal weights, styles about 1, no noise (1912.04958, section 2)."""
    generator = torch.Generator().manual_seed(seed)
    network = StyleGAN2(shape)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(("weight", "const")):
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        for name, buffer in network.named_buffers():
            if name.endswith("noise_const"):
                buffer.copy_(torch.randn(buffer.shape, generator=generator))
        for layer in network.mapping.children():
            if isinstance(layer, Dense):
                layer.weight.div_(layer.bias_gain)  # a lower learning rate has larger stored weights
        if shape.c_dim:  # z and class of equal power, however short z is: else z is ignored for long
            first = network.mapping.get_submodule("fc0")
            assert isinstance(first, Dense)
            first.weight[:, : shape.z_dim].mul_(max(1.0, shape.w_dim / shape.z_dim) ** 0.5)
        for module in network.synthesis.modules():
            if isinstance(module, Convolution | ToRGB):
                module.affine.bias.fill_(1.0)
    return network.requires_grad_(True)


class _Blur(torch.autograd.Function):
    """Symmetric low-pass of every channel; its gradient is the same low-pass of the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, padding: int) -> Tensor:
        """x (n, c, h, w) through kernel (k, k), with `padding` zeros around."""
        ctx.save_for_backward(kernel)
        ctx.padding = padding
        return F.conv2d(x, kernel.expand(x.shape[1], 1, -1, -1), padding=padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (kernel,) = ctx.saved_tensors
        blurred: Tensor = _Blur.apply(gradients[0], kernel, kernel.shape[-1] - 1 - ctx.padding)  # type: ignore[no-untyped-call]
        return blurred, None, None


@lru_cache(maxsize=64)
def _kernel(taps: tuple[float, ...], gain: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # it is kept, and meets gradients later
        return (blur_kernel(taps) * gain).to(device, dtype)


def blur(x: Tensor, taps: tuple[float, ...], gain: float, padding: int) -> Tensor:
    """The symmetric low-pass of `taps` over (n, c, h, w), times `gain`; twice differentiable."""
    kernel = _kernel(taps, gain, x.dtype, x.device)
    blurred: Tensor = _Blur.apply(x, kernel, padding)  # type: ignore[no-untyped-call]
    return blurred


def synthesize(
    network: StyleGAN2,
    ws: Tensor,
    dtype: torch.dtype = torch.float32,
    noise: Noise | None = None,
    levels: int | None = None,
) -> Tensor:
    """ws (n, num_ws, w_dim) to pictures (n, colours, h, w), float32, about -1..1; a skip architecture only.

    Convolutions compute in `dtype`, colours are summed in float32. `noise` has planes for every picture and convolution
    (`noise_planes`); None: no noise. With `levels` the picture is that of the first so many levels.
    """
    synthesis, picture = network.synthesis, None
    x = synthesis.block(0).start().to(dtype).expand(len(ws), -1, -1, -1)
    x = x.contiguous(memory_format=torch.channels_last)
    for level in range(levels or network.shape.levels):
        block = synthesis.block(level)
        for layer in block.layers:
            x = _convolution(layer, x, ws[:, layer.index], None if noise is None else noise[layer.index])
        assert block.torgb is not None
        colours = _colours(block.torgb, x, ws[:, 2 * level + 1])
        picture = colours if picture is None else upsample(picture, network.shape.picture_taps) + colours
    assert picture is not None
    return picture


def plain_taps(taps: tuple[float, ...]) -> bool:
    """Whether a low-pass has the length that `synthesize` knows and is symmetrical."""
    return len(taps) == 4 and taps == taps[::-1]


def noise_planes(network: StyleGAN2, count: int, generator: torch.Generator) -> list[Tensor]:
    """Fresh noise for `count` pictures, in the order of the convolutions, where `generator` is."""
    return [
        torch.randn(count, 1, layer.height, layer.width, generator=generator, device=generator.device)
        for layer in network.synthesis.layers()
    ]


def _convolution(layer: Convolution, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
    style: Tensor = layer.affine(w)  # (n, inputs)
    weight: Tensor = layer.weight
    style = style * style.square().mean(dim=1, keepdim=True).add(1e-8).rsqrt()  # demodulation undoes it; keeps x small
    power = weight.square().sum(dim=(2, 3))  # (outputs, inputs)
    demodulate = (style.square() @ power.t() + 1e-8).rsqrt()  # (n, outputs)
    x = x * style[:, :, None, None].to(x.dtype)
    weight = weight.to(x.dtype)
    if layer.up:
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        x = blur(x, layer.taps, 4.0, 1)
    else:
        x = F.conv2d(x, weight, padding=1)
    x = x * demodulate[:, :, None, None].to(x.dtype)
    if noise is not None:
        x = x + (noise * layer.noise_strength).to(x.dtype)
    x = F.leaky_relu(x + layer.bias[:, None, None].to(x.dtype), SLOPE) * GAIN
    return x if layer.clamp is None else x.clamp(-layer.clamp, layer.clamp)


def _colours(layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
    style: Tensor = layer.affine(w) / x.shape[1] ** 0.5  # (n, inputs)
    weight = (layer.weight[:, :, 0, 0] * style[:, None]).to(x.dtype)  # (n, colours, inputs)
    flat = x.permute(0, 2, 3, 1).flatten(1, 2)  # (n, h w, inputs): no copy, channels come last
    picture = (flat @ weight.transpose(1, 2)).float().transpose(1, 2)  # (n, colours, h w)
    picture = picture.reshape(len(x), -1, *x.shape[2:]) + layer.bias[:, None, None]
    return picture if layer.clamp is None else picture.clamp(-layer.clamp, layer.clamp)
