"""Image statistics: diversity, brightness, colourfulness, smoothness along latents."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.training.classify import to_signed

ARC_STEPS = 16


@dataclass(frozen=True, slots=True)
class ImageStats:
    """Statistics of the pictures of one class, generated or real."""

    accuracy: float | None  # 0..1; None: there are no classes
    taken_for: str  # the class they are most often mistaken for; empty: none
    diversity: float
    darkest: float  # least brightness
    brightness: float
    greyest: float  # least colourfulness
    colourfulness: float
    jump: float | None  # None: data cannot be moved along latents, motifs can


def diversity(pictures: Tensor) -> float:
    """Mean absolute difference of all pairs of uint8 pictures (n, 3, h, w), scaled to -1..1; 0 for one picture."""
    flat = to_signed(pictures).flatten(1)
    distances = F.pdist(flat, p=1) / flat.shape[1]
    return float(distances.mean()) if len(distances) else 0.0


def brightness(pictures: Tensor) -> Tensor:
    """Mean luma of each of the uint8 pictures (n, 3, h, w), 0..1 (ITU-R BT.601)."""
    return torch.einsum("nchw,c->nhw", pictures.float() / 255, torch.tensor([0.299, 0.587, 0.114])).mean(dim=(1, 2))


def colourfulness(pictures: Tensor) -> Tensor:
    """Colourfulness of each of the uint8 pictures (n, 3, h, w): 0 is grey (Hasler and Süsstrunk 2003, equation 5)."""
    red, green, blue = (pictures.float() / 255).flatten(2).unbind(dim=1)
    rg, yb = red - green, (red + green) / 2 - blue
    deviation = (rg.var(dim=1) + yb.var(dim=1)).sqrt()
    return deviation + 0.3 * (rg.mean(dim=1).square() + yb.mean(dim=1).square()).sqrt()


def arc(z_dim: int, seed: int, row: int = 0) -> Tensor:
    """Latents (ARC_STEPS + 1, z_dim) along a great-circle arc of norm sqrt(z_dim); each (seed, row) has its own."""
    generator = torch.Generator().manual_seed(1000 * seed + row)
    ends = F.normalize(torch.randn(2, z_dim, generator=generator), dim=1)
    angle = torch.acos((ends[0] @ ends[1]).clamp(-0.999, 0.999))
    t = torch.linspace(0, 1, ARC_STEPS + 1)[:, None]
    points = (torch.sin((1 - t) * angle) * ends[:1] + torch.sin(t * angle) * ends[1:]) / torch.sin(angle)
    latents: Tensor = points * z_dim**0.5
    return latents


def unevenness(pictures: Tensor) -> float:
    """Largest step between successive pictures over the mean step; 1 if nothing moves."""
    steps = (to_signed(pictures[1:]) - to_signed(pictures[:-1])).abs().mean(dim=(1, 2, 3))
    mean = float(steps.mean())
    return float(steps.max()) / mean if mean > 0 else 1.0
