"""Binary neurons: outputs of 0 or 1 with a straight-through gradient (Bengio et al. 2013, 1308.3432).

As in BinaryMuseGAN (Dong and Yang 2018, 1804.09399): the output is a threshold (deterministic) or a coin (stochastic),
and the gradient is that of the sigmoid in its place (sigmoid-adjusted), whose slope rises in the course of training
(slope annealing, Chung et al. 2017, 1609.01704). Where a track has one note at a time, a step is one of its pitches or
a rest, and the same is done with the softmax.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

SLOPES = (1.0, 5.0)  # at the beginning and the end of training


def annealed_slope(progress: float) -> float:
    """The slope after so much of the training, 0..1."""
    first, last = SLOPES
    return first + (last - first) * min(max(progress, 0.0), 1.0)


def binary(logits: Tensor, slope: float = 1.0, stochastic: bool = False) -> Tensor:
    """0 or 1 for each of `logits`: where it is above 0, or, `stochastic`, with the probability of its sigmoid.

    The gradient is that of sigmoid(slope * logits). Random numbers come from torch's global generator.
    """
    soft = torch.sigmoid(slope * logits)
    hard = torch.rand_like(soft) < soft if stochastic else logits > 0
    return hard.to(soft.dtype) + (soft - soft.detach())


def one_of(logits: Tensor, slope: float = 1.0, stochastic: bool = False) -> Tensor:
    """One-hot along the last axis: the largest of `logits`, or one drawn with the probabilities of their softmax.

    The gradient is that of softmax(slope * logits). Random numbers come from torch's global generator.
    """
    soft = torch.softmax(slope * logits, dim=-1)
    if stochastic:
        chosen = torch.multinomial(soft.detach().flatten(0, -2), 1).view(soft.shape[:-1])
    else:
        chosen = logits.argmax(dim=-1)
    hard = F.one_hot(chosen, logits.shape[-1]).to(soft.dtype)
    return hard + (soft - soft.detach())
