"""Chromatic shift: red and blue drawn apart, as by a cheap lens."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.warp import Places, sample

if TYPE_CHECKING:
    import torch


@EFFECTS("chromatic", order=140)
class Chromatic(Effect):
    """Chromatic shift effect: red one way, blue the other, along a line or outwards from the middle."""

    parameters = (
        AMOUNT,
        Parameter("distance", 0, 0.2, 0.03, "shift at amount 1", "of the height"),
        Parameter("angle", -180, 180, 0, "direction in which red is moved; 0 is to the right", "degrees"),
        Parameter("outwards", 0, 1, 0.5, "0: along that line; 1: away from the middle, most at the edges"),
    )
    planes = True

    def __init__(self) -> None:
        self._grid = Places()

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 red and blue are the distance away from green."""
        import torch

        aspect, places = pixels.shape[1] / pixels.shape[0], self._grid.of(pixels)
        far = 2 * amounts["amount"] * amounts["distance"]
        angle, outwards = math.radians(amounts["angle"]), amounts["outwards"]
        across, down = math.cos(angle) * far / aspect * (1 - outwards), math.sin(angle) * far * (1 - outwards)
        out = torch.empty_like(pixels)
        out[..., 1] = pixels[..., 1]
        for colour, way in ((0, -1.0), (2, 1.0)):
            there = places * (1 + way * far * outwards)
            there[0].add_(way * across)
            there[1].add_(way * down)
            out[..., colour] = sample(pixels[..., colour : colour + 1], there, leaves=True)[..., 0]
        return out
