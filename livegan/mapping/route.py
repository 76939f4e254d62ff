"""A route: one feature pushes one parameter, through a curve, with attack and release."""

from livegan.mapping.curves import CURVES
from livegan.mapping.follower import Follower


class Route:
    """Push of one parameter by one feature, with its memory."""

    def __init__(self, amount: float, curve: str, attack_s: float, release_s: float) -> None:
        """`amount` is the push at full feature, in the parameter's own unit; it may be negative.

        KeyError with the nearest right name if there is no such curve.
        """
        self._amount = amount
        self._curve = CURVES[curve]
        self._follower = Follower(attack_s, release_s)

    def push(self, feature: float, dt_s: float) -> float:
        """How far the parameter is pushed now; `feature` is clipped to 0..1."""
        return self._amount * self._follower.step(self._curve(min(max(feature, 0.0), 1.0)), dt_s)
