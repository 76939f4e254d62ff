"""Scanlines: the dark gaps of a cathode ray tube."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("scanlines", order=400)
class Scanlines(Effect):
    """Scanline effect: darkens the gaps between lines."""

    parameters = (
        AMOUNT,
        Parameter("lines", 8, 480, 120, "lines over the height of the picture, as nearly as whole pixels allow"),
        Parameter("depth", 0, 1, 0.75, "how much darker a gap is at amount 1"),
    )

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 a gap is a quarter as bright."""
        import torch

        height = pixels.shape[0]
        period = max(2, round(height / amounts["lines"]))
        gap = torch.arange(height, device=pixels.device) % period >= (period + 1) // 2
        return pixels * (1 - amounts["depth"] * amounts["amount"] * gap)[:, None, None]
