"""Paired training: the network learns to draw what the motifs draw for the same latent and class.

Where an adversarial training needs days of two CPU cores, regression takes an hour or two: every picture says exactly
what was wanted, so the latent cannot be ignored. The sizes are learnt from small to large (1710.10196), and what is
compared is the picture and its halvings. A network made this way is called distilled.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.training.generator import draw, fresh
from livegan.training.muon import Muon
from livegan.training.pairs import Pairs
from livegan.training.settings import Settings

STAGES = (0.4, 0.35, 0.25)  # how the pictures of a run are shared out over a quarter of the side, half, all of it
HALVINGS = 4  # sizes compared: the picture and three smaller ones
SMALLEST = 64  # side of the first stage, at the least [px]
WARM = 500  # pictures until the learning rate is whole
MAPPING_LR = 20.0  # the mapping network's learning rate, beside its own multiplier of 0.01
W_AVG_KEEP = 0.998  # of the average w, a step
COOL = 0.02  # the learning rate ends at this share


class Paired:
    """A `Method`: regression on `pairs`."""

    def __init__(self, settings: Settings, pairs: Pairs, start: StyleGAN2 | None = None) -> None:
        """`start` is a network to go on from; else a fresh one of the settings' shape."""
        self.settings, self.pairs = settings, pairs
        shape = settings.shape(len(NAMES))
        self.network = start or fresh(shape, settings.seed)
        self.average = StyleGAN2(shape)
        self.shown = 0
        self.whole = start is not None  # what has learnt the smaller sizes begins with all of it
        if start is None:
            self._dark(shape.levels)
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

    def _dark(self, levels: int) -> None:
        """Sizes that are learnt later begin without light, so that they do not disturb."""
        with torch.no_grad():
            for level in range(levels):
                colours = self.network.synthesis.block(level).torgb
                assert colours is not None
                if 4 << level > SMALLEST:
                    colours.weight.zero_()

    def side(self) -> int:
        """The side that is learnt now [px]."""
        done, side = self.shown / (self.settings.kimg * 1000), self.settings.side
        if self.whole:
            return side
        stage = 0 if done < STAGES[0] else 1 if done < STAGES[0] + STAGES[1] else 2
        return max(min(SMALLEST, side), side >> (2 - stage))

    def step(self) -> dict[str, float]:
        """One batch: the loss, and the side it was learnt at."""
        settings = self.settings
        chance = torch.Generator().manual_seed(settings.seed * 1_000_003 + self.shown)
        count = settings.batch
        classes = (torch.randperm(len(NAMES), generator=chance).repeat(-(-count // len(NAMES))))[:count]
        which = torch.randint(self.pairs.each, (count,), generator=chance)
        side = self.side()
        z, wanted = self.pairs.batch(classes, which, side)
        picture, w = self.picture(self.network, z, classes, side)
        loss = pyramid(picture, wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        rate = self.rate()
        for optimizer in (self.adam, self.muon):
            for group in optimizer.param_groups:
                group["lr"] = settings.lr * rate * group["gain"]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.shown += count
        self._average(w.detach())
        return {"loss": float(loss.detach()), "side": float(side), "rate": rate}

    def picture(self, network: StyleGAN2, z: Tensor, classes: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """What `network` draws at `side`, (n, 3, side, side), and from which w, (n, w_dim)."""
        w = network.map(z, F.one_hot(classes, len(NAMES)).float())
        ws = w[:, None].expand(-1, network.num_ws, -1)
        return draw(network, ws, self.dtype, levels=side.bit_length() - 2), w

    def rate(self) -> float:
        """Of the learning rate now: up at once, then down along a cosine."""
        done = min(self.shown / (self.settings.kimg * 1000), 1.0)
        return min(1.0, (self.shown + 1) / WARM) * (COOL + (1 - COOL) * 0.5 * (1 + math.cos(math.pi * done)))

    def _average(self, w: Tensor) -> None:
        half = min(self.settings.ema_kimg * 1000, self.shown * self.settings.ema_rampup)
        keep = 0.5 ** (self.settings.batch / max(half, 1e-3))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)
            self.network.w_avg.lerp_(w.mean(dim=0), 1 - W_AVG_KEEP)
            self.average.w_avg.copy_(self.network.w_avg)

    def state(self) -> dict[str, Any]:
        """Everything; see `Method`."""
        return {
            "shown": self.shown,
            "whole": self.whole,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "adam": self.adam.state_dict(),
            "muon": self.muon.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; TrainingError if it is the state of another network."""
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
        """Nothing is held."""


def pyramid(picture: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of the pictures and of their halvings, summed."""
    total = F.l1_loss(picture, wanted)
    for _ in range(HALVINGS - 1):
        picture, wanted = F.avg_pool2d(picture, 2), F.avg_pool2d(wanted, 2)
        total = total + F.l1_loss(picture, wanted)
    return total
