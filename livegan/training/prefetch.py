"""What a step of adversarial training takes from the training set, read while the step before trains."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Lot:
    """What one step takes from the training set: this process's share of it."""

    pictures: Tensor  # (n, 3, h, w) uint8
    classes: Tensor  # (n, c_dim) of those
    wanted: Tensor  # (n, c_dim) of the pictures to be made
    path_wanted: Tensor  # (m, c_dim) of those whose path lengths are measured


class Feed:
    """Reads the next steps' pictures while this one trains."""

    def __init__(self, read: Callable[[int], Lot], ahead: int) -> None:
        """`read` is called in as many threads as steps are read `ahead`."""
        self._read, self._ahead = read, ahead
        self._pool = ThreadPoolExecutor(ahead, "livegan-feed")
        self._coming: dict[int, Future[Lot]] = {}

    def take(self, step: int) -> Lot:
        """What that step needs; its errors are raised here."""
        for passed in [key for key in self._coming if not step <= key <= step + self._ahead]:
            self._coming.pop(passed).cancel()
        for key in range(step, step + self._ahead + 1):
            if key not in self._coming:
                self._coming[key] = self._pool.submit(self._read, key)
        return self._coming.pop(step).result()

    def close(self) -> None:
        """Forget what was to come."""
        self._pool.shutdown(wait=False, cancel_futures=True)
