"""Strobe limiter: holds the pictures that are shown to three flashes in any one second (WCAG 2.3.1, ITU-R BT.1702-2).

The pictures pass untouched until the next one would complete a fourth flash. From then on, each is drawn towards a slow
reference (a temporal low-pass of the pictures), pixel by pixel, by as much as keeps the change under that of a flash;
once the pictures themselves have flashed no more than three times in a second, they are let through again within half a
second. What would still be a flash too many is not shown: the picture before it stays.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import exp

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.types import Picture
from livegan.rendering.flash_counter import MOST_AREA, Cells, FlashCounter

ROWS, COLUMNS = 64, 112  # cells
BAND = 1 << 16  # numbers of a picture that are looked at together: they stay in the cache of a processor
LUMA = (0.2126, 0.7152, 0.0722)
REFERENCE_S = 0.4  # time constant of the low-pass, twice: of 4 Hz one per cent is left
NARROW = 0.03  # a held picture's luminance stays so near that of the reference: both ways together below a transition
NARROW_RED = 0.018  # ... and so near its R, G and B together, where there is a saturated red
WIDEN_S = 0.12  # time constant of letting go
WIDE = 1.0  # from here on nothing is held
CUBIC = (0.305306011, 0.682171111, 0.012522878)  # of x^3, x^2 and x: sRGB 0..1 into linear light, within 0.002
SCALE = CUBIC[0] / 255**3
SHIFT = 255 * CUBIC[1] / (2 * CUBIC[0])
REST = 255**2 * CUBIC[2] / CUBIC[0] - SHIFT**2
KEPT = ("_last", "_near", "_nearer")  # pictures that the next one depends on


class StrobeLimiter:
    """Strobe limiter of one sequence of pictures; time is an argument, in any steps. Not limiting, it costs a look."""

    def __init__(self, seen: float = 1.0) -> None:
        """`seen`: the smallest share of the picture that fills a screen by itself, 0..1."""
        self.seen = seen
        self.reset()

    def reset(self) -> None:
        """Nothing has been shown yet."""
        self.shown = FlashCounter(ROWS * COLUMNS, MOST_AREA * self.seen)
        self._asked: FlashCounter | None = None  # of the pictures as they came, while they are held back
        self._last: Tensor | None = None  # the newest one shown
        self._near: Tensor | None = None  # the reference, float32 (3, h, w), and its first stage
        self._nearer: Tensor | None = None
        self._width = WIDE  # how far pictures may be from the reference
        self.time_s = float("-inf")

    @property
    def limiting(self) -> bool:
        """Whether the newest picture was held back."""
        return self._asked is not None

    @property
    def asked(self) -> FlashCounter:
        """Counter of the pictures as they came."""
        return self._asked or self.shown

    def memory(self) -> dict[str, Tensor]:
        """What was shown and asked for so far, by name; a new limiter that restores it goes on from here."""
        counters = {"shown": self.shown, "asked": self._asked}
        memory = {
            f"{kind}/{name}": torch.from_numpy(array)
            for kind, counter in counters.items()
            if counter is not None
            for name, array in counter.arrays().items()
        }
        kept = {name: value.cpu().contiguous().clone() for name in KEPT if (value := getattr(self, name)) is not None}
        return memory | kept | {"figures": torch.tensor([self._width, self.time_s], dtype=torch.float64)}

    def restore(self, memory: Mapping[str, Tensor]) -> None:
        """Go on from what another limiter has shown."""
        self.reset()
        for kind in ("shown", "asked"):
            prefix = f"{kind}/"
            arrays = {name.removeprefix(prefix): memory[name].numpy() for name in memory if name.startswith(prefix)}
            if arrays:
                counter = FlashCounter(ROWS * COLUMNS, MOST_AREA * self.seen)
                counter.set_arrays(arrays)
                setattr(self, "shown" if kind == "shown" else "_asked", counter)
        for name in KEPT:
            setattr(self, name, memory.get(name))
        self._width, self.time_s = (float(value) for value in memory["figures"])

    def succeed(self, before: "StrobeLimiter", newest: Picture | None) -> None:
        """Go on from what a limiter has shown whose pictures cannot be read any more, as their device hangs or is gone.

        `newest`: the newest picture that was shown, in the memory of the host; None: there is none.
        """
        self.shown = before.shown.copy()
        self._asked = before.asked.copy() if before.limiting else None
        self._last = None if newest is None else torch.from_numpy(np.array(newest))
        self._width, self.time_s = before._width, before.time_s

    def step(self, picture: Picture, time_s: float) -> Picture:
        """What is shown at `time_s` of a picture uint8 (h, w, 3): itself, or one held back; none is written to."""
        pixels = picture if isinstance(picture, Tensor) else torch.from_numpy(np.asarray(picture))
        if time_s < self.time_s:  # another sequence begins
            self.reset()
        dt_s = time_s - self.time_s if self._last is not None else 0.0
        self.time_s = time_s
        cells = cells_of(pixels)
        if self._asked is not None:
            self._asked.take(self._asked.trial(time_s, cells))
        else:
            trial = self.shown.trial(time_s, cells)
            if not any(kind.exceeds for kind in trial):
                self.shown.take(trial)
                self._last = pixels
                return picture
            self._asked = self.shown.copy()
            self._asked.take(trial)
        held = self._hold(pixels, time_s, dt_s)
        trial = self.shown.trial(time_s, cells_of(held))
        if any(kind.exceeds for kind in trial) and self._last is not None:
            held = _fitted(self._last, pixels)
            trial = self.shown.trial(time_s, cells_of(held))
        self.shown.take(trial)
        self._last = held
        if self._width >= WIDE:
            self._asked = self._near = self._nearer = None
        return held if isinstance(picture, Tensor) else held.numpy()

    def _hold(self, pixels: Tensor, time_s: float, dt_s: float) -> Tensor:
        """The picture as near to itself as the reference allows."""
        assert self._asked is not None
        if self._asked.too_many(time_s):
            if self._width > NARROW:  # from what is seen now
                self._near = self._nearer = None
            self._width = NARROW
        else:
            self._width *= exp(dt_s / WIDEN_S)
        if self._width >= WIDE:
            return pixels
        light = _lit(pixels)
        if self._near is None or self._nearer is None or self._near.shape != light.shape:
            start = light if self._last is None else _lit(_fitted(self._last, pixels))
            self._near, self._nearer = start.clone(), start
        elif not self.shown.spent(time_s):  # it may only move where its movement cannot be a flash too many
            share = 1 - exp(-dt_s / REFERENCE_S)
            self._nearer.lerp_(light, share)
            self._near.lerp_(self._nearer, share)
        return _drawn_near(light, self._near, self._width)


def _lit(pixels: Tensor) -> Tensor:
    """Light 0..1, float32 (3, h, w): sRGB with a gamma of 2, whose slope is never below 1 / 1.15 of the true one's."""
    planes = pixels.permute(2, 0, 1).contiguous().float()
    return planes.mul_(1 / 255).square_()


def _drawn_near(light: Tensor, reference: Tensor, width: float) -> Tensor:
    """Pixels uint8 (h, w, 3) between the reference and `light`, each as far as `width` allows; writes to `light`."""
    change = light.sub_(reference)
    red, green, blue = change
    share = (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2]).abs_().clamp_(min=width)
    share.reciprocal_().mul_(width)
    wide = width * NARROW_RED / NARROW
    old, sums = reference[0], reference.sum(dim=0)
    saturated = torch.maximum(
        old.div(sums.clamp(min=1e-4)), (old + red).div_((sums + change.sum(dim=0)).clamp_(min=1e-4))
    )
    if saturated.max() > 0.72:  # a change of reds counts where one end is saturated
        saturated.sub_(0.72).mul_(1 / 0.05).clamp_(0, 1)
        reds = red.abs().add_(green.abs()).add_(blue.abs()).mul_(saturated).clamp_(min=wide)
        share = torch.minimum(share, reds.reciprocal_().mul_(wide))
    shown = change.mul_(share).add_(reference).clamp_(0, 1).sqrt_().mul_(255).add_(0.5).to(torch.uint8)
    return shown.permute(1, 2, 0).contiguous()


def cells_of(pixels: Tensor) -> Cells:
    """Linear R, G, B, float32 (3, ROWS * COLUMNS), of a picture of any size: means of each cell.

    Every pixel counts: of samples, lines or dots could be drawn that flash between them.
    """
    height, width = pixels.shape[:2]
    if height % ROWS:
        pixels = pixels.index_select(0, _places(height, ROWS, str(pixels.device)))
    tall = pixels.shape[0] // ROWS
    at_once = tall * (ROWS if pixels.is_cuda else max(BAND // (tall * width * 3), 1))
    bands = [pixels[top : top + at_once] for top in range(0, ROWS * tall, at_once)]
    strips = torch.cat([_cubic(band).view(-1, tall, width * 3).sum(1) for band in bands]).view(ROWS, width, 3)
    if width % COLUMNS:
        strips = strips.index_select(1, _places(width, COLUMNS, str(pixels.device)))
    across = strips.shape[1] // COLUMNS
    means = _means(across, tall, str(pixels.device)) @ strips.view(-1, across * 3).T
    return means.cpu().numpy()


@lru_cache(16)
def _means(across: int, tall: int, device: str) -> Tensor:
    """Matrix (3, across * 3) from the sums of `tall` pixels in each column of a cell to the mean light of each colour.

    A product, because torch adds up so few numbers at a time ten times as slowly.
    """
    return (torch.eye(3).repeat(1, across) * (SCALE / (across * tall))).to(device)


@lru_cache(16)
def _places(size: int, cells: int, device: str) -> Tensor:
    """Lines of a picture of that size, some twice, so that there are as many in every cell."""
    many = -(-size // cells) * cells
    return ((torch.arange(many) + 0.5) * (size / many)).long().to(device)


def _cubic(pixels: Tensor) -> Tensor:
    """Linear light of sRGB uint8 / SCALE, contiguous: the polynomial as x ((x + h)^2 + k)."""
    x = pixels.float().contiguous()
    return (x + SHIFT).square_().add_(REST).mul_(x)


def _fitted(picture: Tensor, like: Tensor) -> Tensor:
    """A picture at the size and on the device of another."""
    picture = picture.to(like.device)
    if picture.shape == like.shape:
        return picture
    planes = F.interpolate(picture.permute(2, 0, 1)[None].float(), tuple(like.shape[:2]), mode="bilinear")
    return planes[0].permute(1, 2, 0).add(0.5).clamp(0, 255).to(torch.uint8).contiguous()
