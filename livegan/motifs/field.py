"""Building blocks of the motifs: coordinates, seeded layouts, smooth noise, colours.

All tensors are batched and float32: (n, h, w) for a plane, (n, 3, h, w) for a picture, (n,) for one latent variable. A
plane of coordinates may have n = 1 and broadcasts. Everything is a smooth function of the latents, so that pictures
flow when the latents do, and the same on CPU and GPU up to rounding.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

LATENT_NAMES = ("hue", "accent", "light", "scale", "turn", "form", "fold", "drift")  # latent variables, in order
Stops = Sequence[tuple[float, float, float]]  # (hue in turns, saturation 0..1, value 0..1) along a ramp


@lru_cache(maxsize=4096)  # a live picture asks for the same ones in every frame
def _uniform(seed: int, name: str, count: int) -> tuple[float, ...]:
    return tuple(np.random.default_rng([seed, zlib.crc32(name.encode())]).random(count).tolist())


@dataclass(frozen=True)
class Canvas:
    """Canvas for a batch of pictures of one motif: latents, layout seeds, size."""

    motif: str  # its name, so that motifs of one seed have different random numbers
    latents: Tensor  # (n, 8): see LATENT_NAMES; standard normal, any finite value is safe
    layouts: Sequence[int]  # seeds: one for all, or n
    size: tuple[int, int]  # height, width [px]

    def latent(self, name: str, reach: float = 1.0) -> Tensor:
        """One latent variable as (n,), limited softly into -reach..reach: about 0.55 reach at 1, 0.9 reach at 2."""
        return torch.tanh(self.latents[:, LATENT_NAMES.index(name)] * 0.65) * reach

    @cached_property
    def plane(self) -> tuple[Tensor, Tensor]:
        """x to the right and y down, (1, h, w): -1..1 along the shorter side, pixel centres."""
        height, width = self.size
        side = min(height, width)
        device = self.latents.device
        x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5 - width / 2) * (2 / side)
        y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5 - height / 2) * (2 / side)
        return x.expand(1, height, width), y[:, None].expand(1, height, width)

    @property
    def stretch(self) -> tuple[float, float]:
        """Width and height as multiples of the shorter side."""
        height, width = self.size
        side = min(height, width)
        return width / side, height / side

    def turned(self, reach: float = 0.5, zoom: float = 0.2) -> tuple[Tensor, Tensor]:
        """The plane under the latents `turn` (up to +-reach [rad]) and `scale` (factor e^+-zoom), (n, h, w)."""
        x, y = self.plane
        angle, far = self.latent("turn", reach), torch.exp(self.latent("scale", zoom))
        c, s = (torch.cos(angle) * far)[:, None, None], (torch.sin(angle) * far)[:, None, None]
        return c * x - s * y, s * x + c * y

    def uniform(self, name: str, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """`count` uniform numbers per layout, (n or 1, count); the same name gives the same numbers."""
        rows = [_uniform(seed, f"{self.motif}.{name}", count) for seed in self.layouts]
        numbers = torch.tensor(rows, dtype=torch.float32, device=self.latents.device)
        return low + (high - low) * numbers

    def waves(self, name: str, frequency: float, count: int = 4) -> "Waves":
        """Smooth noise of about `frequency` radians per unit, its own for each name and layout."""
        turn = self.uniform(f"{name}.turn", count, 0, 2 * np.pi)
        fast = self.uniform(f"{name}.fast", count, 0.4, 1.6) * frequency
        phase = self.uniform(f"{name}.phase", count, 0, 2 * np.pi)
        sway = self.uniform(f"{name}.sway", count, -1, 1)
        return Waves(torch.cos(turn) * fast, torch.sin(turn) * fast, phase, sway)


@dataclass(frozen=True)
class Waves:
    """A few sines in random directions: smooth noise of about unit size with an exact slope, (n or 1, count) each."""

    across: Tensor  # radians per unit
    down: Tensor
    phase: Tensor  # radians
    sway: Tensor  # how each phase follows `shift`

    def at(self, x: Tensor, y: Tensor, shift: Tensor | float = 0.0) -> Tensor:
        """The noise at points (n, h, w); `shift` (n,) [rad] lets it flow."""
        return self._sum(x, y, shift, slope=False)[0]

    def slope(self, x: Tensor, y: Tensor, shift: Tensor | float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
        """The noise and its derivatives along x and y."""
        value, dx, dy = self._sum(x, y, shift, slope=True)
        return value, dx, dy

    def _sum(self, x: Tensor, y: Tensor, shift: Tensor | float, slope: bool) -> tuple[Tensor, ...]:
        count = self.phase.shape[1]
        moved = torch.as_tensor(shift, device=x.device).reshape(-1, 1) * self.sway + self.phase  # (n, count)
        gain = 1.2 / count**0.5
        total: list[Tensor] = []
        for at in range(count):
            kx, ky, phi = (part[:, at, None, None] for part in (self.across, self.down, moved))
            angle = kx * x + ky * y + phi
            wave = gain * torch.sin(angle)
            terms = [wave]
            if slope:
                steep = gain * torch.cos(angle)
                terms += [kx * steep, ky * steep]
            total = terms if not total else [a + b for a, b in zip(total, terms, strict=True)]
        return tuple(total)


def column(value: Tensor) -> Tensor:
    """One number per picture, (n,) to (n, 1, 1), for planes."""
    return value[:, None, None]


def smoothstep(low: float, high: float, x: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, smooth between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def rgb(hue: Tensor, saturation: Tensor | float, value: Tensor | float) -> Tensor:
    """Hue in turns (any number), saturation and value 0..1 to colours in a new axis: (n, ...) -> (n, 3, ...)."""
    shifts = torch.tensor([0.0, 2 / 3, 1 / 3], device=hue.device).reshape(1, 3, *[1] * (hue.dim() - 1))
    wheel = ((((hue[:, None] + shifts) % 1.0) * 6 - 3).abs() - 1).clamp(0, 1)
    saturation = saturation[:, None] if isinstance(saturation, Tensor) else saturation
    value = value[:, None] if isinstance(value, Tensor) else value
    return (1 - saturation + saturation * wheel) * value
