"""Paired training: regression of a generator on the motifs' pictures of the same latent and class.

Adversarial training needs days on two CPU cores, regression an hour or two: every picture has an exact target, so the
latent cannot be ignored. Resolution grows during training (1710.10196), and the loss compares an image pyramid. A
network trained by regression is called distilled.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.training.generator import init_generator, synthesize
from livegan.training.muon import Muon
from livegan.training.pairs import Pairs
from livegan.training.settings import Settings

STAGES = (0.4, 0.35, 0.25)  # shares of the run at a quarter of the height, at half of it, and at all of it
PYRAMID_LEVELS = 4  # the picture and three smaller ones
MIN_STAGE_SIDE = 64  # height of the first pictures [px]
WARMUP_PICTURES = 500  # until the learning rate is at its full value
MAPPING_LR = 20.0  # times the learning rate, beside the mapping network's own multiplier of 0.01
W_AVG_KEEP = 0.998  # of the average w, a step
FINAL_LR = 0.02  # times the learning rate, at the end of the cosine schedule


PairsOfSize = Callable[[tuple[int, int]], Pairs]
"""The pairs of pictures of a height and a width [px]; the latents are the same at every size."""


class PairedTrainer:
    """Trainer by regression on pairs of latents and pictures."""

    def __init__(self, settings: Settings, pairs: PairsOfSize, start: StyleGAN2 | None = None) -> None:
        """`start` is a network to fine-tune; None: a new one of the settings' shape."""
        self.settings, self.pairs = settings, pairs
        shape = settings.shape(len(NAMES))
        self.network = start or init_generator(shape, settings.seed)
        self.average = StyleGAN2(shape)
        self.shown = 0
        self.whole = start is not None  # a transferred network begins at full resolution
        if start is None:
            self._zero_later_levels(shape.levels)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average.load_state_dict(self.network.state_dict())
        self.dtype = settings.dtype
        kinds: dict[str, list[Tensor]] = {"mapping": [], "kernels": [], "rest": []}
        for name, value in self.network.named_parameters():
            kernel = value.dim() == 4 and value.shape[-1] > 1
            kinds["mapping" if name.startswith("mapping.fc") else "kernels" if kernel else "rest"].append(value)
        groups = [{"params": kinds["rest"], "gain": 1.0}, {"params": kinds["mapping"], "gain": MAPPING_LR}]
        self.adam = torch.optim.Adam(groups, lr=settings.lr, betas=(0.9, settings.beta2), fused=True)
        self.muon = Muon(kinds["kernels"], settings.lr)

    def _zero_later_levels(self, levels: int) -> None:
        """Zero the ToRGBs of resolutions that are trained later."""
        with torch.no_grad():
            for level in range(levels):
                colours = self.network.synthesis.block(level).torgb
                assert colours is not None
                if level >= self.stages()[0]:
                    colours.weight.zero_()

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
        loss.backward()  # type: ignore[no-untyped-call]
        rate = self.rate()
        for optimizer in (self.adam, self.muon):
            for group in optimizer.param_groups:
                group["lr"] = settings.lr * rate * group["gain"]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.shown += count
        self._update_ema(w.detach())
        return {"loss": float(loss.detach()), "side": float(settings.size_at(levels)[0]), "rate": rate}

    def picture(self, network: StyleGAN2, z: Tensor, classes: Tensor, levels: int) -> tuple[Tensor, Tensor]:
        """Pictures of so many `levels` of `network`, (n, 3, h, w), and their w, (n, w_dim)."""
        w = network.map(z, F.one_hot(classes, len(NAMES)).float())
        ws = w[:, None].expand(-1, network.num_ws, -1)
        return synthesize(network, ws, self.dtype, levels=levels), w

    def rate(self) -> float:
        """Factor of the learning rate: linear warm-up, then a cosine schedule."""
        done = min(self.shown / (self.settings.kimg * 1000), 1.0)
        return min(1.0, (self.shown + 1) / WARMUP_PICTURES) * (
            FINAL_LR + (1 - FINAL_LR) * 0.5 * (1 + math.cos(math.pi * done))
        )

    def _update_ema(self, w: Tensor) -> None:
        half = min(self.settings.ema_kimg * 1000, self.shown * self.settings.ema_rampup)
        keep = 0.5 ** (self.settings.batch / max(half, 1e-3))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)
            self.network.w_avg.lerp_(w.mean(dim=0), 1 - W_AVG_KEEP)
            self.average.w_avg.copy_(self.network.w_avg)

    def state(self) -> dict[str, Any]:
        """A copy of everything that `restore` needs."""
        live = {
            "shown": self.shown,
            "whole": self.whole,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "adam": self.adam.state_dict(),
            "muon": self.muon.state_dict(),
        }
        return copy.deepcopy(live)

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`; TrainingError if it is that of another network."""
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.adam.load_state_dict(state["adam"])
            self.muon.load_state_dict(state["muon"])
            self.shown, self.whole = int(state["shown"]), bool(state.get("whole", False))
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise TrainingError(f"the checkpoint is not of this network: {reason}") from error

    def close(self) -> None:
        """Nothing to release."""


def stages(settings: Settings) -> tuple[int, int, int]:
    """Levels of the network that are trained in each stage, from MIN_STAGE_SIDE px up."""
    levels = len(settings.channels)
    least = next((count for count in range(1, levels) if settings.size_at(count)[0] >= MIN_STAGE_SIDE), levels)
    return max(least, levels - 2), max(least, levels - 1), levels


def pyramid_loss(picture: Tensor, target: Tensor) -> Tensor:
    """L1 loss summed over the levels of an image pyramid."""
    total = F.l1_loss(picture, target)
    for _ in range(PYRAMID_LEVELS - 1):
        picture, target = F.avg_pool2d(picture, 2), F.avg_pool2d(target, 2)
        total = total + F.l1_loss(picture, target)
    return total
