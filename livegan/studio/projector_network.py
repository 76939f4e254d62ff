"""The network of a projector: a differentiable forward pass, statistics of w, and places to start from.

The place to start decides where a projection ends: in a network of several classes an optimiser hardly leaves the class
that it starts in. So the target is compared, small, with CANDIDATES pictures of random z of all classes, and the
nearest are compared with it in full. That costs as much as some ten steps, once.
"""

from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.types import Pixels
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.training.generator import plain_taps, synthesize
from livegan.training.perceptual import perceptual

STATISTICS, STATISTICS_SEED = 10_000, 123  # z whose w are averaged, as StyleGAN2's projector does
CANDIDATES, CANDIDATES_IN_FULL = 1024, 64  # the latter where a network draws no lower resolutions
NEAREST = 4  # that are compared in full
SMALL_PX = 32  # shorter side of candidates, at the least: at 16 px, one in five is of the wrong class
BATCH = 32


class ProjectorNetwork:
    """A network as a projector needs it."""

    def __init__(self, net: StyleNet, device: str = "cpu") -> None:
        """`net` moves to `device`."""
        self.net, self.device = net.to(device), device
        self.rows, self.dim, self.resolution = net.num_ws, net.w_dim, net.resolution
        shape = net.shape if isinstance(net, StyleGAN2) else None
        self._fast = shape is not None and shape.architecture == "skip" and plain_taps(shape.taps)
        self.has_noise = self._fast and shape is not None and shape.noise  # that can be optimised

    def draw(self, ws: Tensor, noise: list[Tensor] | None = None, levels: int | None = None) -> Tensor:
        """ws (n, rows, dim) to RGB (n, 3, h, w), -1..1, not clipped; differentiable.

        `noise`: planes (n, 1, h, w) of each convolution instead of the network's own; with `levels`, the picture of so
        many levels (`small_levels`).
        """
        net = self.net
        if self._fast and isinstance(net, StyleGAN2):
            return self._rgb(synthesize(net, ws, noise=noise or self._planes, levels=levels))
        return self._rgb(net.synthesize(ws))

    def pixels(self, ws: Tensor, noise: list[Tensor] | None = None) -> list[Pixels]:
        """The pictures of ws (n, rows, dim), uint8 (h, w, 3), as the reference forward draws them."""
        with torch.inference_mode():
            if noise is not None:
                return [to_pixels(picture).cpu().numpy() for picture in self.draw(ws, noise)]
            pictures = [self.net.synthesize(row[None])[0] for row in ws]
        return [to_pixels(picture, self.net.span).cpu().numpy() for picture in pictures]

    def noise_planes(self, count: int) -> list[Tensor]:
        """The network's own noise for `count` pictures, (count, 1, h, w) each."""
        return [plane.repeat(count, 1, 1, 1) for plane in self._planes or []]

    @cached_property
    def _planes(self) -> list[Tensor] | None:
        if not self.has_noise or not isinstance(self.net, StyleGAN2):
            return None
        return [layer.noise_plane()[None, None] for layer in self.net.synthesis.layers()]

    @cached_property
    def samples(self) -> Tensor:
        """STATISTICS random w (n, dim), of all classes in turn."""
        z = np.random.RandomState(STATISTICS_SEED).randn(STATISTICS, self.net.z_dim).astype(np.float32)
        classes = torch.zeros(STATISTICS, self.net.c_dim)
        if self.net.c_dim:
            classes[torch.arange(STATISTICS), torch.arange(STATISTICS) % self.net.c_dim] = 1
        with torch.inference_mode(False), torch.no_grad():
            return self.net.map(torch.from_numpy(z).to(self.device), classes.to(self.device))

    @cached_property
    def mean(self) -> Tensor:
        """The average w, (dim,)."""
        return self.samples.mean(dim=0)

    @cached_property
    def deviation(self) -> float:
        """Standard deviation of w as StyleGAN2's projector takes it: of the whole vector, not of a coordinate."""
        return float((self.samples - self.mean).square().sum(dim=1).mean().sqrt())

    @property
    def coordinate_deviation(self) -> float:
        """Standard deviation of one coordinate of w, the root mean square over all."""
        return self.deviation / float(self.dim**0.5)

    @cached_property
    def small_levels(self) -> int | None:
        """How many levels draw candidates; None: all."""
        return self.levels_of(SMALL_PX)

    def levels_of(self, shorter_px: int) -> int | None:
        """How many levels draw pictures whose shorter side is no less than that; None: all."""
        net = self.net
        if not self._fast or not isinstance(net, StyleGAN2):
            return None
        sides = [min(side) for side in net.shape.resolutions]
        return next((level + 1 for level, side in enumerate(sides) if side >= shorter_px), None)

    @cached_property
    def _candidates(self) -> tuple[Tensor, Tensor, tuple[int, int]]:
        """w (n, dim), features of their small pictures (n, d), and the size of these."""
        count = CANDIDATES if self.small_levels else CANDIDATES_IN_FULL
        ws = self.samples[:count]
        height, width = self.resolution
        scale = max(1, min(height, width) // SMALL_PX)
        size, parts, compare = (0, 0), [], perceptual("pixels")
        with torch.no_grad():
            for part in torch.split(ws, BATCH if self.small_levels else 1):
                pictures = self.draw(part[:, None].expand(-1, self.rows, -1), levels=self.small_levels)
                if not self.small_levels:
                    pictures = F.adaptive_avg_pool2d(pictures, (max(height // scale, 1), max(width // scale, 1)))
                size = (pictures.shape[2], pictures.shape[3])
                parts.append(compare.features(pictures.clamp(-1, 1)))
        return ws, torch.cat(parts), size

    def nearest(self, targets: Tensor) -> Tensor:
        """For each target (n, 3, h, w) the w of the pictures most like it, (n, NEAREST, dim)."""
        ws, features, size = self._candidates
        goals = perceptual("pixels").features(F.adaptive_avg_pool2d(targets, size))
        return ws[torch.cdist(goals, features).topk(NEAREST, dim=1, largest=False).indices]

    def _rgb(self, pictures: Tensor) -> Tensor:
        """Pictures of 1, 3 or 4 colours in the network's range to RGB in -1..1, transparent ones on black."""
        black, white = self.net.span
        if (black, white) != (-1.0, 1.0):
            pictures = (pictures - black) * (2 / (white - black)) - 1
        if pictures.shape[1] == 4:
            return (pictures[:, :3] + 1) * (pictures[:, 3:].clamp(-1, 1) + 1) / 2 - 1
        return pictures.expand(-1, 3, -1, -1)


def to_targets(pictures: list[Pixels], device: str = "cpu") -> Tensor:
    """uint8 (h, w, 3) each to (n, 3, h, w), -1..1, such that `to_pixels` gives the bytes back."""
    stacked: NDArray[np.uint8] = np.stack(pictures)
    return (torch.from_numpy(stacked).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous()
