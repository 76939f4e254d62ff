"""Feedback: the earlier picture zoomed, turned and shifted under the new one, as of a camera that films its screen."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.size import fitted
from livegan.effects.trails import faded
from livegan.effects.warp import Places, sample_within, turned

if TYPE_CHECKING:
    import torch

TICK_S = 1 / 30  # the memory takes in a frame this often: it gets softer by the second, not by the frame
LONGEST_S = 2.0  # what is farther away is not moved on


@EFFECTS("feedback", order=190)
class Feedback(Effect):
    """Feedback effect: the lighter of this frame and the earlier ones, which move on and fade.

    The time constant is ``time * amount``. What moves beyond the edges is gone.
    """

    parameters = (
        AMOUNT,
        Parameter("time", 0.05, 20, 2, "time constant of the decay at amount 1", "s"),
        Parameter("zoom", -3, 3, 0.6, "growth of earlier frames; below 0 they shrink into a tunnel", "1/s"),
        Parameter("rotate", -360, 360, 0, "their rotation, clockwise", "degrees/s"),
        Parameter("x", -2, 2, 0, "their shift to the right", "pictures/s"),
        Parameter("y", -2, 2, 0, "their shift downwards", "pictures/s"),
        Parameter("warm", -1, 1, 0, "above 0 they turn to red while they fade, below 0 to blue"),
    )
    planes = True
    moves_memory = True
    remembers = (
        "_memory",
        "_since_s",
    )

    def __init__(self) -> None:
        self._grid = Places()
        self._memory: torch.Tensor | None = None
        self._since_s = 0.0  # since the memory took in a frame

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 a light fades to 37 % in `time` seconds, on its way."""
        import torch

        before = fitted(self._memory, pixels)
        self._since_s = min(self._since_s + dt_s, 1e3)
        if before is None:
            self._memory, self._since_s = pixels, 0.0
            return pixels
        before = sample_within(before, self._places(pixels, amounts))
        before = faded(before, self._since_s / (amounts["time"] * amounts["amount"]), amounts["warm"])
        seen = torch.maximum(pixels, before)
        if self._since_s >= TICK_S - 1e-6:
            self._memory, self._since_s = seen, 0.0
        return seen

    def _places(self, pixels: "torch.Tensor", amounts: Mapping[str, float]) -> "torch.Tensor":
        """Where the memory is now, seen from each pixel (2, h, w)."""
        seconds = min(self._since_s, LONGEST_S)
        places = self._grid.of(pixels) * math.exp(-amounts["zoom"] * seconds)
        if amounts["rotate"]:
            places = turned(places, amounts["rotate"] * seconds, pixels.shape[1] / pixels.shape[0])
        for axis, speed in enumerate((amounts["x"], amounts["y"])):
            if speed:
                places[axis].sub_(2 * speed * seconds)
        return places

    def reset(self) -> None:
        self._memory, self._since_s = None, 0.0
