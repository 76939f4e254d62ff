"""Learner: a network that composes in training, whatever its kind, and what all kinds share to resume exactly."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.composer.network_info import ComposerInfo
from livegan.errors import TrainingError

State = dict[str, Any]


class Learner(Protocol):
    """A network in training. A step draws from torch's global generator, which the run seeds before it."""

    def step(self, step: int) -> dict[str, float]:
        """Train one step, counted from 0; returns statistics by name ("loss_d" ...)."""
        ...

    def state(self) -> State:
        """A copy of all that `restore` needs, on the CPU."""
        ...

    def restore(self, state: State) -> None:
        """Continue from `state`: on the same CPU bit for bit. KeyError, RuntimeError, ValueError: another's."""
        ...

    def figures(self) -> dict[str, float]:
        """What a snapshot measures of the network by itself, such as its loss on what is held out."""
        ...

    def save(self, path: Path, info: ComposerInfo) -> Path:
        """Write the network at `path` (without suffix), described as `info` says; returns the file. OSError."""
        ...


class LearnerTrainer:
    """Trainer of a learner, for `training.run`: counts steps, and seeds each."""

    average = None  # no network that draws

    def __init__(self, learner: Learner, seed: int, device: torch.device) -> None:
        self.learner, self.seed, self.device = learner, seed, device
        self.shown = 0  # steps

    def step(self) -> dict[str, float]:
        """Train one step."""
        with seeded(self.seed, self.shown, self.device):
            numbers = self.learner.step(self.shown)
        self.shown += 1
        return numbers

    def state(self) -> State:
        """Steps, and a copy of the learner's state."""
        return {"steps": self.shown, "learner": self.learner.state()}

    def restore(self, state: State) -> None:
        """Continue from `state`; TrainingError if it is that of another network."""
        try:
            self.learner.restore(state["learner"])
            self.shown = int(state["steps"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise TrainingError(f"the checkpoint is not of this network: {reason}") from error

    def close(self) -> None:
        """Nothing to release."""


@contextmanager
def seeded(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """A block in which torch's global generators are those of one step of a run; -1: before the first."""
    digest = hashlib.blake2b(f"{seed}/{step}".encode(), digest_size=8).digest()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int.from_bytes(digest, "little") >> 1)
        yield


def batch_indices(number: int, batch: int, count: int, seed: int) -> NDArray[np.int64]:
    """Which of `count` examples are in the batch of that number: all once in an order, then in another."""
    places = np.arange(number * batch, (number + 1) * batch)
    parts = []
    for epoch in range(int(places[0]) // count, int(places[-1]) // count + 1):
        order = np.random.default_rng([seed, epoch]).permutation(count)
        parts.append(order[places[places // count == epoch] % count])
    return np.concatenate(parts)


def copied(value: Any) -> Any:
    """A copy of a state on the CPU: tensors, and all that they lie in."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: copied(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(copied(entry) for entry in value)
    return value
