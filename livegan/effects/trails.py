"""Trails: afterglow of bright parts, decaying exponentially."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import rounded
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.size import resized

if TYPE_CHECKING:
    import torch


@EFFECTS("trails", order=200)
class Trails(Effect):
    """Trails effect: the lighter of this frame and the decaying earlier ones.

    The time constant is ``time * amount``; two small steps fade as much as one large one. A still picture stays itself.
    """

    parameters = (AMOUNT, Parameter("time", 0.05, 20, 2, "time constant of the decay at amount 1", "s"))

    def __init__(self) -> None:
        self._glow: torch.Tensor | None = None

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 a light fades to 37 % in `time` seconds."""
        import torch

        glow, before = pixels.float(), self._glow
        if before is not None and before.device != glow.device:
            before = None
        if before is not None and before.shape != glow.shape:
            before = resized(before, glow.shape[0], glow.shape[1])
        if before is not None:
            decay = math.exp(-dt_s / (amounts["time"] * amounts["amount"]))
            torch.maximum(glow, before.mul_(decay), out=glow)
        self._glow = glow
        return rounded(glow.clone())

    def reset(self) -> None:
        self._glow = None
