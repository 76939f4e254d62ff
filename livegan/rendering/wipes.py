"""Wipes: a picture comes in over another by a moving mask; each is a field that says when a place turns.

Fields are (height, width) float32, 0 where the new picture comes first, 1 where it comes last. Coordinates run from 0
to 1 across and down; circles and angles take the aspect ratio into account.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.types import Wipe
from livegan.rendering.crossfade import BAND, of_one_size

Field = NDArray[Any]  # float32, or float64 on the way there
HARDEST = 1 / 255  # the softness of an edge that does not flicker
SLATS, COLUMNS, TILE_ROWS, TURNS = 9, 16, 9, 3
GRAINS = (3, 9, 27)  # cells of the noise of a dissolve, down the picture


def _across(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    return x


def _down(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    return y


def _diagonal(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    return np.asarray((x * aspect + y) / (aspect + 1))


def _radius(x: Field, y: Field, aspect: float) -> Field:
    """Distance from the middle; 1 in the corners."""
    return np.asarray(np.hypot((2 * x - 1) * aspect, 2 * y - 1) / np.hypot(aspect, 1))


def _angle(x: Field, y: Field, aspect: float) -> Field:
    """Turn clockwise from the top, 0..1."""
    return np.asarray(np.arctan2((2 * x - 1) * aspect, 1 - 2 * y) / (2 * np.pi) % 1)


def _iris(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    return _radius(x, y, aspect)


def _clock(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    return _angle(x, y, aspect)


def _spiral(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    """From the middle outwards, in turns."""
    arm = (_radius(x, y, aspect) * TURNS - _angle(x, y, aspect)) % 1
    return np.asarray(0.45 * _radius(x, y, aspect) + 0.55 * np.abs(2 * arm - 1))


def _blinds(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    return y * SLATS % 1


def _bars(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    """Columns that fall and rise by turns, each with its own delay."""
    column = np.minimum((x * COLUMNS).astype(int), COLUMNS - 1)
    way = np.where(column % 2 == 0, y, 1 - y)
    return np.asarray(0.55 * way + 0.45 * rng.permutation(COLUMNS)[column] / (COLUMNS - 1))


def _tiles(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    """Square tiles, one after the other in no order."""
    columns = max(1, round(TILE_ROWS * aspect))
    order = rng.permutation(TILE_ROWS * columns).reshape(TILE_ROWS, columns) / (TILE_ROWS * columns - 1)
    row, column = (y * TILE_ROWS).astype(int), (x * columns).astype(int)
    return np.asarray(order[np.minimum(row, TILE_ROWS - 1), np.minimum(column, columns - 1)])


def _dissolve(x: Field, y: Field, aspect: float, rng: np.random.Generator) -> Field:
    """Value noise of several sizes, its values spread evenly, so that the picture turns at one pace."""
    noise = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    for octave, cells in enumerate(GRAINS):
        grid = rng.random((cells + 2, round(cells * aspect) + 2), np.float32)
        down, across = y * cells, x * round(cells * aspect)
        row, column = down.astype(int), across.astype(int)
        v, u = _smooth(down - row), _smooth(across - column)
        top = grid[row, column] * (1 - u) + grid[row, column + 1] * u
        bottom = grid[row + 1, column] * (1 - u) + grid[row + 1, column + 1] * u
        noise += (top * (1 - v) + bottom * v) * 0.5**octave
    steps = np.linspace(0, 1, 65)
    return np.asarray(np.interp(noise, np.quantile(noise.ravel()[::7], steps), steps))


def _smooth(t: Field) -> Field:
    return np.asarray(t * t * (3 - 2 * t))


def _reversed(field: Callable[..., Field]) -> Callable[..., Field]:
    return lambda *place: 1 - field(*place)


FIELDS: Mapping[str, Callable[[Field, Field, float, np.random.Generator], Field]] = {
    "wipe-left": _reversed(_across),  # the edge goes to the left
    "wipe-right": _across,
    "wipe-up": _reversed(_down),
    "wipe-down": _down,
    "diagonal": _diagonal,
    "iris": _iris,
    "clock": _clock,
    "spiral": _spiral,
    "blinds": _blinds,
    "bars": _bars,
    "tiles": _tiles,
    "dissolve": _dissolve,
}
"""By the names of `core.transitions.WIPES`."""


def field_of(wipe: Wipe, height: int, width: int) -> Field:
    """The field (height, width) of a wipe, float32 in 0..1; KeyError if there is no such wipe."""
    y, x = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height, (np.arange(width) + np.float32(0.5)) / width
    rng = np.random.default_rng([wipe.seed, height, width])
    field = FIELDS[wipe.kind](x[None, :].astype(np.float32), y, width / height, rng)
    return np.array(np.broadcast_to(np.clip(field, 0, 1), (height, width)), np.float32)


class Wiper:
    """Wiper: lays pictures over others by wipes, and keeps the field of the newest one."""

    def __init__(self) -> None:
        self._key: object = None
        self._field = torch.zeros(0)

    def mask(self, wipe: Wipe, height: int, width: int, share: float, device: torch.device) -> Tensor:
        """Share of the new picture in each place, (height, width, 1) float32 in 0..1; all 0 at `share` 0, 1 at 1."""
        key = (wipe.kind, wipe.seed, height, width, device)
        if key != self._key:
            self._key, self._field = key, torch.from_numpy(field_of(wipe, height, width)).to(device)[:, :, None]
        soft = max(wipe.softness, HARDEST)
        return self._field.neg().add_(share * (1 + soft)).div_(soft).clamp_(0, 1)

    def over(self, below: Tensor, above: Tensor, share: float, wipe: Wipe) -> Tensor:
        """Wipe uint8 (height, width, 3) pictures: `below` at `share` 0, `above` at 1; both untouched.

        Pictures of different sizes are made alike as in a crossfade.
        """
        if share <= 0:
            return below
        below, above = of_one_size(below, above)
        if share >= 1:
            return above
        mask = self.mask(wipe, below.shape[0], below.shape[1], share, below.device)
        mixed = torch.empty_like(below)
        rows = max(1, BAND // (below.shape[1] * below.shape[2])) if below.device.type == "cpu" else len(below)
        for top in range(0, len(below), rows):
            band = slice(top, top + rows)
            lower, upper = below[band].float(), above[band].float()
            mixed[band] = torch.lerp(lower, upper, mask[band]).add_(0.5)
        return mixed
