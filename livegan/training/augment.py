"""Differentiable augmentation for discriminators with little data (2006.06676, section 2.2 and appendix B).

Three groups, each transform with probability p: pixel blitting (mirror, quarter turns, whole shifts), geometry (scale,
rotation, stretch, fractional shifts, with a low-pass at twice the size), and colour (brightness, contrast, luma flip,
hue, saturation). Pictures continue as their mirror images. A `Plan` holds the random choices; `augment` applies it and
is differentiable once: a penalty on gradients is taken at what D sees.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT = 0.125  # of the side: maximum of whole shifts, and deviation of fractional ones
SCALE = 0.2  # deviation of sizes [doublings]
BRIGHTNESS = 0.2
CONTRAST = 0.5  # [doublings]
SATURATION = 1.0  # [doublings]
TAPS = 12  # of the low-pass at twice the size
REACH = TAPS // 4  # so many pixels to each side
MARGIN = TAPS // 2 - 1  # further pixels, of half the size, that downsampling needs


@dataclass(frozen=True, slots=True)
class Plan:
    """Transforms of n pictures; on the CPU, so that identities are skipped without a synchronisation."""

    blits: Tensor  # (n, 2, 3) where a pixel comes from, x before y, from the middle [px]; whole numbers
    moves: Tensor  # (n, 2, 3) the same for the geometry
    colours: Tensor  # (n, 3, 4) a matrix and an offset

    def part(self, which: slice) -> "Plan":
        """The plan of a slice of the pictures."""
        return Plan(self.blits[which], self.moves[which], self.colours[which])


def plan(count: int, size: tuple[int, int], p: float, generator: torch.Generator) -> Plan:
    """A random plan from `generator` (CPU) for `count` pictures of (height, width) [px]; the same draws for every p."""
    dice = torch.rand(count, 13, generator=generator, dtype=torch.float64)  # whether
    flat = torch.rand(count, 7, generator=generator, dtype=torch.float64)  # how much
    normal = torch.randn(count, 7, generator=generator, dtype=torch.float64)
    sides = torch.tensor([size[1], size[0]], dtype=torch.float64)  # x before y

    def maybe(place: int, changed: Tensor, probability: float = p) -> Tensor:
        """`changed` (n, d, d) with that probability, else the identity."""
        return torch.where(dice[:, place, None, None] < probability, changed, torch.eye(changed.shape[-1]).to(changed))

    mirror = 1 - 2 * (flat[:, 0] < 0.5).double()
    whole = ((flat[:, 2:4] * 2 - 1) * SHIFT * sides).round()
    blits = maybe(0, _stretch(mirror, torch.ones_like(mirror)))
    blits = blits @ maybe(1, _turn((flat[:, 1] * 4).floor() * (math.pi / 2))).round()
    blits = blits @ maybe(2, _shift(whole))

    size_all, size_one = (normal[:, 0] * SCALE).exp2(), (normal[:, 1] * SCALE).exp2()
    turns = 1 - math.sqrt(1 - min(p, 1.0))  # of each of two, so that one or both have p
    moves = maybe(3, _stretch(size_all, size_all))
    moves = moves @ maybe(4, _turn((flat[:, 4] * 2 - 1) * math.pi), turns)
    moves = moves @ maybe(5, _stretch(size_one, 1 / size_one))
    moves = moves @ maybe(6, _turn((flat[:, 5] * 2 - 1) * math.pi), turns)
    moves = moves @ maybe(7, _shift(normal[:, 2:4] * SHIFT * sides))

    luma = torch.full((4, 4), 1 / 3, dtype=torch.float64)  # projects on grey
    luma[3], luma[:, 3] = 0, 0
    identity = torch.eye(4, dtype=torch.float64)
    colours = maybe(8, _offset(normal[:, 4] * BRIGHTNESS))
    colours = maybe(9, _gain((normal[:, 5] * CONTRAST).exp2())) @ colours
    colours = maybe(10, (identity - 2 * luma).expand(count, 4, 4), p / 2) @ colours
    colours = maybe(11, _hue((flat[:, 6] * 2 - 1) * math.pi, luma)) @ colours
    saturation = (normal[:, 6] * SATURATION).exp2()[:, None, None]
    colours = maybe(12, luma + (identity - luma) * saturation) @ colours
    return Plan(blits[:, :2].float(), moves[:, :2].float(), colours[:, :3].float())


def augment(pictures: Tensor, plan: Plan) -> Tensor:
    """Apply `plan` to pictures (n, c, h, w), about -1..1; a picture without transforms is unchanged."""
    identity, (height, width) = torch.eye(2, 3), pictures.shape[2:]
    grids = plan.moves * torch.tensor([[2 / width], [2 / height]])  # as affine_grid has it: sides from -1 to 1
    grids = grids * torch.tensor([(width + MARGIN) / 2, (height + MARGIN) / 2, 1])
    x = _some(pictures, plan.blits, (plan.blits != identity).any(dim=(1, 2)), _blit)
    x = _some(x, grids, (plan.moves != identity).any(dim=(1, 2)), _warp)
    return _some(x, plan.colours, (plan.colours != torch.eye(3, 4)).any(dim=(1, 2)), _colour)


def _some(x: Tensor, how: Tensor, which: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Apply `change` to those of x (n, ...) that the mask `which` (n,), on the CPU, selects."""
    rows = which.nonzero()[:, 0]
    if not len(rows):
        return x
    how = how[rows].to(x.device, non_blocking=True)
    if len(rows) == len(x):
        return change(x, how)
    rows = rows.to(x.device, non_blocking=True)
    return x.index_copy(0, rows, change(x.index_select(0, rows), how))


def _blit(x: Tensor, blits: Tensor) -> Tensor:
    """Gather whole pixels."""
    height, width = x.shape[2:]
    down = torch.arange(height, device=x.device) - (height - 1) / 2
    across = torch.arange(width, device=x.device) - (width - 1) / 2
    places = torch.stack(
        [across.expand(height, -1), down[:, None].expand(-1, width), torch.ones_like(across).expand(height, -1)]
    )
    source = blits @ places.flatten(1)  # (n, 2, h w)
    column = _mirrored((source[:, 0] + (width - 1) / 2).round().long(), width)
    row = _mirrored((source[:, 1] + (height - 1) / 2).round().long(), height)
    index = (row * width + column)[:, None].expand(-1, x.shape[1], -1)
    return x.flatten(2).gather(2, index).view(x.shape)


def _mirrored(index: Tensor, count: int) -> Tensor:
    """Whole numbers folded into 0 .. count - 1."""
    index = index.remainder(2 * count)
    return torch.minimum(index, 2 * count - 1 - index)


def _warp(x: Tensor, grids: Tensor) -> Tensor:
    """Resample at twice the size, with a low-pass before and after."""
    height, width = x.shape[2:]
    wide = F.pad(x, (REACH,) * 4, mode="reflect")
    line = _low_pass(str(x.device)).to(x.dtype)
    kernel = line.expand(x.shape[1], 1, -1)
    for axis in (2, 3):
        stride, padding = (2, 1)[:: 1 if axis == 2 else -1], (MARGIN, 0)[:: 1 if axis == 2 else -1]
        wide = F.conv_transpose2d(wide, 2 * kernel.unsqueeze(5 - axis), None, stride, padding, groups=x.shape[1])
    wide = wide[:, :, 2 * REACH : -2 * REACH, 2 * REACH : -2 * REACH]  # (n, c, 2h, 2w)
    size = [len(x), x.shape[1], 2 * (height + MARGIN), 2 * (width + MARGIN)]
    grid = F.affine_grid(grids, size, align_corners=False)
    wide = F.grid_sample(wide, grid.to(x.dtype), "bilinear", "reflection", align_corners=False)
    for axis in (2, 3):
        stride = (2, 1)[:: 1 if axis == 2 else -1]
        wide = F.conv2d(wide, kernel.unsqueeze(5 - axis), None, stride, groups=x.shape[1])
    return wide


@lru_cache(maxsize=8)
def _low_pass(device: str) -> Tensor:
    """A half-band filter, (TAPS,) float32, summing to 1: a sinc under a Kaiser window (Kaiser 1974)."""
    with torch.inference_mode(False):
        places = torch.arange(TAPS, dtype=torch.float64) - (TAPS - 1) / 2
        line = torch.sinc(places / 2) * torch.kaiser_window(TAPS, False, 4.0, dtype=torch.float64)
        return (line / line.sum()).float().to(device)


def _colour(x: Tensor, colours: Tensor) -> Tensor:
    """Apply a colour matrix to RGB, its mean to grey; alpha is unchanged."""
    if x.shape[1] == 1:
        gain, offset = colours[:, :, :3].sum(dim=2).mean(dim=1), colours[:, :, 3].mean(dim=1)
        return x * gain[:, None, None, None] + offset[:, None, None, None]
    changed = (colours[:, :, :3] @ x[:, :3].flatten(2) + colours[:, :, 3:]).view(len(x), 3, *x.shape[2:])
    return changed if x.shape[1] == 3 else torch.cat([changed, x[:, 3:]], dim=1)


def _stretch(x: Tensor, y: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], dim=1))


def _turn(angle: Tensor) -> Tensor:
    """(n,) radians to (n, 3, 3)."""
    matrix = torch.eye(3, dtype=angle.dtype).repeat(len(angle), 1, 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 0, 1], matrix[:, 1, 0] = -angle.sin(), angle.sin()
    return matrix


def _shift(by: Tensor) -> Tensor:
    """(n, 2) pixels to (n, 3, 3)."""
    matrix = torch.eye(3, dtype=by.dtype).repeat(len(by), 1, 1)
    matrix[:, :2, 2] = by
    return matrix


def _offset(by: Tensor) -> Tensor:
    matrix = torch.eye(4, dtype=by.dtype).repeat(len(by), 1, 1)
    matrix[:, :3, 3] = by[:, None]
    return matrix


def _gain(by: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([by, by, by, torch.ones_like(by)], dim=1))


def _hue(angle: Tensor, luma: Tensor) -> Tensor:
    """A turn about the grey axis by (n,) radians: (n, 4, 4) (Rodrigues' formula)."""
    cross = torch.zeros(4, 4, dtype=angle.dtype)
    cross[0, 1] = cross[1, 2] = cross[2, 0] = -(3**-0.5)
    cross[1, 0] = cross[2, 1] = cross[0, 2] = 3**-0.5
    colour = torch.eye(4, dtype=angle.dtype) - luma
    colour[3, 3] = 0
    turned = luma + colour * angle.cos()[:, None, None] + cross * angle.sin()[:, None, None]
    turned[:, 3, 3] = 1
    return turned
