"""Route: a source pushes a parameter, through an input range, a threshold, a curve, a hold, attack and release."""

from typing import Literal

from livegan.mapping.curves import CURVES
from livegan.mapping.follower import Follower

Polarity = Literal["up", "down", "both"]
MOMENT_S = 1e-9  # rounding of sums of time steps


class Route:
    """Push of one parameter by one source, with its memory. Many small steps end where one large one does."""

    def __init__(
        self,
        amount: float,
        curve: str = "linear",
        attack_s: float = 0.0,
        release_s: float = 0.0,
        *,
        low: float = 0.0,
        high: float = 1.0,
        threshold: float = 0.0,
        hysteresis: float = 0.05,
        hold_s: float = 0.0,
        polarity: Polarity = "up",
    ) -> None:
        """`amount` is the push at full source, in the parameter's own unit; it may be negative.

        `low` .. `high` of the source becomes 0..1, what lies outside is clipped; low > high turns it round. Below
        `threshold` of those 0..1 nothing pushes; once open it stays so down to `threshold - hysteresis`. `hold_s` is
        how long a peak is kept before it falls. `polarity`: "up" pushes by 0..amount, "down" by 0..-amount, "both" by
        -amount..amount, with the middle of the curve at rest. KeyError with the nearest right name if there is no such
        curve.
        """
        self._amount = -amount if polarity == "down" else amount
        self._both = polarity == "both"
        self._curve = CURVES[curve]
        self._low, self._scale = low, 1 / (high - low)
        self._threshold, self._closes_at = threshold, threshold - hysteresis
        self._passes = threshold <= 0
        self._hold_s = hold_s
        self._peak = self._left_s = 0.0  # what is held, and for how long still
        self._follower = Follower(attack_s, release_s)
        self.level = 0.0  # of the source in its range, 0..1

    def go_on_from(self, other: "Route") -> None:
        """Take over from the same route as it was before its settings were changed."""
        self._passes = other._passes or self._threshold <= 0
        self._peak, self._left_s = other._peak, min(other._left_s, self._hold_s)
        self._follower.value, self.level = other._follower.value, other.level

    def push(self, source: float, dt_s: float, gate: bool = True) -> float:
        """How far the parameter is pushed after `dt_s` seconds at this value; with the gate shut the source is none."""
        x = (source - self._low) * self._scale
        self.level = x = 0.0 if x < 0 else 1.0 if x > 1 else x
        target = self._shaped(x) if gate else 0.0
        if self._hold_s > 0:
            return self._amount * self._held(target, dt_s)
        return self._amount * self._follower.step(target, dt_s)

    def _shaped(self, x: float) -> float:
        """Threshold and curve of 0..1: 0..1, or -1..1 where the polarity is "both"."""
        if self._threshold > 0:
            self._passes = x >= self._threshold or (self._passes and x > 0 and x >= self._closes_at)
            if not self._passes:
                return 0.0
        y = self._curve(x)
        return 2 * y - 1 if self._both else y

    def _held(self, target: float, dt_s: float) -> float:
        """Follow the peak until its time is up, and then the target, within one step."""
        if target < self._peak:
            part_s = min(self._left_s, dt_s)
            self._follower.step(self._peak, part_s)
            self._left_s -= part_s
            dt_s -= part_s
            if self._left_s > MOMENT_S:
                return self._follower.value
        self._peak, self._left_s = target, self._hold_s
        return self._follower.step(target, dt_s)
