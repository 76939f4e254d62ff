"""Trails: afterglow of bright parts, decaying exponentially."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.size import fitted

if TYPE_CHECKING:
    import torch

WARMTH = 3.0  # how many times faster a colour fades than another at the ends of `warm`
UNSEEN = 1e-5  # of 255


def faded(before: "torch.Tensor", passed: float, warm: float) -> "torch.Tensor":
    """An earlier frame after so many time constants, less what nobody sees; `warm` above 0 lets blue fade faster.

    Below 0 it is red. With the little that is taken off, what fades over black is 0 or less in the end. Else it became
    denormals and stayed so, with which a processor reckons ten times as slowly.
    """
    import torch

    if not warm:
        return torch.add(torch.tensor(-UNSEEN, device=before.device), before, alpha=math.exp(-passed))
    rates = torch.tensor([max(-warm, 0.0), abs(warm) / 2, max(warm, 0.0)])
    return (before * torch.exp(-passed * (1 + WARMTH * rates)).to(before.device)).sub_(UNSEEN)


@EFFECTS("trails", order=200)
class Trails(Effect):
    """Trails effect: the lighter of this frame and the decaying earlier ones.

    The time constant is ``time * amount``; two small steps fade as much as one large one. A still picture stays itself.
    """

    parameters = (
        AMOUNT,
        Parameter("time", 0.05, 20, 2, "time constant of the decay at amount 1", "s"),
        Parameter("warm", -1, 1, 0, "above 0 the afterglow turns to red while it fades, below 0 to blue"),
    )
    remembers = ("_glow",)

    def __init__(self) -> None:
        self._glow: torch.Tensor | None = None

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 a light fades to 37 % in `time` seconds."""
        import torch

        before = fitted(self._glow, pixels)
        if before is None:
            self._glow = pixels
        else:
            before = faded(before, dt_s / (amounts["time"] * amounts["amount"]), amounts["warm"])
            self._glow = torch.maximum(pixels, before, out=before)
        return self._glow

    def reset(self) -> None:
        self._glow = None
