"""The generator "plain": a colour per latent. No weights, no GPU, always the same; for tests and rehearsals."""

import numpy as np
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions


@GENERATORS("plain")
class Gradient:
    """Three colours from the latent, drawn as a gradient with a grain."""

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        """`device` is where the picture is made."""
        self.info = info
        self.reason = ""
        self.device_text = f"{device}, no network"
        self._device = device
        self._open = True
        chance = np.random.default_rng(0)
        self._mix = chance.standard_normal((9, info.z_dim), np.float32) / np.sqrt(info.z_dim, dtype=np.float32)
        self._hues = chance.standard_normal((9, max(info.c_dim, 1)), np.float32)
        height, width = info.resolution
        self._down, self._across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
        self.megabytes = 3 * height * width * 4 / 2**20  # two ramps and the grain
        self._grain = chance.standard_normal((height, width, 1), np.float32)

    def threads(self, plan: FramePlan) -> int:
        return 0

    def render(self, plan: FramePlan) -> torch.Tensor:
        """The picture of `plan`: a corner, a right and a lower colour, uint8 (height, width, 3)."""
        if not self._open:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        if plan.z.shape != (self.info.z_dim,):
            raise NetworkError(f"{self.info.name} wants {self.info.z_dim} latents, the plan has {plan.z.shape}")
        wanted = self._mix @ plan.z
        if len(plan.classes) == self._hues.shape[1]:
            wanted = wanted + self._hues @ plan.classes
        colours = (wanted * plan.truncation).reshape(3, 3)
        picture = colours[0] + self._across[..., None] * colours[1] + self._down[..., None] * colours[2]
        picture = 0.5 + 0.5 * np.tanh(picture) + 0.05 * plan.noise * self._grain
        pixels = (picture.clip(0, 1) * 255).astype(np.uint8)
        return torch.from_numpy(pixels).to(self._device)

    def close(self) -> None:
        """Twice is fine."""
        self._open = False
