"""What the two networks of adversarial training are asked to make small.

The non-saturating logistic loss (Goodfellow et al. 2014, section 3), R1 (Mescheder et al. 2018, 1801.04406, equation
9), path-length regularisation (Karras et al. 2020, 1912.04958, section 3.2), style mixing (1812.04948, section 3.1).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def fooled(fake: Tensor) -> Tensor:
    """The generator's loss: mean of -log sigmoid(D(fake)), for the discriminator's words (n,)."""
    return F.softplus(-fake).mean()


def judged(real: Tensor) -> Tensor:
    """The discriminator's loss on real pictures: mean of -log sigmoid(D(real))."""
    return F.softplus(-real).mean()


def seen_through(fake: Tensor) -> Tensor:
    """The discriminator's loss on made pictures: mean of -log(1 - sigmoid(D(fake)))."""
    return F.softplus(fake).mean()


def r1(words: Tensor, pictures: Tensor) -> Tensor:
    """The mean over pictures of the squared length of the gradient of D at each, float32; can be learnt from.

    `pictures` (n, c, h, w) asked for gradients when D said `words` (n,). The penalty is gamma / 2 times this.
    """
    (gradient,) = torch.autograd.grad(words.sum(), pictures, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()


def path_lengths(pictures: Tensor, ws: Tensor, noise: Tensor) -> Tensor:
    """How far each picture moves for a step of its w, (n,): |J_w^T y| for y = noise / sqrt(h w); can be learnt from.

    `ws` is (n, num_ws, w_dim): the length is over w_dim, its square averaged over the rows. `noise` is standard normal,
    as large as `pictures`.
    """
    scale = 1 / math.sqrt(pictures.shape[2] * pictures.shape[3])
    (gradient,) = torch.autograd.grad((pictures * noise).sum() * scale, ws, create_graph=True)
    return gradient.float().square().sum(dim=2).mean(dim=1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> Tensor:
    """The mean of (length - mean)^2; `mean` is the running one, not learnt from."""
    return (lengths - mean.detach()).square().mean()


def mixed(w: Tensor, other: Tensor, cut: Tensor, num_ws: int) -> Tensor:
    """Rows for synthesis (n, num_ws, w_dim): those before `cut` (n,) from w (n, w_dim), the rest from `other`."""
    rows = torch.arange(num_ws, device=w.device)
    return torch.where((rows < cut[:, None])[:, :, None], w[:, None], other[:, None])


def cuts(count: int, num_ws: int, mixing: float, chance: torch.Generator) -> Tensor:
    """Where `count` pictures change from one w to another, (n,) from 1 to num_ws; num_ws is not at all."""
    device = chance.device
    where = torch.randint(1, max(num_ws, 2), (count,), generator=chance, device=device)
    often = torch.rand(count, generator=chance, device=device) < mixing
    return where.where(often, torch.full_like(where, num_ws))
