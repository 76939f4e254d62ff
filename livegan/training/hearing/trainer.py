"""Training of the hearing network, a step at a time; batches are made ahead on another thread."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.training.hearing.examples import Batch, Examples
from livegan.training.hearing.network import BLOCKS, CHANNELS, HearingModel

IMPORTANCE = (1.0, 0.7, 0.5, 0.5, 0.5, 0.5, 0.2)  # of the activations in the loss
AHEAD = 2  # batches
MOST_GRADIENT = 1.0
EMA = 0.999
WARM_UP = 200  # steps

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """Settings of a run."""

    steps: int = 8000
    batch: int = 16
    frames: int = 2048  # of a crop
    lr: float = 3e-3
    seed: int = 0
    precision: str = "f32"  # or bf16
    channels: int = CHANNELS
    blocks: int = BLOCKS

    @property
    def kimg(self) -> float:
        return self.steps / 1000


class HearingTrainer:
    """Trainer for `training.run`: counts steps. On the same CPU a resumed run goes on exactly."""

    average = None  # no network that draws

    def __init__(self, settings: HearingSettings, examples: Examples, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.examples, self.device = settings, examples, device
        self.shown = 0
        self.model = HearingModel(settings.channels, settings.blocks).to(device)
        self.ema = deepcopy(self.model).eval()
        self._optimiser = torch.optim.AdamW(self.model.parameters(), lr=settings.lr, weight_decay=0.01)
        self._importance = torch.tensor(IMPORTANCE, device=device)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="livegan-batches")
        self._waiting: dict[int, Future[Batch]] = {}

    def step(self) -> dict[str, float]:
        """Train one step; returns statistics by name."""
        batch = self._next()
        inputs = torch.from_numpy(batch.inputs).to(self.device)
        wanted, weights = (torch.from_numpy(each).to(self.device) for each in (batch.wanted, batch.weights))
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bf16"):
            logits = self.model(inputs)
        losses = _losses(logits.float(), wanted, weights)
        loss = (losses * self._importance).sum()
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), MOST_GRADIENT)
        self._optimiser.step()
        self.shown += 1
        self._average()
        beat, downbeat, onset = (float(losses[i].detach()) for i in range(3))
        return {"loss": float(loss.detach()), "beat": beat, "downbeat": downbeat, "onset": onset}

    def _rate(self) -> float:
        done = self.shown / max(1, self.settings.steps)
        return (
            self.settings.lr * min(1.0, (self.shown + 1) / WARM_UP) * 0.5 * (1.0 + math.cos(math.pi * min(done, 1.0)))
        )

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(EMA, self.shown / (self.shown + 10))
        for ours, new in zip(self.ema.state_dict().values(), self.model.state_dict().values(), strict=True):
            if ours.dtype.is_floating_point:
                ours.lerp_(new, 1.0 - keep)
            else:
                ours.copy_(new)

    def _next(self) -> Batch:
        for step in range(self.shown, self.shown + AHEAD):
            if step not in self._waiting:
                rng = np.random.default_rng([self.settings.seed, step])
                self._waiting[step] = self._pool.submit(self.examples.batch, self.settings.batch, rng)
        return self._waiting.pop(self.shown).result()

    def state(self) -> State:
        """A copy of all that `restore` needs, on the CPU."""
        tables = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        return {"steps": self.shown, **_copied(tables)}

    def restore(self, state: State) -> None:
        """Continue from `state`; TrainingError if it is that of another network."""
        try:
            self.model.load_state_dict(state["model"])
            self.ema.load_state_dict(state["ema"])
            self._optimiser.load_state_dict(state["optimiser"])
            self.shown = int(state["steps"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise TrainingError(f"the checkpoint is not of this network: {reason}") from error

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _losses(logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Mean cross entropy of every activation, (7,), where something is known."""
    every = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * weights
    return torch.as_tensor(every.sum(dim=(0, 2)) / weights.sum(dim=(0, 2)).clamp(min=1.0))


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(entry) for entry in value)
    return value
