"""Zoom: towards the middle."""

import torch
import torch.nn.functional as F

from livegan.effects.levels import rounded
from livegan.effects.registry import EFFECTS


@EFFECTS("zoom")
class Zoom:
    """Enlarges the middle by ``1 + amount``, bilinear, smooth to a fraction of a pixel."""

    def step(self, pixels: torch.Tensor, amount: float, dt_s: float) -> torch.Tensor:
        """At 1 the middle quarter fills the picture."""
        if amount <= 0:
            return pixels
        height, width, _ = pixels.shape
        down, across = (
            torch.linspace(1 - size, size - 1, size, device=pixels.device) / (size * (1 + amount))
            for size in (height, width)
        )
        where = torch.empty(1, height, width, 2, device=pixels.device)
        where[..., 0] = across
        where[..., 1] = down[:, None]
        planes = pixels.float()[None].permute(0, 3, 1, 2)
        large = F.grid_sample(planes, where, padding_mode="border", align_corners=False)
        return rounded(large)[0].permute(1, 2, 0).contiguous()
