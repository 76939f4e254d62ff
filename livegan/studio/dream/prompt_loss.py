"""Prompt loss: how far embeddings of cutouts are from a prompt's, as an angle, weighted (VQGAN-CLIP)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.studio.dream.prompts import NoisePrompt

CLOSEST_TO_ANTIPODES = 1 - 1e-6  # of half the chord, where arcsin has no slope


@dataclass(frozen=True, slots=True, eq=False)
class PromptLoss:
    """Prompt loss of one embedding, or of several views of a picture, (m, dim)."""

    embeddings: Tensor = field(repr=False)
    weight: float = 1.0
    stop: float = -float("inf")

    def __call__(self, views: Tensor) -> Tensor:
        """|weight| times the mean of sign(weight) d over cutouts (n, dim), no d below `stop`; no slope there."""
        sign = (self.weight > 0) - (self.weight < 0)
        distances: Tensor = spherical_distance(views, self.embeddings.to(views)) * sign
        loss: Tensor = abs(self.weight) * distances.clamp(min=self.stop).mean()
        return loss


def spherical_distance(left: Tensor, right: Tensor) -> Tensor:
    """2 arcsin(|a - b| / 2)^2 of every pair of directions (n, dim) and (m, dim): (n, m); 0 .. pi^2 / 2."""
    chord = F.normalize(left, dim=1)[:, None] - F.normalize(right, dim=1)[None]
    half: Tensor = (chord.norm(dim=2) / 2).clamp(max=CLOSEST_TO_ANTIPODES)
    return 2 * half.arcsin().square()


def noise_losses(prompts: Sequence[NoisePrompt], dim: int) -> list[PromptLoss]:
    """Losses of noise prompts: a standard normal embedding of each seed."""
    losses = []
    for prompt in prompts:
        generator = torch.Generator().manual_seed(prompt.seed)
        losses.append(PromptLoss(torch.empty(1, dim).normal_(generator=generator), prompt.weight))
    return losses
