"""Optimizers of VQGAN-CLIP, by name: torch's own, DiffGrad and AdamP; and their state as arrays.

DiffGrad: Dubey et al. 2019 (1909.11015), algorithm 1. AdamP: Heo et al. 2021 (2006.08217), algorithm 2.
"""

from collections.abc import Callable, Iterable, Mapping
from math import sqrt
from typing import Any, overload

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

PREFIX = "optimizer."  # of its state's names
DELTA, WD_RATIO = 0.1, 0.1  # of AdamP
DIFFGRAD_EPSILON, DIFFGRAD_DECAY = 1e-9, 1e-9  # as VQGAN-CLIP sets them


class _OwnOptimizer(Optimizer):
    """Optimizer of one formula per tensor; the moments decay by 0.9 and 0.999 a step (Kingma and Ba 2014)."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @overload
    def step(self, closure: None = ...) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step down the gradients that are there; a closure's loss before it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for value in group["params"]:
                if value.grad is not None:
                    self._update(value, value.grad, self.state[value], group)
        return loss

    def _update(self, value: Tensor, gradient: Tensor, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        raise NotImplementedError

    @staticmethod
    def _moments(gradient: Tensor, state: dict[str, Any], group: Mapping[str, Any]) -> tuple[Tensor, Tensor, int]:
        """Running means of the gradient and of its square with this one in them, and the number of the step."""
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
        beta1, beta2 = group["betas"]
        state["step"] += 1
        first, second = state["exp_avg"], state["exp_avg_sq"]
        first.lerp_(gradient, 1 - beta1)
        second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        return first, second, int(state["step"])


class DiffGrad(_OwnOptimizer):
    """DiffGrad: Adam whose step is smaller, by up to a half, where the gradient changes little."""

    def _update(self, value: Tensor, gradient: Tensor, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        if group["weight_decay"]:
            gradient = gradient.add(value, alpha=group["weight_decay"])
        before = state.get("previous_grad", torch.zeros_like(gradient))
        friction = torch.sigmoid((before - gradient).abs())
        state.pop("previous_grad", None)  # `_moments` begins where nothing is known
        first, second, step = self._moments(gradient, state, group)
        state["previous_grad"] = gradient.clone()
        beta1, beta2 = group["betas"]
        rate = group["lr"] * sqrt(1 - beta2**step) / (1 - beta1**step)
        value.addcdiv_(first * friction, second.sqrt().add_(group["eps"]), value=-rate)


class AdamP(_OwnOptimizer):
    """AdamP: Adam without the part of a step along weights that their gradient is orthogonal to (scale invariance)."""

    def _update(self, value: Tensor, gradient: Tensor, state: dict[str, Any], group: Mapping[str, Any]) -> None:
        first, second, step = self._moments(gradient, state, group)
        beta1, beta2 = group["betas"]
        denominator = (second.sqrt() / sqrt(1 - beta2**step)).add_(group["eps"])
        change, ratio = first / denominator, 1.0
        if value.dim() > 1:
            change, ratio = _project(value, gradient, change, group["eps"])
        if group["weight_decay"] > 0:
            value.mul_(1 - group["lr"] * group["weight_decay"] * ratio)
        value.add_(change, alpha=-group["lr"] / (1 - beta1**step))


def _project(value: Tensor, gradient: Tensor, change: Tensor, eps: float) -> tuple[Tensor, float]:
    """The change without its part along the value, by channels or as a whole, if the gradient is orthogonal to it."""
    for rows in (len(value), 1):
        flat = value.reshape(rows, -1)
        similarity = F.cosine_similarity(gradient.reshape(rows, -1), flat, dim=1, eps=eps).abs()
        if float(similarity.max()) < DELTA / sqrt(flat.shape[1]):
            unit = flat / flat.norm(dim=1, keepdim=True).add(eps)
            flat_change = change.reshape(rows, -1)
            along = (unit * flat_change).sum(dim=1, keepdim=True)
            return (flat_change - unit * along).view_as(value), WD_RATIO
    return change, 1.0


def optimizer(name: str, value: Tensor, rate: float) -> Optimizer:
    """The optimizer of that name (`vqgan_options.OPTIMIZERS`) for one tensor; `rate`: its learning rate."""
    if name == "DiffGrad":
        return DiffGrad([value], lr=rate, eps=DIFFGRAD_EPSILON, weight_decay=DIFFGRAD_DECAY)
    if name == "AdamP":
        return AdamP([value], lr=rate)
    made: Optimizer = getattr(torch.optim, name)([value], lr=rate)
    return made


def optimizer_state(made: Optimizer, value: Tensor) -> dict[str, NDArray[np.generic]]:
    """Copy of what it remembers of `value`, by names that begin with PREFIX; nothing before its first step."""
    return {
        PREFIX + name: np.array(each.detach().cpu().numpy() if isinstance(each, Tensor) else each)
        for name, each in made.state[value].items()
    }


def restore_optimizer(made: Optimizer, value: Tensor, state: Mapping[str, NDArray[np.generic]]) -> None:
    """Give it back what `optimizer_state` took out of one of its kind."""
    made.state[value] = {
        name.removeprefix(PREFIX): _tensor(name, array, value)
        for name, array in state.items()
        if name.startswith(PREFIX)
    }


def _tensor(name: str, array: NDArray[np.generic], like: Tensor) -> Tensor:
    """Steps are counted on the CPU, as torch does it."""
    made = torch.from_numpy(np.array(array))
    return made if name == PREFIX + "step" else made.to(like.device)
