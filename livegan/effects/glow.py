"""Glow: a blurred copy of bright parts, screened over the picture."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.resample import larger, smaller

if TYPE_CHECKING:
    import torch

SMALL_PX = 64  # the light is blurred on a picture at most this large: the same glow at every resolution
RADIUS = 0.055  # standard deviation of the blur, in parts of the longer side
THRESHOLD = 80 / 255  # what is darker does not shine
STRENGTH = 2.0
UNSEEN = 1e-9  # weight of a blur


def blur_matrix(size: int, sigma: float) -> "torch.Tensor":
    """Gaussian blur of a line of `size` values as a matrix (size, size); every row sums to 1, so edges stay light.

    Weights that nobody sees are 0: a processor multiplies by denormals a hundred times as slowly.
    """
    import torch

    at = torch.arange(size)
    weights = torch.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    weights = torch.where(weights < UNSEEN, 0.0, weights)
    return weights / weights.sum(1, keepdim=True)


def size_within(pixels: "torch.Tensor", longest: int) -> tuple[int, int]:
    """Height and width of the picture scaled down until its longer side has at most so many pixels."""
    scale = min(1.0, longest / max(pixels.shape[:2]))
    return max(1, round(pixels.shape[0] * scale)), max(1, round(pixels.shape[1] * scale))


def screened(pixels: "torch.Tensor", light: "torch.Tensor") -> "torch.Tensor":
    """The picture (h, w, 3) with light (3, small h, small w) over it, ``1 - (1 - a) (1 - b)``: never past white."""
    import torch

    large = larger(light.clamp(0, 255), pixels)
    shade = torch.rsub(large, 1.0, alpha=1 / 255)
    return torch.addcmul(large, pixels, shade, out=shade)


@EFFECTS("glow", order=210)
class Glow(Effect):
    """Glow effect: screens a blurred copy of the bright parts over the picture."""

    parameters = (
        AMOUNT,
        Parameter("radius", 0.01, 0.3, RADIUS, "standard deviation of the blur", "of the longer side"),
        Parameter("threshold", 0, 0.95, THRESHOLD, "what is darker than this does not shine; white is 1"),
    )

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()  # what the matrices were made for
        self._vertical: torch.Tensor
        self._horizontal: torch.Tensor

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 bright parts spill their light about two radii around them; never past white."""
        small, threshold = size_within(pixels, SMALL_PX), 255 * amounts["threshold"]
        key = (small, pixels.device, amounts["radius"])
        if self._key != key:
            sigma = amounts["radius"] * max(small)
            self._vertical = blur_matrix(small[0], sigma).to(pixels.device)
            self._horizontal = blur_matrix(small[1], sigma).T.contiguous().to(pixels.device)
            self._key = key
        light = smaller(pixels, *small).sub_(threshold).clamp_(min=0)
        light.mul_(STRENGTH * amounts["amount"] * 255 / (255 - threshold))
        return screened(pixels, self._vertical @ light @ self._horizontal)
