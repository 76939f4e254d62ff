"""Swirl: a whirlpool; waves and turbulence: the surface of water."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS
from livegan.effects.warp import Warp

if TYPE_CHECKING:
    import torch

TERMS = ((0.7, 1.3, 0.31), (1.7, 0.6, -0.47), (2.3, 2.9, 0.73), (3.1, 1.9, -0.97))  # waves of a turbulence: x, y, time


@EFFECTS("swirl", order=120)
class Swirl(Warp):
    """Swirl effect: turns the picture about a point, the more the nearer (scikit-image's swirl)."""

    parameters = (
        AMOUNT,
        Parameter("strength", -20, 20, 6, "rotation at the point at amount 1", "radians"),
        Parameter("radius", 0.05, 3, 1, "where hardly any rotation is left", "of the height"),
        Parameter("x", -1, 1, 0, "the point: -1 is the left edge, 1 the right one"),
        Parameter("y", -1, 1, 0, "the point: -1 is the upper edge, 1 the lower one"),
    )

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 the point is turned by the strength, the rest by ``strength * exp(-distance / (r ln 2 / 5))``."""
        import torch

        x, y = (places[0] - amounts["x"]).mul_(aspect), places[1] - amounts["y"]
        reach = 2 * amounts["radius"] * math.log(2) / 5  # 2: the height is from -1 to 1
        angle = torch.hypot(x, y).mul_(-1 / reach).exp_().mul_(amounts["amount"] * amounts["strength"])
        cos, sin = angle.cos(), angle.sin_()
        return torch.stack(
            (
                (x * cos).addcmul_(y, sin, value=-1).mul_(1 / aspect).add_(amounts["x"]),
                (x * sin).addcmul_(y, cos).add_(amounts["y"]),
            )
        )


@EFFECTS("waves", order=122)
class Waves(Warp):
    """Displacement effect: waves that run through the picture, regular or turbulent."""

    parameters = (
        AMOUNT,
        Parameter("distance", 0, 0.3, 0.05, "how far pixels are moved at amount 1", "of the height"),
        Parameter("length", 0.05, 2, 0.7, "from crest to crest", "of the height"),
        Parameter("speed", -3, 3, 0.4, "crests that pass a point in a second", "Hz"),
        Parameter("turbulence", 0, 1, 0.5, "0: regular waves; 1: irregular, as of hot air"),
    )
    remembers = ("_phase",)
    ends = True  # what moves a pixel is a sum of products of one function of its row and one of its column

    def __init__(self) -> None:
        super().__init__()
        self._phase = 0.0  # cycles

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 crests and troughs are the distance away from their places."""
        self._phase = (self._phase + amounts["speed"] * dt_s) % 1e4
        far = 2 * amounts["amount"] * amounts["distance"]
        turbulence = amounts["turbulence"]
        cycles = math.pi / amounts["length"]  # radians for a length of 1: the height is 2
        x, y = self._lines(places, aspect, cycles)
        moved = places.clone()
        turn = 2 * math.pi * self._phase
        if turbulence < 1:
            moved[0].add_((y + turn).sin_(), alpha=far * (1 - turbulence) / aspect)
            moved[1].add_((x + turn).sin_(), alpha=far * (1 - turbulence))
        if turbulence > 0:
            along, down = self._noise(x, y, turn)
            moved[0].add_(along, alpha=far * turbulence / aspect)
            moved[1].add_(down, alpha=far * turbulence)
        return moved

    @staticmethod
    def _lines(places: "torch.Tensor", aspect: float, cycles: float) -> tuple["torch.Tensor", "torch.Tensor"]:
        """Phases of the columns (1, w) and of the rows (h, 1)."""
        import torch

        height, width = places.shape[1:]
        across = torch.linspace(-1, 1, width, device=places.device)[None] * (aspect * cycles)
        return across, torch.linspace(-1, 1, height, device=places.device)[:, None] * cycles

    @staticmethod
    def _noise(x: "torch.Tensor", y: "torch.Tensor", turn: float) -> tuple["torch.Tensor", "torch.Tensor"]:
        """Two smooth fields (h, w) within -1..1: sums of products of waves of unlike lengths and speeds."""
        import torch

        fields = []
        for offset in (0.0, 2.1):
            across = torch.cat([(a * x + offset + i + turn * v).sin_() for i, (a, _, v) in enumerate(TERMS)])
            down = torch.cat([(b * y + offset * i - turn * v).cos_() for i, (_, b, v) in enumerate(TERMS)], 1)
            fields.append(down @ across / math.sqrt(len(TERMS)))
        return fields[0].clamp_(-1, 1), fields[1].clamp_(-1, 1)
