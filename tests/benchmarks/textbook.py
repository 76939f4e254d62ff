"""StyleGAN2 as a textbook would write it: plain PyTorch in float32, (n, c, h, w), one operator per step of the papers.

Written from 1912.04958 on its own, for comparison: it shares nothing with the package but the names of the tensors.
Only what the bench's networks have: architecture "skip", three colours, taps [1, 3, 3, 1], no clamp.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def upfirdn(x: Tensor, up: int, before: int, after: int, gain: float) -> Tensor:
    """Zeros between the pixels, zeros around them, the low-pass over them (1812.04948 and 1912.04958, appendix B)."""
    count, channels, height, width = x.shape
    x = x.reshape(count, channels, height, 1, width, 1)
    x = F.pad(x, [0, up - 1, 0, 0, 0, up - 1]).reshape(count, channels, height * up, width * up)
    x = F.pad(x, [before, after, before, after])
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (taps[:, None] * taps[None, :] * gain).expand(channels, 1, 4, 4)
    return F.conv2d(x, kernel, groups=channels)


def modulated_conv(x: Tensor, weight: Tensor, style: Tensor, up: bool = False, demodulate: bool = True) -> Tensor:
    """Section 2.2: the weights are scaled by the style, each output's are brought to unit length, and applied."""
    count, (outputs, inputs, side, _) = len(x), weight.shape
    weights = weight[None] * style[:, None, :, None, None]  # (n, outputs, inputs, k, k)
    if demodulate:
        weights = weights * (weights.square().sum(dim=[2, 3, 4], keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, count * inputs, *x.shape[2:])
    if up:
        weights = weights.transpose(1, 2).reshape(count * inputs, outputs, side, side)
        x = upfirdn(F.conv_transpose2d(x, weights, stride=2, groups=count), up=1, before=1, after=1, gain=4)
    else:
        x = F.conv2d(x, weights.reshape(count * outputs, inputs, side, side), padding=side // 2, groups=count)
    return x.reshape(count, outputs, *x.shape[2:])


class Textbook(nn.Module):
    """ws (n, num_ws, w_dim) to pictures (n, 3, h, w)."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        self.tensors = {name: tensor.clone() for name, tensor in tensors.items()}
        self.sides = sorted(int(name.split(".")[1][1:]) for name in tensors if name.endswith("torgb.weight"))

    def style(self, layer: str, w: Tensor) -> Tensor:
        weight = self.tensors[f"{layer}.affine.weight"]
        return torch.addmm(self.tensors[f"{layer}.affine.bias"][None], w, (weight / weight.shape[1] ** 0.5).t())

    def layer(self, name: str, x: Tensor, w: Tensor, up: bool) -> Tensor:
        x = modulated_conv(x, self.tensors[f"{name}.weight"], self.style(name, w), up)
        x = x + self.tensors[f"{name}.noise_const"] * self.tensors[f"{name}.noise_strength"]
        x = x + self.tensors[f"{name}.bias"].reshape(1, -1, 1, 1)
        return F.leaky_relu(x, 0.2) * 2**0.5

    def colours(self, name: str, x: Tensor, w: Tensor) -> Tensor:
        weight = self.tensors[f"{name}.weight"]
        x = modulated_conv(x, weight, self.style(name, w) / weight.shape[1] ** 0.5, demodulate=False)
        return x + self.tensors[f"{name}.bias"].reshape(1, -1, 1, 1)

    def forward(self, ws: Tensor) -> Tensor:
        rows = list(ws.unbind(dim=1))
        x = self.tensors["synthesis.b4.const"][None].repeat(len(ws), 1, 1, 1)
        x = self.layer("synthesis.b4.conv1", x, rows[0], up=False)
        picture = self.colours("synthesis.b4.torgb", x, rows[1])
        for level, side in enumerate(self.sides[1:], 1):
            x = self.layer(f"synthesis.b{side}.conv0", x, rows[2 * level - 1], up=True)
            x = self.layer(f"synthesis.b{side}.conv1", x, rows[2 * level], up=False)
            picture = upfirdn(picture, up=2, before=2, after=1, gain=4)
            picture = picture + self.colours(f"synthesis.b{side}.torgb", x, rows[2 * level + 1])
        return picture


def textbook(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """ws (num_ws, w_dim) to uint8 (h, w, 3), by the weights of `network`."""
    model = Textbook(network.state_dict())

    def draw(ws: Tensor) -> Tensor:
        picture: Tensor = model(ws[None])
        return (picture.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8)[0]

    return draw
