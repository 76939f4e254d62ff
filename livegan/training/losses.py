"""What the two networks of adversarial training are asked to make small.

The non-saturating logistic loss (Goodfellow et al. 2014, section 3), R1 (Mescheder et al. 2018, 1801.04406, equation
9), path-length regularisation (Karras et al. 2020, 1912.04958, section 3.2), style mixing (1812.04948, section 3.1).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

GROW_AFTER = 1000  # steps without an overflow until a loss is made louder


class Scale:
    """How much louder a loss is made, so that its small gradients are not lost in float16; powers of two only."""

    def __init__(self, most: float) -> None:
        """Begins at `most`, and is never above it; 1 changes nothing."""
        self.most = self.by = most
        self.good = 0  # steps since it last changed

    def undo(self, gradients: Sequence[Tensor]) -> bool:
        """Divide the gradients, in place; False where one overflowed: then they are nothing to learn from.

        It halves where they overflow, and doubles when that has not happened for a while. At 1 it is always True:
        what is not finite then is not for being loud.
        """
        if self.most == 1:
            return True
        whole = all(torch.stack([gradient.isfinite().all() for gradient in gradients]).tolist())
        if not whole and self.by > 1:
            self.by, self.good = self.by / 2, 0
            return False
        torch._foreach_mul_(list(gradients), 1 / self.by)
        self.good += 1
        if self.good >= GROW_AFTER:
            self.by, self.good = min(self.by * 2, self.most), 0
        return True

    def state(self) -> dict[str, Any]:
        """Everything that changes."""
        return {"by": self.by, "good": self.good}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from there, as far as this one may be as loud."""
        self.by, self.good = min(float(state["by"]), self.most), int(state["good"])


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
