"""Grain: the noise of a film."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from livegan.core.parameters import Parameter
from livegan.effects.registry import AMOUNT, EFFECTS, Effect
from livegan.effects.warp import RandomSequence

if TYPE_CHECKING:
    import torch

MARGIN = 64  # the same noise, moved by up to so many grains, is another frame's
DEEPEST = 90.0  # standard deviation at amount 1


@EFFECTS("grain", order=405)
class Grain(Effect):
    """Grain effect: monochrome noise, replaced so often in a second, strongest in middle tones."""

    parameters = (
        AMOUNT,
        Parameter("rate", 1, 30, 18, "how often the noise is replaced", "Hz"),
        Parameter("size", 0.001, 0.02, 0.004, "size of a grain", "of the height"),
    )
    planes = True
    remembers = ("_random",)

    def __init__(self) -> None:
        self._random = RandomSequence(2)
        self._key: tuple[object, ...] = ()
        self._noise: torch.Tensor

    def _fit(self, pixels: "torch.Tensor", size: int) -> None:
        import torch

        generator = torch.Generator().manual_seed(1)
        height, width = (-(-side // size) + MARGIN + 1 for side in pixels.shape[:2])
        noise = torch.randn(height, width, generator=generator)
        self._noise = noise.repeat_interleave(size, 0).repeat_interleave(size, 1).to(pixels.device)

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """At amount 1 middle grey is scattered by a third of the range; black and white stay."""
        height, width, _ = pixels.shape
        size = max(1, round(amounts["size"] * height))
        key = pixels.shape, pixels.device, size
        if self._key != key:
            self._fit(pixels, size)
            self._key = key
        down, across = (int((value + 1) / 2 * MARGIN) * size for value in self._random.held(amounts["rate"] * dt_s))
        noise = self._noise[down : down + height, across : across + width, None]
        room = (255 - pixels).mul_(pixels).mul_(4 * DEEPEST * amounts["amount"] / 255**2)  # none at black and at white
        return room.mul_(noise).add_(pixels).clamp_(0, 255)

    def reset(self) -> None:
        self._random = RandomSequence(2)
