"""How pictures look, in numbers: what is different, light, colourful, even."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.training.classify import signed

ALONG = 16  # steps along an arc of latents


@dataclass(frozen=True, slots=True)
class Looks:
    """How the pictures of one class are, of a network or of the data."""

    accuracy: float | None  # 0..1; None: there are no classes to tell apart
    taken_for: str  # the class they are most often mistaken for; empty: none
    diversity: float
    darkest: float  # least brightness
    brightness: float
    greyest: float  # least colourfulness
    colourfulness: float
    jump: float | None  # None: data cannot be moved along latents, motifs can


def diversity(pictures: Tensor) -> float:
    """The mean absolute difference of all pairs of uint8 pictures (n, 3, h, w), taken as -1..1; of one picture 0."""
    flat = signed(pictures).flatten(1)
    apart = F.pdist(flat, p=1) / flat.shape[1]
    return float(apart.mean()) if len(apart) else 0.0


def brightness(pictures: Tensor) -> Tensor:
    """The mean light of each of the uint8 pictures (n, 3, h, w), 0..1 (ITU-R BT.601)."""
    return torch.einsum("nchw,c->nhw", pictures.float() / 255, torch.tensor([0.299, 0.587, 0.114])).mean(dim=(1, 2))


def colourfulness(pictures: Tensor) -> Tensor:
    """How colourful each of the uint8 pictures (n, 3, h, w) is: 0 is grey (Hasler and Süsstrunk 2003, equation 5)."""
    red, green, blue = (pictures.float() / 255).flatten(2).unbind(dim=1)
    one, other = red - green, (red + green) / 2 - blue
    spread = (one.var(dim=1) + other.var(dim=1)).sqrt()
    return spread + 0.3 * (one.mean(dim=1).square() + other.mean(dim=1).square()).sqrt()


def arc(z_dim: int, seed: int, row: int = 0) -> Tensor:
    """Latents (ALONG + 1, z_dim) in equal turns from one to another, both of usual length; each row has its own."""
    chance = torch.Generator().manual_seed(1000 * seed + row)
    ends = F.normalize(torch.randn(2, z_dim, generator=chance), dim=1)
    angle = torch.acos((ends[0] @ ends[1]).clamp(-0.999, 0.999))
    t = torch.linspace(0, 1, ALONG + 1)[:, None]
    between = (torch.sin((1 - t) * angle) * ends[:1] + torch.sin(t * angle) * ends[1:]) / torch.sin(angle)
    latents: Tensor = between * z_dim**0.5
    return latents


def unevenness(pictures: Tensor) -> float:
    """The largest step from one picture to the next beside the mean one; 1 where nothing moves."""
    steps = (signed(pictures[1:]) - signed(pictures[:-1])).abs().mean(dim=(1, 2, 3))
    mean = float(steps.mean())
    return float(steps.max()) / mean if mean > 0 else 1.0
