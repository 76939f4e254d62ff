"""Adversarial losses by name, and the gradient penalty of WGAN-GP (Gulrajani et al. 2017, 1704.00028).

wasserstein      D: fake - real                          G: -fake           (1701.07875)
hinge            D: max(0, 1 + fake) + max(0, 1 - real)  G: -fake           (1705.02894)
non-saturating   D: softplus(fake) + softplus(-real)     G: softplus(-fake) (1406.2661)
classic          D: the same                             G: -softplus(fake)
"""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 + fake).mean() + F.relu(1 - real).mean()


def _cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(fake).mean() + F.softplus(-real).mean()


CRITIC_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {  # of logits of real and fake
    "wasserstein": lambda real, fake: fake.mean() - real.mean(),
    "hinge": _hinge,
    "non-saturating": _cross_entropy,
    "classic": _cross_entropy,
}
GENERATOR_LOSSES: Mapping[str, Callable[[Tensor], Tensor]] = {  # of logits of fake
    "wasserstein": lambda fake: -fake.mean(),
    "hinge": lambda fake: -fake.mean(),
    "non-saturating": lambda fake: F.softplus(-fake).mean(),
    "classic": lambda fake: -F.softplus(fake).mean(),
}


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """Mean of (|gradient of the critic| - 1)^2 at random places between pairs of real and fake.

    Differentiable with respect to the critic's weights. Random numbers come from torch's global generator.
    """
    share = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach(), real, share).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty: Tensor = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    return penalty
