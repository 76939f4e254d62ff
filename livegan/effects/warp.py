"""Warps: effects that move pixels. Several in a row are joined, and the picture is sampled once."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from livegan.effects.registry import Effect

if TYPE_CHECKING:
    import torch


class Places:
    """Sampling grid of a picture: where each pixel lies, made once for each size and device."""

    def __init__(self) -> None:
        self._at: torch.Tensor | None = None

    def of(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Float (2, h, w): x to the right and y downwards, from -1 to 1 at the edges of the picture."""
        import torch

        height, width = pixels.shape[:2]
        at = self._at
        if at is None or at.shape[1:] != pixels.shape[:2] or at.device != pixels.device:
            down, across = (
                torch.linspace(1 - size, size - 1, size, device=pixels.device) / size for size in (height, width)
            )
            at = self._at = torch.stack((across.expand(height, width), down[:, None].expand(height, width)))
        return at


def sample(pixels: "torch.Tensor", places: "torch.Tensor", leaves: bool, clear: bool = False) -> "torch.Tensor":
    """The picture at these places, bilinear; beyond its edges it is reflected where places `leave` it.

    `clear`: beyond its edges it is black instead.
    """
    import torch.nn.functional as F

    padding = "zeros" if clear else "reflection" if leaves else "border"
    planes = pixels.permute(2, 0, 1)[None]
    taken = F.grid_sample(planes.contiguous(), places.permute(1, 2, 0)[None], padding_mode=padding, align_corners=False)
    return taken[0].permute(1, 2, 0)


class Warp(Effect):
    """Image effect that takes each pixel from another place; its amount says how far away.

    Further laws: at amount 0 every place is its own; `places` are never written to.
    """

    planes = True
    leaves: ClassVar[bool] = True  # whether it takes pixels from beyond the edges: there the picture is reflected
    ends: ClassVar[bool] = False  # whether `places` must be those of the pixels themselves: no warp is joined after it

    def __init__(self) -> None:
        self._grid = Places()

    @abstractmethod
    def bend(self, places: "torch.Tensor", amounts: Mapping[str, float], dt_s: float, aspect: float) -> "torch.Tensor":
        """Where in the picture that came in the pixels at `places` (2, h, w) are taken from; new ones of that shape.

        Called once a frame. Edges are at -1 and 1; `aspect` is width / height: x * aspect is as long as y.
        """

    def step(self, pixels: "torch.Tensor", amounts: Mapping[str, float], dt_s: float) -> "torch.Tensor":
        """The picture taken from where `bend` says."""
        aspect = pixels.shape[1] / pixels.shape[0]
        return sample(pixels, self.bend(self._grid.of(pixels), amounts, dt_s, aspect), self.leaves)


def turned(places: "torch.Tensor", degrees: float, aspect: float) -> "torch.Tensor":
    """Places rotated about the middle, clockwise for a positive angle, round on the screen."""
    import torch

    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = places
    return torch.stack((x * cos + y * (sin / aspect), y * cos - x * (sin * aspect)))


class Chance:
    """Random numbers that change in time, seeded: each within -1..1, smoothly or held until the next."""

    LENGTH = 997  # of the sequence, which then begins again

    def __init__(self, count: int, seed: int = 0) -> None:
        """So many numbers at a time."""
        self._values = np.random.default_rng([seed, count]).uniform(-1, 1, (self.LENGTH, count))
        self._at = 0.0

    def held(self, steps: float) -> list[float]:
        """The numbers, so many steps (or parts of one) later."""
        self._at = (self._at + steps) % self.LENGTH
        return self._row(math.floor(self._at + 1e-6))

    def smooth(self, steps: float) -> list[float]:
        """The same, on the way from each number to the next: 0 at the very start."""
        self._at = (self._at + steps) % self.LENGTH
        first = math.floor(self._at)
        part = self._at - first
        part *= part * (3 - 2 * part)
        here, there = (self._row(index) if index else [0.0] * self._values.shape[1] for index in (first, first + 1))
        return [a + (b - a) * part for a, b in zip(here, there, strict=True)]

    def _row(self, index: int) -> list[float]:
        return [float(value) for value in self._values[index % self.LENGTH]]
