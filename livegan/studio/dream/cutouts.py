"""Cutouts: many views of one picture, each of the size that CLIP looks at (VQGAN-CLIP's cut methods)."""

from collections.abc import Sequence
from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.studio.dream.augments import augments_of
from livegan.studio.dream.rng import Rng

POOLED = ("latest", "updatedpooling")  # methods that look at the whole picture; the others at random squares
NOISE = 0.1  # the largest standard deviation of a cutout's noise
LOBES = 2  # of the Lanczos window


class Cutouts:
    """Cutouts of one method. Differentiable; the same generator gives the same cutouts."""

    def __init__(self, size: int, count: int, method: str = "latest", power: float = 1.0, augments: Sequence[str] = ()):
        """`size`: of a cutout's sides [px]; `power`: above 1 smaller squares, below 1 larger ones."""
        self.size, self.count, self.method, self.power = size, count, method, power
        self._augments = augments_of(method, augments)

    def __call__(self, picture: Tensor, rng: Rng) -> Tensor:
        """Cutouts (count, 3, size, size) of a picture (1, 3, h, w), 0..1; noise may leave that range."""
        batch = pooled(picture, self.size).expand(self.count, -1, -1, -1)
        if self.method not in POOLED:
            batch = torch.cat([self._square(picture, rng) for _ in range(self.count)])
        if self.method == "original":
            return clamp_with_gradient(batch, 0, 1)
        for augment in self._augments:
            batch = augment(batch, rng)
        return batch + rng.uniform(len(batch), 1, 1, 1, high=NOISE) * rng.normal(*batch.shape)

    def _square(self, picture: Tensor, rng: Rng) -> Tensor:
        """A random square: its side is U^power * (max - min) + min, the smaller side of the picture at most."""
        height, width = picture.shape[2:]
        largest = min(height, width)
        smallest = min(largest, self.size)
        side = int(float(rng.uniform(1)) ** self.power * (largest - smallest) + smallest)
        left, top = rng.below(width - side + 1), rng.below(height - side + 1)
        return resample(picture[:, :, top : top + side, left : left + side], self.size)


def pooled(picture: Tensor, size: int) -> Tensor:
    """The whole picture at the size of a cutout: half its average, half its maximum, of each place."""
    return (F.adaptive_avg_pool2d(picture, size) + F.adaptive_max_pool2d(picture, size)) / 2


def resample(picture: Tensor, size: int) -> Tensor:
    """A picture (1, c, h, w) at size x size: low-pass of Lanczos where it gets smaller, then bicubic."""
    channels = picture.shape[1]
    for dim in (2, 3):
        side = picture.shape[dim]
        if size < side:
            kernel = lanczos(size / side, picture)
            pad = len(kernel) // 2
            shape = (channels, 1, -1, 1) if dim == 2 else (channels, 1, 1, -1)
            edges = (0, 0, pad, pad) if dim == 2 else (pad, pad, 0, 0)
            weights = kernel.view(1, 1, *shape[2:]).expand(channels, -1, -1, -1)
            picture = F.conv2d(F.pad(picture, edges, "reflect"), weights, groups=channels)
    return F.interpolate(picture, (size, size), mode="bicubic", align_corners=True)


def lanczos(ratio: float, like: Tensor) -> Tensor:
    """Low-pass whose cutoff is `ratio` of the highest frequency, (odd,), its sum 1."""
    reach = ceil(LOBES / ratio + 1) - 2
    x = torch.arange(-reach, reach + 1, device=like.device, dtype=like.dtype) * ratio
    window = torch.where(x.abs() < LOBES, torch.sinc(x) * torch.sinc(x / LOBES), torch.zeros_like(x))
    return window / window.sum()


class _ClampWithGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values, low, high):  # type: ignore[no-untyped-def]
        ctx.low, ctx.high = low, high
        ctx.save_for_backward(values)
        return values.clamp(low, high)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        (values,) = ctx.saved_tensors
        outwards = gradient * (values - values.clamp(ctx.low, ctx.high))
        return gradient * (outwards >= 0), None, None


def clamp_with_gradient(values: Tensor, low: float, high: float) -> Tensor:
    """Clamped values, with the gradient where a step down it would bring a value back into the range, or keep it."""
    clamped: Tensor = _ClampWithGradient.apply(values, low, high)  # type: ignore[no-untyped-call]
    return clamped
