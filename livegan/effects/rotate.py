"""Rotation, swinging or held, and camera shake."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS
from livegan.effects.warp import RandomSequence, Warp, turned

if TYPE_CHECKING:
    import torch


@EFFECTS("rotate", order=112)
class Rotate(Warp):
    """Rotation effect: turns the picture about its middle; beyond its edges it is mirrored."""

    parameters = (
        AMOUNT,
        Parameter("angle", -180, 180, 90, "rotation at amount 1", "degrees"),
        Parameter("rate", 0, 4, 0, "how often it swings to that angle and back; 0 holds it there", "Hz"),
    )
    remembers = ("_swings",)

    def __init__(self) -> None:
        super().__init__()
        self._swings = 0.0

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 turned clockwise by the angle."""
        self._swings = (self._swings + amounts["rate"] * dt_s) % 1.0
        return turned(places, amounts["amount"] * amounts["angle"] * math.cos(2 * math.pi * self._swings), aspect)

    def reset(self) -> None:
        self._swings = 0.0


@EFFECTS("shake", order=114)
class Shake(Warp):
    """Shake effect: a hand-held camera, jolted at random (seeded); best pushed by hits."""

    parameters = (
        AMOUNT,
        Parameter("distance", 0, 0.3, 0.06, "farthest shift at amount 1", "of the height"),
        Parameter("tilt", 0, 30, 4, "largest tilt at amount 1", "degrees"),
        Parameter("rate", 0.5, 20, 7, "new directions in a second", "Hz"),
    )
    remembers = ("_random",)

    def __init__(self) -> None:
        super().__init__()
        self._random = RandomSequence(3)

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 it is thrown about by up to the distance and the tilt."""
        across, down, tilt = self._random.smooth(amounts["rate"] * dt_s)
        amount = amounts["amount"]
        moved = turned(places, amount * amounts["tilt"] * tilt, aspect)
        moved[0].add_(2 * amount * amounts["distance"] * across / aspect)
        moved[1].add_(2 * amount * amounts["distance"] * down)
        return moved

    def reset(self) -> None:
        self._random = RandomSequence(3)
