"""Trainer protocol: what `run` needs of a training algorithm."""

from typing import Any, Protocol

from livegan.networks.architectures.protocol import StyleNet


class Trainer(Protocol):
    """Trainer interface: a network in training.

    All random numbers of step i come from generators seeded by (seed, i), so that a restored trainer continues exactly.
    """

    shown: int  # pictures shown so far, over all processes

    @property
    def average(self) -> StyleNet | None:
        """The network with the moving average of the weights: what snapshots are of. None: it is none to play."""
        ...

    def step(self) -> dict[str, float]:
        """Train on one batch; returns statistics by name ("loss_g" ...): always the same names, equal on all ranks."""
        ...

    def state(self) -> dict[str, Any]:
        """A copy of all that `restore` needs: tensors, numbers, strings, lists, dicts (`torch.save`, weights only)."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`: on the same CPU bit for bit, on a GPU up to rounding."""
        ...

    def close(self) -> None:
        """Release threads and files. Idempotent."""
        ...
