"""A route: one feature pushes one parameter, through a curve, with attack and release."""

from dataclasses import dataclass

from livegan.mapping.curves import CURVES
from livegan.mapping.follower import Follower


@dataclass(frozen=True, slots=True)
class Route:
    """`amount` is the push at full feature, in the target's own unit; it may be negative."""

    source: str  # a feature
    target: str  # a parameter
    amount: float
    curve: str = "linear"
    attack_s: float = 0.01
    release_s: float = 0.2


class LiveRoute:
    """A route with its memory."""

    def __init__(self, route: Route) -> None:
        """KeyError with the nearest right name if there is no such curve."""
        self.route = route
        self._curve = CURVES[route.curve]
        self._follower = Follower(route.attack_s, route.release_s)

    def push(self, feature: float, dt_s: float) -> float:
        """How far the target is pushed now; `feature` is clipped to 0..1."""
        return self.route.amount * self._follower.step(self._curve(min(max(feature, 0.0), 1.0)), dt_s)
