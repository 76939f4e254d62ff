"""Prefetching of training batches: the next ones are read while the current one is trained on."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from livegan.datasets.dataset import ImageDataset


@dataclass(frozen=True, slots=True)
class Batch:
    """Batch of one step: the share of this process."""

    pictures: Tensor  # (n, 3, h, w) uint8, real
    classes: Tensor  # (n, c_dim) of those
    fake_classes: Tensor  # (n, c_dim) of the pictures to be generated
    path_classes: Tensor  # (m, c_dim) of those whose path lengths are measured


class Prefetcher:
    """Thread pool that reads the batches of the next steps."""

    def __init__(self, read: Callable[[int], Batch], ahead: int) -> None:
        """`read` is called with a step's number, in as many threads as steps are read `ahead`."""
        self._read, self._ahead = read, ahead
        self._pool = ThreadPoolExecutor(ahead, "livegan-prefetch")
        self._pending: dict[int, Future[Batch]] = {}

    def take(self, step: int) -> Batch:
        """The batch of that step; errors of reading are raised here."""
        for key in [key for key in self._pending if not step <= key <= step + self._ahead]:
            self._pending.pop(key).cancel()
        for key in range(step, step + self._ahead + 1):
            if key not in self._pending:
                self._pending[key] = self._pool.submit(self._read, key)
        return self._pending.pop(step).result()

    def close(self) -> None:
        """Drop pending reads. Idempotent."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class TrainingData(Protocol):
    """Pictures and classes as tensors: what `AdversarialTrainer` trains on."""

    @property
    def size(self) -> tuple[int, int]:
        """Height, width [px]."""
        ...

    @property
    def colours(self) -> int:
        """Channels of a picture."""
        ...

    @property
    def c_dim(self) -> int:
        """Number of classes; 0: none."""
        ...

    def __len__(self) -> int: ...

    def label(self, i: int, /) -> int:
        """The class of a picture; -1: none."""
        ...

    def batch(self, indices: list[int], /) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, c_dim) float32."""
        ...


class TensorDataset:
    """An `ImageDataset` whose batches are tensors."""

    def __init__(self, images: ImageDataset) -> None:
        self._images = images
        self.size, self.classes, self.c_dim, self.colours = images.size, images.classes, images.c_dim, images.colours

    def __len__(self) -> int:
        return len(self._images)

    def label(self, i: int) -> int:
        """The class of picture `i`; -1: none."""
        return self._images.label(i)

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, h, w) uint8 and classes (n, c_dim) float32."""
        pictures, classes = self._images.batch(indices)
        return torch.from_numpy(pictures), torch.from_numpy(classes)
