"""Music gate of a layer: seen while a feature changes little, or much (GANce's overlay, made causal)."""

from math import exp
from typing import Literal

GateSide = Literal["below", "above"]
GateMeasure = Literal["change", "value"]

CHANGE_S = 1.0  # time over which changes add up
FADE_S = 0.15  # a gate opens and shuts in so much


class MusicGate:
    """Gate with two sides. GANce summed the absolute slope of a smoothed feature over a rolling window.

    Here the sum is a leaky one over CHANGE_S, of what has been heard so far.
    """

    def __init__(self, side: GateSide = "below", measure: GateMeasure = "change") -> None:
        """Begins shut."""
        self._side, self._measure = side, measure
        self._before: float | None = None
        self._sum = 0.0
        self._open = 0.0

    def step(self, value: float, threshold: float, dt_s: float) -> float:
        """How far it is open, 0..1; `value` is the feature's."""
        change = 0.0 if self._before is None else abs(value - self._before)
        self._before = value
        self._sum = self._sum * exp(-dt_s / CHANGE_S) + change
        measured = value if self._measure == "value" else self._sum
        wanted = (measured > threshold) if self._side == "above" else (measured <= threshold)
        step = dt_s / FADE_S
        self._open = min(self._open + step, 1.0) if wanted else max(self._open - step, 0.0)
        return self._open
