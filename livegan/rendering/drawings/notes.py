"""Notes of a score as light: rounded bars, sparks and flares added up in a plane of colours, then tone mapped."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, hypot, pi

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.score import EMPTY, Score
from livegan.rendering.drawings.light import HUES, halo, palette
from livegan.rendering.drawings.look import Look

Floats = NDArray[np.float32]
Row = tuple[float, float, float, int, float]
Rows = list[Row]

MIDDLE = 60.0  # pitch in the middle
VOICES = 8  # that have a colour of their own
PLACES = (0.0, 1 / 3, 2 / 3, 1.0, 1 / 6, 1 / 2, 5 / 6, 0.25)  # of voices along the spread of the hue
RIM, FLAT = 0.7, 0.85  # width of the brighter rim of a bar, in radii; how bright it is within
BLACK = (1, 3, 6, 8, 10)  # pitch classes of black keys


@dataclass(frozen=True, slots=True)
class Axes:
    """Where pitches and times lie in a plane [px]: time goes up from the line on which now is."""

    height: int
    width: int
    middle: float  # x of the pitch MIDDLE
    lane: float  # a semitone
    line: float  # y of now
    rate: float  # a second
    unit: float  # half the height of the picture, as it is enlarged

    def x(self, pitch: float) -> float:
        """Middle of the lane of a pitch."""
        return self.middle + (pitch - MIDDLE) * self.lane

    def times(self) -> tuple[float, float]:
        """Times at the bottom and at the top of the plane [s]."""
        return (self.line - self.height) / self.rate, self.line / self.rate


def note_rows(score: Score | None) -> Rows:
    """Start, end, pitch, number of its colour, and velocity of each note of a score."""
    notes = (score or EMPTY).notes.astype(float)
    return [
        (start, start + max(length, 0.02), pitch, round(voice) % VOICES, min(max(velocity, 0.0), 1.0))
        for start, length, pitch, voice, velocity in notes.tolist()
    ]


def voice_colours(look: Look) -> Floats:
    """Colours of the voices, (VOICES, 3): the hue spreads from the first to the fourth."""
    places = np.array(PLACES) - 0.5
    index = ((look.hue + look.spread * places) % 1.0 * HUES).astype(int) % HUES
    colours = palette().numpy()[index] * look.colour + (1 - look.colour)
    return np.asarray(colours**1.4, np.float32)  # deeper, as light saturates towards white


def base_colour(look: Look) -> Floats:
    """Colour of everything but the notes, (3,)."""
    colour = palette().numpy()[int(look.hue % 1.0 * HUES) % HUES] * look.colour + (1 - look.colour)
    return np.asarray(colour**1.4, np.float32)


def add_bar(
    light: Floats, box: tuple[float, float, float, float], colour: Floats, radius: float, tail: float = 1.0
) -> None:
    """Add a rounded bar (left, top, right, bottom) [px] of some light (3,); at its top it has the share `tail`."""
    left, top, right, bottom = box
    rows = slice(max(int(top) - 1, 0), min(ceil(bottom) + 1, light.shape[1]))
    columns = slice(max(int(left) - 1, 0), min(ceil(right) + 1, light.shape[2]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    across = np.abs(np.arange(columns.start, columns.stop, dtype=np.float32) + np.float32(0.5 - (left + right) / 2))
    down = np.arange(rows.start, rows.stop, dtype=np.float32) + np.float32(0.5)
    beside = np.abs(down - np.float32((top + bottom) / 2)) - np.float32((bottom - top) / 2 - radius)
    across -= np.float32((right - left) / 2 - radius)
    outside = np.sqrt(np.square(np.maximum(across, 0))[None] + np.square(np.maximum(beside, 0))[:, None])
    inside = np.minimum(np.maximum(across[None], beside[:, None]), 0)
    depth = np.float32(radius) - (outside + inside)  # from the edge inwards
    rim = np.clip(1 - depth / np.float32(max(RIM * radius, 0.5)), 0, 1)
    cover = np.clip(depth + np.float32(0.5), 0, 1) * (np.float32(FLAT) + np.float32(1.5 - FLAT) * rim * rim)
    if tail < 1:
        way = np.clip((down - np.float32(top)) / np.float32(max(bottom - top, 1.0)), 0, 1)
        cover *= (np.float32(tail) + np.float32(1 - tail) * way * way)[:, None]
    light[:, rows, columns] += colour[:, None, None] * cover


def add_glow(light: Floats, x: float, y: float, reach: tuple[float, float], colour: Floats) -> None:
    """Add a soft spot at a place [px], light (3,) in its middle; `reach`: standard deviations across and down."""
    wide, tall = reach
    rows = slice(max(int(y - 3 * tall), 0), min(ceil(y + 3 * tall), light.shape[1]))
    columns = slice(max(int(x - 3 * wide), 0), min(ceil(x + 3 * wide), light.shape[2]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    across = np.exp(-0.5 * np.square((np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5 - x) / wide))
    down = np.exp(-0.5 * np.square((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5 - y) / tall))
    light[:, rows, columns] += colour[:, None, None] * (down[:, None] * across[None]).astype(np.float32)


def add_points(light: Floats, places: Floats, colours: Floats, size_px: float) -> None:
    """Add points (n, 2) [px] of light (n, 3), each a soft spot `size_px` wide."""
    reach = max(1, round(size_px))
    base = np.floor(places).astype(np.int64)
    part = places - base - 0.5
    height, width = light.shape[1:]
    flat = light.reshape(3, -1)
    across, down = (each.ravel() for each in np.meshgrid(*[np.arange(-reach, reach + 1)] * 2))
    far = np.square(part[:, :1] - across) + np.square(part[:, 1:] - down)  # (n, pixels of a point)
    weight = np.exp(-far / np.float32(0.5 * size_px * size_px + 0.1)).astype(np.float32)
    x, y = base[:, :1] + across, base[:, 1:] + down
    weight[(x < 0) | (x >= width) | (y < 0) | (y >= height)] = 0
    at = np.clip(y, 0, height - 1) * width + np.clip(x, 0, width - 1)
    for channel in range(3):
        np.add.at(flat[channel], at, weight * colours[:, channel : channel + 1])


def shone(light: Tensor, look: Look) -> Tensor:
    """Colours (3, height, width), 0..1, of light that is added up: with its glow, saturating towards white."""
    if look.glow > 0:
        around = halo(light)
        light = light.mul_(1.6).add_(around, alpha=look.glow)
    else:
        light = light.mul_(1.6)
    return light.neg_().expm1_().neg_()


def turned(light: Tensor, turn: float, size: tuple[int, int]) -> Tensor:
    """A square plane of light (3, side, side) turned to the right, cut to a picture of a smaller size."""
    height, width = size
    side = light.shape[1]
    angle = 2 * pi * turn
    c, s = float(np.cos(angle)), float(np.sin(angle))
    matrix = torch.tensor(
        [[c * width / side, s * height / side, 0.0], [-s * width / side, c * height / side, 0.0]], device=light.device
    )
    grid = F.affine_grid(matrix[None], [1, 3, height, width], align_corners=False)
    return F.grid_sample(light[None], grid, align_corners=False)[0]


def diagonal(size: tuple[int, int]) -> int:
    """Side of a square that covers a picture however it is turned [px]."""
    return ceil(hypot(*size))


def mirrored(light: Tensor, times: int, width: int) -> Tensor:
    """Planes of light side by side, every other one mirrored: from the middle outwards where there are two."""
    if times == 1:
        return light
    parts = [light if index % 2 else light.flip(-1) for index in range(times)]
    return torch.cat(parts, -1)[..., :width].contiguous()


@lru_cache(64)
def noise(seed: int, count: int, columns: int) -> Floats:
    """Random numbers 0..1, (count, columns)."""
    return np.random.default_rng([seed, 4713]).random((count, columns), np.float32)
