"""Kaleidoscope: wedges of the picture, mirrored around its middle; and tiles, mirrored side by side."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS
from livegan.effects.warp import Warp, turned

if TYPE_CHECKING:
    import torch

EDGE = 0.12  # width of the edge of one that is not all open, in half diagonals of the picture


@EFFECTS("kaleidoscope", order=102)
class Kaleidoscope(Warp):
    """Kaleidoscope effect: one wedge of the picture, mirrored round the middle like a fan."""

    parameters = (
        AMOUNT,
        Parameter("segments", 2, 24, 6, "mirrored wedges in a full turn", whole=True),
        Parameter("angle", -180, 180, 0, "direction of the wedge that is shown", "degrees"),
        Parameter("spin", -180, 180, 0, "how fast that direction turns", "degrees/s"),
    )
    remembers = ("_spun",)

    def __init__(self) -> None:
        super().__init__()
        self._spun = 0.0  # degrees
        self._seen: torch.Tensor | None = None  # places whose distances and angles are known
        self._polar: tuple[torch.Tensor, torch.Tensor]

    def _in_polar(self, places: "torch.Tensor", aspect: float) -> tuple["torch.Tensor", "torch.Tensor"]:
        """Distance from the middle and angle in radians of each place; remembered for the grid of the picture."""
        import torch

        if self._seen is not places:
            x, y = places[0] * aspect, places[1]
            self._polar = torch.hypot(x, y), torch.atan2(y, x)
            self._seen = places
        return self._polar

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 all of it; before that it has opened so far from the middle, with the picture round it."""
        import torch

        self._spun = (self._spun + amounts["spin"] * dt_s) % 360
        distance, angle = self._in_polar(places, aspect)
        wedge = 2 * math.pi / round(amounts["segments"])
        angle = (angle + wedge / 2).remainder_(wedge).sub_(wedge / 2).abs_()
        angle.add_(math.radians(amounts["angle"] + self._spun))
        folded = torch.empty_like(places)
        torch.cos(angle, out=folded[0])
        torch.sin(angle, out=folded[1])
        folded.mul_(distance)
        folded[0].mul_(1 / aspect)
        if amounts["amount"] >= 1:
            return folded
        corner = math.hypot(aspect, 1)
        inside = distance.mul(-1 / (EDGE * corner)).add_(amounts["amount"] * (1 + EDGE) / EDGE).clamp_(0, 1)
        return places.lerp(folded, inside)

    def reset(self) -> None:
        self._spun, self._seen = 0.0, None


@EFFECTS("tile", order=104)
class Tile(Warp):
    """Tile effect: the picture again and again, each copy the mirror image of its neighbours."""

    parameters = (
        AMOUNT,
        Parameter("count", 1, 8, 3, "pictures across the width, and the height, at amount 1"),
        Parameter("angle", -180, 180, 0, "rotation of the whole pattern at amount 1", "degrees"),
    )

    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """At amount 1 so many pictures; before it fewer, from the middle on."""
        count = 1 + (amounts["count"] - 1) * amounts["amount"]
        wide = turned(places, amounts["angle"] * amounts["amount"], aspect).mul_(count)
        return wide.add_(1).remainder_(4).sub_(2).abs_().sub_(1).neg_()  # a triangle wave: there and back
