"""Strobe: light that goes on and off by the clock."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.levels import affine
from livegan.effects.registry import AMOUNT, EFFECTS, Effect

if TYPE_CHECKING:
    import torch


@EFFECTS("strobe", order=415)
class Strobe(Effect):
    """Strobe effect: darkens, or lightens, the picture for part of every cycle; gentle by default.

    The venue's strobe limiter holds it to what is safe. For flashes on the beat let a route push `effect.flash`.
    """

    parameters = (
        AMOUNT,
        Parameter("rate", 0.1, 12, 1, "cycles in a second; more than 3 may harm", "Hz"),
        Parameter("duty", 0.05, 0.95, 0.5, "part of the cycle for which the picture is changed"),
        Parameter("soft", 0.05, 1, 0.6, "part of that time in which it comes and goes"),
        Parameter("white", 0, 1, 0, "0: to black; 1: to white"),
    )
    remembers = ("_at",)

    def __init__(self) -> None:
        self._at = 0.0  # part of a cycle

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 black, or white, once in a cycle."""
        self._at = (self._at + amounts["rate"] * dt_s) % 1.0
        gate = pulse(self._at, amounts["duty"], amounts["soft"]) * amounts["amount"]
        return affine(pixels, 1 - gate, 255 * amounts["white"] * gate)

    def reset(self) -> None:
        self._at = 0.0


def pulse(at: float, duty: float, soft: float) -> float:
    """0..1 over one cycle: it rises from 0 at the start and is 0 again after `duty`, with smooth edges."""
    within = at / duty
    if within >= 1:
        return 0.0
    edge = min(1.0, min(within, 1 - within) / (soft / 2))
    return edge * edge * (3 - 2 * edge)
