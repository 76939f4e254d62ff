"""Memory of effects: what they remember of earlier frames, as named tensors that a stopped render is resumed from."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import torch

Memory: TypeAlias = "dict[str, torch.Tensor]"


def memory_of(owner: Any, names: Iterable[str]) -> Memory:
    """Copies of the attributes `names`: numbers as float64, tensors on the host; None is left out."""
    import torch

    memory: Memory = {}
    for name in names:
        value = getattr(owner, name)
        if hasattr(value, "memory"):
            memory |= under(name, value.memory())
        elif isinstance(value, torch.Tensor):
            memory[name] = value.detach().cpu().contiguous().clone()
        elif value is not None:
            memory[name] = torch.tensor(float(value), dtype=torch.float64)
    return memory


def restore_into(owner: Any, names: Iterable[str], memory: Mapping[str, "torch.Tensor"]) -> None:
    """Set the attributes `names` to what `memory_of` kept of another owner; the owner is new."""
    for name in names:
        value = getattr(owner, name)
        if hasattr(value, "restore"):
            value.restore(within(memory, name))
        elif name in memory:
            kept = memory[name]
            setattr(owner, name, type(value)(kept.item()) if isinstance(value, (int, float)) else kept.clone())


def under(name: str, memory: Mapping[str, "torch.Tensor"]) -> Memory:
    """The same memory with every key below `name`."""
    return {f"{name}/{key}": value for key, value in memory.items()}


def within(memory: Mapping[str, "torch.Tensor"], name: str) -> Memory:
    """The part of a memory whose keys are below `name`."""
    return {key.removeprefix(f"{name}/"): value for key, value in memory.items() if key.startswith(f"{name}/")}
