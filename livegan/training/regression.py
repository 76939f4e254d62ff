"""Training by regression: optimizers, learning rate, moving average and state that all its trainers share."""

import copy
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.training.muon import Muon
from livegan.training.settings import Settings

PYRAMID_LEVELS = 4  # the picture and three smaller ones
WARMUP_PICTURES = 500  # until the learning rate is at its full value
MAPPING_LR = 20.0  # times the learning rate, beside the mapping network's own multiplier of 0.01
FINAL_LR = 0.02  # times the learning rate, at the end of the cosine schedule


class Regression:
    """Network trained by regression: Muon for kernels, Adam for all else, and a moving average of the weights."""

    def __init__(self, settings: Settings, network: StyleGAN2, muon_from: int = 0) -> None:
        """Parameters of `network` that require no gradient stay as they are.

        Kernels below level `muon_from` are trained with Adam too: Muon takes long for the many channels there.
        """
        self.settings, self.network = settings, network
        self.average = StyleGAN2(network.shape).to(network.w_avg.device)
        self.shown = 0
        self.dtype = settings.dtype
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average.load_state_dict(self.network.state_dict())
        kinds: dict[str, list[Tensor]] = {"mapping": [], "kernels": [], "rest": []}
        low = tuple(f"synthesis.b{4 << level}." for level in range(muon_from))
        for name, value in self.network.named_parameters():
            if not value.requires_grad:
                continue
            kernel = value.dim() == 4 and value.shape[-1] > 1 and not name.startswith(low)
            kinds["mapping" if name.startswith("mapping.fc") else "kernels" if kernel else "rest"].append(value)
        groups: list[dict[str, Any]] = [{"params": kinds["rest"], "gain": 1.0}]
        if kinds["mapping"]:
            groups.append({"params": kinds["mapping"], "gain": MAPPING_LR})
        self.adam = torch.optim.Adam(groups, lr=settings.lr, betas=(0.9, settings.beta2), fused=True)
        self.muon = Muon(kinds["kernels"], settings.lr)

    def rate(self) -> float:
        """Factor of the learning rate: linear warm-up, then a cosine schedule."""
        return rate_factor(self.shown, self.settings)

    def descend(self, loss: Tensor, pictures: int) -> float:
        """One step along the gradients of `loss`, the mean over so many pictures; the learning rate's factor."""
        loss.backward()  # type: ignore[no-untyped-call]
        rate = self.rate()
        for optimizer in (self.adam, self.muon):
            for group in optimizer.param_groups:
                group["lr"] = self.settings.lr * rate * group["gain"]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.shown += pictures
        keep = average_keep(self.shown, pictures, self.settings)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)
        return rate

    def state(self) -> dict[str, Any]:
        """A copy of everything that `restore` needs."""
        live = {
            "shown": self.shown,
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
            self.shown = int(state["shown"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise TrainingError(f"the checkpoint is not of this network: {reason}") from error


def rate_factor(shown: int, settings: Settings) -> float:
    """Factor of the learning rate after so many pictures: linear warm-up, then a cosine schedule."""
    done = min(shown / (settings.kimg * 1000), 1.0)
    return min(1.0, (shown + 1) / WARMUP_PICTURES) * (FINAL_LR + (1 - FINAL_LR) * 0.5 * (1 + math.cos(math.pi * done)))


def average_keep(shown: int, pictures: int, settings: Settings) -> float:
    """What the moving average of the weights keeps at a step of so many `pictures`, after `shown` of them."""
    half = min(settings.ema_kimg * 1000, shown * settings.ema_rampup)
    return math.pow(0.5, pictures / max(half, 1e-3))


def pyramid_loss(picture: Tensor, target: Tensor) -> Tensor:
    """L1 loss summed over the levels of an image pyramid."""
    total = F.l1_loss(picture, target)
    for _ in range(PYRAMID_LEVELS - 1):
        picture, target = F.avg_pool2d(picture, 2), F.avg_pool2d(target, 2)
        total = total + F.l1_loss(picture, target)
    return total
