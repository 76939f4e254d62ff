"""A generator without weights: coloured stripes that follow the latent."""

import numpy as np
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, SingleStep


@GENERATORS("stripes")
class Stripes(SingleStep):
    """One stripe for each number of z, coloured by the latent."""

    reason = ""  # why its backend was selected, for `livegan doctor`
    example = {"resolution": (32, 64), "z_dim": 8}  # noqa: RUF012 - a network for the contract suite

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        height, width = info.resolution
        rng = np.random.default_rng(0)
        self._mix = rng.standard_normal((info.z_dim * 3, info.z_dim)) / np.sqrt(info.z_dim)
        self._noise = rng.standard_normal((height, width, 1))
        self._stripe_of = np.arange(width) * info.z_dim // width  # (width,)
        self.info, self._device = info, device
        self.device_text, self.megabytes = f"{device}, stripes", self._noise.nbytes / 2**20

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return 0  # any number of CPU threads

    def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
        if plan.z.shape != (self.info.z_dim,):
            raise NetworkError(f"{self.info.name} needs {self.info.z_dim} latents, the plan has {plan.z.shape}")
        colours = np.tanh(plan.truncation * self._mix @ plan.z).reshape(-1, 3)  # (z_dim, 3)
        picture = colours[self._stripe_of] + 0.1 * plan.noise * self._noise  # (height, width, 3)
        pixels = (127.5 + 127.5 * picture).clip(0, 255).astype(np.uint8)
        return torch.from_numpy(pixels).to(self._device)

    def close(self) -> None:
        pass
