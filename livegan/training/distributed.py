"""The processes that train one network together, as `torchrun` started them.

Gradients are averaged by hand, in one all-reduce of all numbers laid end to end. DistributedDataParallel would do it
layer by layer during the backward pass, but it does not carry a second derivative (R1 and path lengths are penalties on
gradients), and it counts on one backward pass for each forward pass; here there are several.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor, nn

from livegan.errors import TrainingError


@dataclass(frozen=True, slots=True)
class World:
    """One process among all: its number from 0, how many there are, and the device that is its own."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Which of `count` things are this process's; TrainingError if they cannot be shared out evenly."""
        if count % self.size:
            raise TrainingError(
                f"a batch of {count} cannot be shared by {self.size} processes; --batch must be a multiple"
            )
        part = count // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Every gradient becomes the mean over all processes (the sum, where each loss was divided by `size`)."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not gradients:
            return
        flat = self.average(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        begin = 0
        for gradient in gradients:
            end = begin + gradient.numel()
            gradient.copy_(flat[begin:end].view(gradient.shape))
            begin = end

    def average(self, numbers: Tensor) -> Tensor:
        """The mean over all processes, number by number; the same bits everywhere. Changes `numbers`."""
        if self.size > 1:
            dist.all_reduce(numbers)
            numbers /= self.size
        return numbers

    def mean(self, numbers: Sequence[float]) -> list[float]:
        """As `average`, for a few plain numbers: every process calls it, with as many."""
        if self.size == 1:
            return list(numbers)
        found: list[float] = self.average(torch.tensor(numbers, dtype=torch.float64, device=self.device)).tolist()
        return found

    def leave(self) -> None:
        """Say goodbye to the others; needed before the process ends, harmless without others."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


def join(device: str = "auto") -> World:
    """Meet the processes that torchrun started, over gloo on CPUs or NCCL on GPUs; alone where it started none.

    `device` is "cpu", "cuda" (each process of a machine takes the next), "mps", or "auto". TrainingError if it is not
    there, or if the others do not come.
    """
    size = _number("WORLD_SIZE", 1)
    local = _number("LOCAL_RANK", 0)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda"):
        count = torch.cuda.device_count()
        if local >= count:
            raise TrainingError(f"process {local} of this machine has no GPU, there are {count}; try --device cpu")
        chosen = torch.device(device if ":" in device else f"cuda:{local}")
        torch.cuda.set_device(chosen)
    else:
        chosen = torch.device(device)
    if size == 1:
        return World(0, 1, chosen)
    rank = _number("RANK", 0)
    try:
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", rank=rank, world_size=size)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"process {rank} of {size} does not reach the others: {error}; start it by torchrun"
        ) from error
    return World(rank, size, chosen)


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit():
        raise TrainingError(f"{name} is '{text}', not a number; it is set by torchrun")
    return int(text)
