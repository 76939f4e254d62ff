"""Vignette: dark corners."""

import torch

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS


def edges(height: int, width: int, device: torch.device) -> torch.Tensor:
    """How far out each pixel is, float (h, w, 3): 0 in the middle, rising smoothly to 1 in the corners."""
    down = torch.linspace(-1, 1, height, device=device)[:, None]
    across = torch.linspace(-1, 1, width, device=device)[None, :]
    out = (((down**2 + across**2) / 2).sqrt() - 0.3).clamp(min=0) / 0.7
    return (out * out * (3 - 2 * out))[..., None].expand(height, width, 3).contiguous()


@EFFECTS("vignette")
class Vignette:
    """Darkens towards the corners."""

    def __init__(self) -> None:
        """The shade is drawn at the first frame."""
        self._edges: torch.Tensor | None = None

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 the corners are black."""
        if amount <= 0:
            return pixels
        if self._edges is None or self._edges.shape != pixels.shape or self._edges.device != pixels.device:
            self._edges = edges(pixels.shape[0], pixels.shape[1], pixels.device)
        return rounded((self._edges * -amount).add_(1).mul_(pixels))
