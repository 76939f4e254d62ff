"""Morphers: backends whose weights are interpolated between snapshots of one network, in place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from livegan.networks.architectures.protocol import StyleNet
from livegan.rendering.backends.protocol import Backend
from livegan.rendering.backends.reference import ReferenceBackend


class Interpolated:
    """Tensors kept once per snapshot and interpolated linearly, in place."""

    def __init__(self, targets: Iterable[Tensor]) -> None:
        """`targets` are overwritten by `move`."""
        self.targets = list(targets)
        self.snapshots: list[list[Tensor]] = []

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Keep a copy of the next snapshot's tensors, in the order, type and place of the targets."""
        pairs = zip(tensors, self.targets, strict=True)
        self.snapshots.append([torch.empty_like(target).copy_(tensor) for tensor, target in pairs])

    def move(self, index: int, share: float) -> None:
        """Set the targets to snapshot `index` at share 0, to the one after it at share 1."""
        start = self.snapshots[index]
        if share == 0:
            for target, tensor in zip(self.targets, start, strict=True):
                target.copy_(tensor)
            return
        for target, tensor, other in zip(self.targets, start, self.snapshots[index + 1], strict=True):
            torch.lerp(tensor, other, share, out=target)

    def tensors(self) -> Iterator[Tensor]:
        """All it keeps, without the targets."""
        for snapshot in self.snapshots:
            yield from snapshot


class Morpher(Protocol):
    """Backend of a network that can be moved along its snapshots."""

    @property
    def backend(self) -> Backend: ...

    @property
    def shared(self) -> bool:
        """Whether it draws with the very network it was made from, so that its synthesis must be kept."""
        ...

    def add(self, net: StyleNet) -> None:
        """Append a snapshot; `net` is not kept, but for the tensors of the last one."""
        ...

    def finish(self) -> None:
        """To be called after the last `add`."""
        ...

    def move(self, index: int, share: float) -> None:
        """Draw snapshot `index` at share 0, the one after it at share 1, and the network between them between."""
        ...

    def megabytes(self) -> float:
        """Memory of the backend and the snapshots [MB = 2**20 bytes]."""
        ...

    def lower(self, nets: Sequence[StyleNet]) -> "Morpher | None":
        """The morpher of a lower resolution, given that network of each snapshot; in the memory of this one.

        It draws where this one was moved to, once it was moved there too. None: it has to be made anew.
        """
        ...


@dataclass(frozen=True, slots=True)
class MorphSpec:
    """A morpher that can be tried: its precision by name, and how to make it."""

    name: str  # e.g. "bf16 from 32 px": remembered
    make: Callable[[], Morpher]


class WeightMorpher:
    """Morpher of any network on any device: the parameters themselves are interpolated."""

    def __init__(
        self,
        backend: Backend,
        drawn: nn.Module,
        *,
        prefix: str = "",
        shared: bool = False,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """`drawn` is the module that `backend` draws with, called `prefix` in the network.

        `changed` is called after every move.
        """
        self.backend, self.shared = backend, shared
        state = drawn.state_dict()
        self._names = [prefix + name for name in state]
        self._interpolated = Interpolated(state.values())
        self._changed = changed

    def add(self, net: StyleNet) -> None:
        state = net.state_dict()
        self._interpolated.add(state[name] for name in self._names)

    def finish(self) -> None:
        pass

    def move(self, index: int, share: float) -> None:
        self._interpolated.move(index, share)
        if self._changed is not None:
            self._changed()

    def lower(self, nets: Sequence[StyleNet]) -> None:
        return None

    def megabytes(self) -> float:
        drawn = self._interpolated.targets if self.shared else []
        return self.backend.megabytes + megabytes([*self._interpolated.tensors(), *drawn])


def reference_morph_specs(net: StyleNet, device: str) -> list[MorphSpec]:
    """The morpher that every architecture has: the reference backend, float32; on the CPU it draws with `net`."""
    return [MorphSpec("fp32", partial(_reference_morpher, net, device))]


def _reference_morpher(net: StyleNet, device: str) -> WeightMorpher:
    backend = ReferenceBackend(net, device)
    return WeightMorpher(backend, backend.net, shared=backend.net is net)


def megabytes(tensors: Iterable[Tensor]) -> float:
    """Memory of tensors [MB = 2**20 bytes]."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 2**20
