"""Glow (bloom): a blurred copy of bright parts, screened over the picture."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import rounded
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch

SMALL_PX = 64  # the light is blurred on a picture at most this large: the same glow at every resolution
RADIUS = 0.055  # standard deviation of the blur, in parts of the longer side
THRESHOLD = 80.0  # what is darker does not shine
STRENGTH = 2.0


def blur_matrix(size: int, sigma: float) -> "torch.Tensor":
    """Gaussian blur of a line of `size` values as a matrix (size, size); every row sums to 1, so edges stay light."""
    import torch

    at = torch.arange(size)
    weights = torch.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    return weights / weights.sum(1, keepdim=True)


@EFFECTS("glow", order=210)
class Glow(Effect):
    """Glow effect: screens a blurred copy of the bright parts over the picture."""

    parameters = (
        AMOUNT,
        Parameter("radius", 0.01, 0.3, RADIUS, "standard deviation of the blur", "of the longer side"),
    )

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()  # what the matrices were made for
        self._small = (0, 0)
        self._vertical: torch.Tensor
        self._horizontal: torch.Tensor

    def _fit(self, pixels: "torch.Tensor", radius: float) -> None:
        height, width, _ = pixels.shape
        scale = min(1.0, SMALL_PX / max(height, width))
        self._small = max(1, round(height * scale)), max(1, round(width * scale))
        sigma = radius * max(self._small)
        self._vertical = blur_matrix(self._small[0], sigma).to(pixels.device)
        self._horizontal = blur_matrix(self._small[1], sigma).T.contiguous().to(pixels.device)

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 bright parts spill their light about two radii around them; never past white."""
        import torch
        import torch.nn.functional as F

        key = (pixels.shape, pixels.device, amounts["radius"])
        if self._key != key:
            self._fit(pixels, amounts["radius"])
            self._key = key
        whole = pixels[None].permute(0, 3, 1, 2)
        light = F.interpolate(whole, self._small, mode="bilinear", antialias=True).float().contiguous()
        light = light.sub_(THRESHOLD).clamp_(min=0).mul_(STRENGTH * amounts["amount"] * 255 / (255 - THRESHOLD))
        light = self._vertical @ light @ self._horizontal
        shade = (255 - light).clamp_(0, 255).to(torch.uint8).contiguous(memory_format=torch.channels_last)
        shade = F.interpolate(shade, pixels.shape[:2], mode="bilinear", antialias=True)[0].permute(1, 2, 0)
        return rounded((255 - pixels).float().mul_(shade).mul_(-1 / 255).add_(255))
