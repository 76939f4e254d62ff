"""Paired training: regression of a generator on the motifs' pictures of the same latent and class.

Adversarial training needs days on two CPU cores, regression an hour or two: every picture has an exact target, so the
latent cannot be ignored. Resolution grows during training (1710.10196), and the loss compares an image pyramid. A
network trained by regression is called distilled.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.motifs.draw import NAMES
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.training.generator import init_generator, synthesize
from livegan.training.pairs import Pairs
from livegan.training.regression import Regression, pyramid_loss
from livegan.training.settings import Settings

STAGES = (0.4, 0.35, 0.25)  # shares of the run at a quarter of the height, at half of it, and at all of it
MIN_STAGE_SIDE = 64  # height of the first pictures [px]
W_AVG_KEEP = 0.998  # of the average w, a step


PairsOfSize = Callable[[tuple[int, int]], Pairs]
"""The pairs of pictures of a height and a width [px]; the latents are the same at every size."""


class PairedTrainer(Regression):
    """Trainer by regression on pairs of latents and pictures."""

    def __init__(self, settings: Settings, pairs: PairsOfSize, start: StyleGAN2 | None = None) -> None:
        """`start` is a network to fine-tune; None: a new one of the settings' shape."""
        self.pairs = pairs
        self.whole = start is not None  # a transferred network begins at full resolution
        network = start or init_generator(settings.shape(len(NAMES)), settings.seed)
        if start is None:
            _zero_later_levels(network, stages(settings)[0])
        super().__init__(settings, network)

    def stages(self) -> tuple[int, ...]:
        """Levels of the network that are trained, stage after stage."""
        return stages(self.settings)

    def levels(self) -> int:
        """How many levels are trained now."""
        done = self.shown / (self.settings.kimg * 1000)
        stage = 0 if done < STAGES[0] else 1 if done < STAGES[0] + STAGES[1] else 2
        return self.stages()[2 if self.whole else stage]

    def step(self) -> dict[str, float]:
        """Train on one batch; the loss, the height it was trained at, and the learning rate's factor."""
        settings = self.settings
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + self.shown)
        count = settings.batch
        classes = (torch.randperm(len(NAMES), generator=generator).repeat(-(-count // len(NAMES))))[:count]
        levels = self.levels()
        pairs = self.pairs(settings.size_at(levels))
        indices = torch.randint(pairs.each, (count,), generator=generator)
        z, target = pairs.batch(classes, indices)
        picture, w = self.picture(self.network, z, classes, levels)
        loss = pyramid_loss(picture, target)
        rate = self.descend(loss, count)
        with torch.no_grad():
            self.network.w_avg.lerp_(w.detach().mean(dim=0), 1 - W_AVG_KEEP)
            self.average.w_avg.copy_(self.network.w_avg)
        return {"loss": float(loss.detach()), "side": float(settings.size_at(levels)[0]), "rate": rate}

    def picture(self, network: StyleGAN2, z: Tensor, classes: Tensor, levels: int) -> tuple[Tensor, Tensor]:
        """Pictures of so many `levels` of `network`, (n, 3, h, w), and their w, (n, w_dim)."""
        w = network.map(z, F.one_hot(classes, len(NAMES)).float())
        ws = w[:, None].expand(-1, network.num_ws, -1)
        return synthesize(network, ws, self.dtype, levels=levels), w

    def state(self) -> dict[str, Any]:
        return super().state() | {"whole": self.whole}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.whole = bool(state.get("whole", False))

    def close(self) -> None:
        """Nothing to release."""


def stages(settings: Settings) -> tuple[int, int, int]:
    """Levels of the network that are trained in each stage, from MIN_STAGE_SIDE px up."""
    levels = len(settings.channels)
    least = next((count for count in range(1, levels) if settings.size_at(count)[0] >= MIN_STAGE_SIDE), levels)
    return max(least, levels - 2), max(least, levels - 1), levels


def _zero_later_levels(network: StyleGAN2, first: int) -> None:
    """Zero the ToRGBs from level `first` on, which are trained later."""
    with torch.no_grad():
        for level in range(first, network.shape.levels):
            colours = network.synthesis.block(level).torgb
            assert colours is not None
            colours.weight.zero_()
