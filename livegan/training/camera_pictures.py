"""Pictures as an encoder meets them outside: blurred, noisy, changed, or drawn by no network at all.

What a camera spoils has to be undone, so the encoder learns the w of the picture before it. What is another picture has
no w: there it learns to come close in the picture. Dead leaves, discs that hide each other, have the edges and the
spectrum of photographs (Lee, Mumford, Huang 2001, "Occlusion models for natural images"), and are enough to learn to
see by (Baradad et al. 2021, 2106.05963).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.training.augment import augment, plan

BLUR_PX = 1.5  # deviation of the widest Gaussian, of pictures of 64 lines
NOISE = 0.15  # deviation of the strongest noise
LEAVES = 40
CHANGED = 0.6  # probability of each transform of a changed picture


def spoilt(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images (n, c, h, w), -1..1, each blurred and noisy to a degree of its own; a third are as they were."""
    count, colours, height, width = images.shape
    dice = torch.rand(3, count, generator=generator)
    strength = (dice[0] > 1 / 3).float()
    sigma = (0.05 + BLUR_PX * height / 64 * dice[1] * strength).to(images.device)
    reach = max(1, round(2 * BLUR_PX * height / 64))
    places = torch.arange(-reach, reach + 1, device=images.device)
    lines = torch.exp(-0.5 * (places / sigma[:, None]) ** 2)  # (n, 2 reach + 1)
    lines = (lines / lines.sum(1, keepdim=True)).to(images.dtype).repeat_interleave(colours, 0)[:, None, None]
    x = F.pad(images.reshape(1, count * colours, height, width), (reach,) * 4, mode="reflect")
    x = F.conv2d(F.conv2d(x, lines, groups=count * colours), lines.transpose(2, 3), groups=count * colours)
    noise = torch.randn(images.shape, generator=generator).to(images)
    level = (NOISE * dice[2] ** 2 * strength).to(images)[:, None, None, None]
    return (x.view_as(images) + level * noise).clamp(-1, 1)


def changed(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images (n, c, h, w) in other colours, turned, cut or moved: pictures that look like the network's and are not."""
    return augment(images, plan(len(images), (images.shape[2], images.shape[3]), CHANGED, generator)).clamp(-1, 1)


def dead_leaves(count: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Pictures (n, 3, *size), -1..1, of discs that hide each other, from far to near, in a few colours each."""
    height, width = size
    down = torch.arange(height, dtype=torch.float32)[:, None] / height
    across = torch.arange(width, dtype=torch.float32)[None] / height
    palette = torch.rand(count, 4, 3, generator=generator) * 2 - 1
    x = palette[:, 0, :, None, None].expand(-1, -1, height, width)
    dice = torch.rand(LEAVES, count, 3, generator=generator)
    chosen = torch.randint(4, (LEAVES, count), generator=generator)
    shade = torch.randn(LEAVES, count, 3, generator=generator) * 0.15
    for leaf in range(LEAVES):
        radius = 0.04 / (0.06 + 0.94 * dice[leaf, :, 2])  # few large ones, many small ones
        middle = dice[leaf, :, :2] * torch.tensor([1.0, width / height])
        away = (down - middle[:, 0, None, None]) ** 2 + (across - middle[:, 1, None, None]) ** 2
        colour = palette[torch.arange(count), chosen[leaf]] + shade[leaf]
        x = torch.where((away < radius[:, None, None] ** 2)[:, None], colour[:, :, None, None], x)
    return x.clamp(-1, 1)
