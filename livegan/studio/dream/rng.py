"""Random numbers of one step of a dream: from its seed, the number of the step, and nothing else."""

import numpy as np
import torch
from torch import Tensor


class Rng:
    """Random generator on the CPU, so that every device sees the same numbers, and one on the device for noise."""

    def __init__(self, seed: int, *numbers: int, device: str | torch.device = "cpu") -> None:
        """`numbers` tell apart what one seed is used for: the step, for example."""
        entropy = np.random.SeedSequence([seed, *numbers]).generate_state(2, np.uint64)
        self.device = torch.device(device)
        self._cpu = torch.Generator().manual_seed(int(entropy[0] >> np.uint64(1)))
        self._noise = torch.Generator(self.device).manual_seed(int(entropy[1] >> np.uint64(1)))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Uniform numbers, float32."""
        return torch.rand(shape, generator=self._cpu).mul_(high - low).add_(low).to(self.device)

    def below(self, limit: int) -> int:
        """A whole number 0..limit - 1."""
        return int(torch.randint(limit, (), generator=self._cpu))

    def integers(self, limit: int, count: int) -> Tensor:
        """Whole numbers 0..limit - 1, (count,) int64."""
        return torch.randint(limit, (count,), generator=self._cpu).to(self.device)

    def order(self, count: int) -> list[int]:
        """A permutation of 0..count - 1."""
        return torch.randperm(count, generator=self._cpu).tolist()

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, float32, made on the device itself: there are millions of them."""
        return torch.randn(shape, generator=self._noise, device=self.device)
