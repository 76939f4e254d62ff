"""GAN losses and regularisers.

The non-saturating logistic loss (Goodfellow et al. 2014, section 3), R1 (Mescheder et al. 2018, 1801.04406, equation
9), path-length regularisation (Karras et al. 2020, 1912.04958, section 3.2), style mixing (1812.04948, section 3.1).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

GROW_AFTER = 1000  # steps without an overflow until the factor is doubled


class LossScaler:
    """Dynamic loss scaling for float16: keeps small gradients from underflowing; powers of two only."""

    def __init__(self, maximum: float) -> None:
        """The factor begins at `maximum` and is never above it; 1 changes nothing."""
        self.maximum = self.factor = maximum
        self.good_steps = 0  # since the factor last changed

    def unscale(self, gradients: Sequence[Tensor]) -> bool:
        """Divide the gradients by the factor, in place; False if one overflowed: then the step is to be skipped.

        An overflow halves the factor; GROW_AFTER steps without one double it. With a maximum of 1 always True: values
        that are not finite then do not come from scaling.
        """
        if self.maximum == 1:
            return True
        finite = all(torch.stack([gradient.isfinite().all() for gradient in gradients]).tolist())
        if not finite and self.factor > 1:
            self.factor, self.good_steps = self.factor / 2, 0
            return False
        torch._foreach_mul_(list(gradients), 1 / self.factor)
        self.good_steps += 1
        if self.good_steps >= GROW_AFTER:
            self.factor, self.good_steps = min(self.factor * 2, self.maximum), 0
        return True

    def state(self) -> dict[str, Any]:
        return {"by": self.factor, "good": self.good_steps}  # names as in checkpoints

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from `state`, within this scaler's maximum."""
        self.factor, self.good_steps = min(float(state["by"]), self.maximum), int(state["good"])


def generator_loss(fake_logits: Tensor) -> Tensor:
    """Non-saturating generator loss: mean of -log sigmoid(D(fake)), for logits (n,)."""
    return F.softplus(-fake_logits).mean()


def discriminator_loss_real(real_logits: Tensor) -> Tensor:
    """Discriminator loss on real pictures: mean of -log sigmoid(D(real))."""
    return F.softplus(-real_logits).mean()


def discriminator_loss_fake(fake_logits: Tensor) -> Tensor:
    """Discriminator loss on generated pictures: mean of -log(1 - sigmoid(D(fake)))."""
    return F.softplus(fake_logits).mean()


def r1(logits: Tensor, pictures: Tensor) -> Tensor:
    """R1 penalty: mean over pictures of the squared norm of the gradient of D at each, float32; differentiable.

    `pictures` (n, c, h, w) required gradients when D gave `logits` (n,). The regulariser is gamma / 2 times this.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()


def path_lengths(pictures: Tensor, ws: Tensor, noise: Tensor) -> Tensor:
    """Path lengths (n,): |J_w^T y| for y = noise / sqrt(h w), how far a picture moves for a step of w; differentiable.

    `ws` is (n, num_ws, w_dim): the norm is over w_dim, its square averaged over the rows. `noise` is standard normal,
    of the shape of `pictures`.
    """
    scale = 1 / math.sqrt(pictures.shape[2] * pictures.shape[3])
    (gradient,) = torch.autograd.grad((pictures * noise).sum() * scale, ws, create_graph=True)
    return gradient.float().square().sum(dim=2).mean(dim=1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> Tensor:
    """Path-length penalty: mean of (length - mean)^2; `mean` is the running mean, detached."""
    return (lengths - mean.detach()).square().mean()


def mix_styles(w: Tensor, other: Tensor, cut: Tensor, num_ws: int) -> Tensor:
    """Style mixing: ws (n, num_ws, w_dim) with rows before `cut` (n,) from w (n, w_dim), the rest from `other`."""
    rows = torch.arange(num_ws, device=w.device)
    return torch.where((rows < cut[:, None])[:, :, None], w[:, None], other[:, None])


def mixing_cutoffs(count: int, num_ws: int, mixing: float, generator: torch.Generator) -> Tensor:
    """Style mixing cutoffs (count,): rows from which the second w is used, 1..num_ws; num_ws is no mixing."""
    device = generator.device
    where = torch.randint(1, max(num_ws, 2), (count,), generator=generator, device=device)
    often = torch.rand(count, generator=generator, device=device) < mixing
    return where.where(often, torch.full_like(where, num_ws))
