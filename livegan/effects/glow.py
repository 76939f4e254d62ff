"""Glow: light that spills over (bloom)."""

import torch
import torch.nn.functional as F

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS

SMALL_PX = 64  # the light is blurred on a picture at most this large: the same glow at every resolution
SPREAD = 0.055  # standard deviation of the blur, in parts of the longer side
THRESHOLD = 80.0  # what is darker does not shine
STRENGTH = 2.0


def spread(size: int, sigma: float) -> torch.Tensor:
    """A Gaussian blur of a line of `size` values as a matrix (size, size); every row sums to 1, so edges stay light."""
    at = torch.arange(size)
    weights = torch.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    return weights / weights.sum(1, keepdim=True)


@EFFECTS("glow")
class Glow:
    """Screens a blurred copy of the bright parts over the picture."""

    def __init__(self) -> None:
        """The blur is worked out at the first frame."""
        self._shape: tuple[torch.Size, torch.device] | None = None
        self._small = (0, 0)
        self._down = self._across = torch.empty(0)

    def _fit(self, pixels: torch.Tensor) -> None:
        height, width, _ = pixels.shape
        scale = min(1.0, SMALL_PX / max(height, width))
        self._small = max(1, round(height * scale)), max(1, round(width * scale))
        sigma = SPREAD * max(self._small)
        self._down = spread(self._small[0], sigma).to(pixels.device)
        self._across = spread(self._small[1], sigma).T.contiguous().to(pixels.device)
        self._shape = pixels.shape, pixels.device

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 bright parts spill their light about a ninth of the longer side around them; never past white."""
        if amount <= 0:
            return pixels
        if self._shape != (pixels.shape, pixels.device):
            self._fit(pixels)
        whole = pixels[None].permute(0, 3, 1, 2)
        light = F.interpolate(whole, self._small, mode="bilinear", antialias=True).float().contiguous()
        light = light.sub_(THRESHOLD).clamp_(min=0).mul_(STRENGTH * amount * 255 / (255 - THRESHOLD))
        light = self._down @ light @ self._across
        shade = (255 - light).clamp_(0, 255).to(torch.uint8).contiguous(memory_format=torch.channels_last)
        shade = F.interpolate(shade, pixels.shape[:2], mode="bilinear", antialias=True)[0].permute(1, 2, 0)
        return rounded((255 - pixels).float().mul_(shade).mul_(-1 / 255).add_(255))
