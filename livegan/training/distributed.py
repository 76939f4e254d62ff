"""Distributed data-parallel training over the processes that `torchrun` starts.

Gradients are averaged in one all-reduce of the flattened tensors. DistributedDataParallel would do it layer by layer
during the backward pass, but it does not support second derivatives (R1 and path lengths are penalties on gradients),
and it expects one backward pass per forward pass; here there are several.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor, nn

from livegan.core.text import printable, whole_number
from livegan.errors import TrainingError


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """Process group, seen from one process: its rank, how many there are, and its device."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0, the process that writes files and messages."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """The slice of `count` items that belongs to this process; TrainingError if they cannot be divided evenly."""
        if count % self.size:
            raise TrainingError(
                f"a batch of {count} cannot be shared by {self.size} processes; --batch must be a multiple"
            )
        part = count // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """All-reduce: every gradient becomes its mean over all processes."""
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
        """The mean over all processes, elementwise and bit-identical on each. Changes `numbers` in place."""
        if self.size > 1:
            dist.all_reduce(numbers)
            numbers /= self.size
        return numbers

    def mean(self, numbers: Sequence[float]) -> list[float]:
        """As `average`, for a few floats: every process must call it, with as many."""
        if self.size == 1:
            return list(numbers)
        means: list[float] = self.average(torch.tensor(numbers, dtype=torch.float64, device=self.device)).tolist()
        return means

    def destroy(self) -> None:
        """Destroy the process group. Idempotent."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


def init(device: str = "auto") -> ProcessGroup:
    """Initialise torch.distributed (gloo on CPUs, NCCL on GPUs) from torchrun's environment; else a single process.

    `device` is "cpu", "cuda" (each process of a machine takes the next), "mps", or "auto". TrainingError if the device
    is missing or the other processes cannot be reached.
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
        return ProcessGroup(0, 1, chosen)
    rank = _number("RANK", 0)
    try:
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", rank=rank, world_size=size)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"process {rank} of {size} does not reach the others: {error}; start it by torchrun"
        ) from error
    return ProcessGroup(rank, size, chosen)


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    number = whole_number(text)
    if number is None:
        raise TrainingError(f"{name} is '{printable(text)}', not a number; it is set by torchrun")
    return number
