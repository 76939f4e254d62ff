"""Warps: effects that move pixels. Several in a row are joined, and the picture is sampled once."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from livegan.effects.memory import Memory, memory_of, restore_into
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


MARGIN_PX = 2  # a network's outermost pixels are often odd: reflected, they would draw lines
MARGIN_FROM_PX = 32  # in pictures at least so large
BANDS = 8  # of rows, at most, that are sampled in parallel


def sample(pixels: "torch.Tensor", places: "torch.Tensor", leaves: bool) -> "torch.Tensor":
    """The picture (h, w, any) at these places, bilinear; beyond its edges it is reflected where places `leave` it."""
    import torch.nn.functional as F

    planes = pixels.permute(2, 0, 1)[None].contiguous()
    height, width = pixels.shape[:2]
    if not leaves:
        return _sampled(planes, places, "border")
    margin = MARGIN_PX  # on a graphics card always: to ask how far places leave it would be to wait for it
    if pixels.device.type == "cpu":
        beyond_px = (float(places.abs().amax()) - 1) * max(height, width) / 2
        if beyond_px <= 0:
            return _sampled(planes, places, "border")  # quicker
        margin = min(MARGIN_PX, round(beyond_px))
    margin = margin if min(height, width) >= MARGIN_FROM_PX else 0
    if margin:
        planes = F.pad(planes, (-margin,) * 4)
        wider = places.new_tensor([width / (width - 2 * margin), height / (height - 2 * margin)])
        places = places * wider[:, None, None]
    return _sampled(planes, places, "reflection")


def sample_within(pixels: "torch.Tensor", places: "torch.Tensor") -> "torch.Tensor":
    """The picture at these places, bilinear; black beyond its edges."""
    return _sampled(pixels.permute(2, 0, 1)[None].contiguous(), places, "zeros")


def _sampled(planes: "torch.Tensor", places: "torch.Tensor", padding: str) -> "torch.Tensor":
    """Planes (1, n, h, w) at places (2, h, w): (h, w, n).

    On a CPU torch samples each picture of a batch in one thread: with several threads, bands of rows become a batch.
    """
    import torch
    import torch.nn.functional as F

    height, width = places.shape[1:]
    bands = math.gcd(height, BANDS) if planes.device.type == "cpu" and torch.get_num_threads() > 1 else 1
    grid = places.reshape(2, bands, height // bands, width).permute(1, 2, 3, 0)
    planes = planes.expand(bands, -1, -1, -1)
    taken = F.grid_sample(planes, grid, padding_mode=padding, align_corners=False)
    return taken.transpose(0, 1).reshape(-1, height, width).permute(1, 2, 0)


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
    """Places rotated about the middle so that what is taken from there is turned clockwise, round on the screen."""
    import torch

    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = places
    return torch.stack((x * cos + y * (sin / aspect), y * cos - x * (sin * aspect)))


class RandomSequence:
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

    def memory(self) -> Memory:
        """Where in the sequence it is."""
        return memory_of(self, ("_at",))

    def restore(self, memory: Memory) -> None:
        """Go on from there."""
        restore_into(self, ("_at",), memory)

    def _row(self, index: int) -> list[float]:
        return [float(value) for value in self._values[index % self.LENGTH]]
