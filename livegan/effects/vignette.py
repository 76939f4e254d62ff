"""Vignette: dark corners."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS, Effect

if TYPE_CHECKING:
    import torch


def corner_distance(height: int, width: int, device: "torch.device") -> "torch.Tensor":
    """How far out each pixel is, float (h, w, 3): 0 in the middle, rising smoothly to 1 in the corners."""
    import torch

    down = torch.linspace(-1, 1, height, device=device)[:, None]
    across = torch.linspace(-1, 1, width, device=device)[None, :]
    out = (((down**2 + across**2) / 2).sqrt() - 0.3).clamp(min=0) / 0.7
    return (out * out * (3 - 2 * out))[..., None].expand(height, width, 3).contiguous()


@EFFECTS("vignette", order=410)
class Vignette(Effect):
    """Vignette effect: darkens towards the corners."""

    def __init__(self) -> None:
        self._corners: torch.Tensor | None = None

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At 1 the corners are black."""
        corners = self._corners
        if corners is None or corners.shape != pixels.shape or corners.device != pixels.device:
            corners = self._corners = corner_distance(pixels.shape[0], pixels.shape[1], pixels.device)
        return rounded((corners * -amounts["amount"]).add_(1).mul_(pixels))
