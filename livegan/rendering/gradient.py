"""Generator kind "plain": colour gradients of the latent, without weights, for tests and rehearsals."""

import numpy as np
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, SingleStep


@GENERATORS("plain")
class Gradient(SingleStep):
    """Fake generator: three colours from the latent, drawn as a gradient with noise."""

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        self.info = info
        self.reason = ""
        self.device_text = f"{device}, no network"
        self._device = device
        self._open = True
        rng = np.random.default_rng(0)
        self._mix = rng.standard_normal((9, info.z_dim), np.float32) / np.sqrt(info.z_dim, dtype=np.float32)
        self._hues = rng.standard_normal((9, max(info.c_dim, 1)), np.float32)
        height, width = info.resolution
        self._down, self._across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
        self.megabytes = 3 * height * width * 4 / 2**20  # two ramps and the noise
        self._noise = rng.standard_normal((height, width, 1), np.float32)

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return 0

    def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
        """The picture of `plan`, uint8 (height, width, 3): a colour, plus one growing across and one growing down."""
        if not self._open:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        if plan.z.shape != (self.info.z_dim,):
            raise NetworkError(f"{self.info.name} wants {self.info.z_dim} latents, the plan has {plan.z.shape}")
        values = self._mix @ plan.z
        if len(plan.classes) == self._hues.shape[1]:
            values = values + self._hues @ plan.classes
        colours = (values * plan.truncation).reshape(3, 3)
        picture = colours[0] + self._across[..., None] * colours[1] + self._down[..., None] * colours[2]
        picture = 0.5 + 0.5 * np.tanh(picture) + 0.05 * plan.noise * self._noise
        pixels = (picture.clip(0, 1) * 255).astype(np.uint8)
        return torch.from_numpy(pixels).to(self._device)

    def close(self) -> None:
        self._open = False
