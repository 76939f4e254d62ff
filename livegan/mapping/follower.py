"""Envelope follower with attack and release, the same at any frame rate."""

from math import exp, expm1


class Follower:
    """First-order low-pass with attack and release, solved exactly: many small steps equal one large step.

    `attack_s` and `release_s` are time constants [s] (63 % of the way); 0 follows at once.
    """

    def __init__(self, attack_s: float = 0.0, release_s: float = 0.0, value: float = 0.0) -> None:
        self.attack_s = attack_s
        self.release_s = release_s
        self.value = value

    def step(self, target: float, dt_s: float) -> float:
        """Advance by `dt_s` towards `target`; returns the value."""
        self.area(target, dt_s)
        return self.value

    def area(self, target: float, dt_s: float) -> float:
        """Like `step`, but returns the value's integral over those `dt_s` seconds."""
        constant_s = self.attack_s if target > self.value else self.release_s
        if constant_s <= 0:
            self.value = target
            return target * dt_s
        distance = self.value - target
        self.value = target + distance * exp(-dt_s / constant_s)
        return target * dt_s - distance * constant_s * expm1(-dt_s / constant_s)
