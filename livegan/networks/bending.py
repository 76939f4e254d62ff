"""Network bending: operations on the activations of a layer during synthesis (rotate, threshold, dilate ...).

After Broad, Leymarie, Grierson 2021, "Network Bending: Expressive Manipulation of Deep Generative Models" (arXiv
2005.12420, section 4.2: layers of transformation), whose operations are made continuous here: amount 0 is
the identity, 1 the whole effect. `bend_names` describes each of them.
"""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.registry import Registry
from livegan.core.types import Bend
from livegan.networks.bend_names import CLUSTERS, acts

Operation = Callable[[Tensor, float], Tensor]  # (n, c, h, w) and an amount in 0..1 to the same shape
Matrix = tuple[float, float, float, float, float, float]  # 2x3 affine: from a point of the result to the sampled point

BENDS: Registry[Operation] = Registry("bend")
MIN_CLAMP = 1 / 32  # limit of the clamp at amount 1, as a share of the peak
MAX_GROWTH = 1 / 8  # radius of dilation at amount 1, as a share of the width


def bend(
    x: Tensor, bends: Sequence[Bend], side: int, clusters: Tensor | None, begun: frozenset[str] | None = None
) -> Tensor:
    """Apply, in order, those `bends` that act on a convolution of `side` px to its activations (n, c, h, w).

    `clusters` (c,): the cluster 1..4 of each channel; without it every fourth channel forms one. `begun`: the result of
    `begins` for this convolution; None: a bend acts on every convolution of its layer, and moves accumulate. Shape and
    dtype are kept; `x` is not modified.
    """
    active = [bend for bend in bends if bend.amount > 0 and acts(bend, side, begun)]
    for (cluster, placed), run in groupby(active, key=lambda bend: (bend.cluster, bend.operation in _PLACES)):
        if cluster == 0:
            x = _apply(x, list(run), placed)
        else:
            groups = _every_fourth(x) if clusters is None else clusters
            x = _in_cluster(x, list(run), placed, groups == cluster)
    return x


def _every_fourth(x: Tensor) -> Tensor:
    return torch.arange(x.shape[1], device=x.device) % CLUSTERS + 1


def _in_cluster(x: Tensor, run: list[Bend], placed: bool, chosen: Tensor) -> Tensor:
    if x.is_cuda:  # selecting channels would synchronise the host with the device
        return torch.where(chosen.to(x.device)[:, None, None], _apply(x, run, placed), x)
    which = chosen.nonzero()[:, 0]
    if not len(which):
        return x
    return x.clone().index_copy_(1, which, _apply(x[:, which], run, placed))


def _apply(x: Tensor, run: list[Bend], placed: bool) -> Tensor:
    if placed:  # consecutive moves are composed into one
        matrix = None
        for bend in run:
            step = _PLACES[bend.operation](min(bend.amount, 1.0))
            matrix = step if matrix is None else _after(matrix, step)
        assert matrix is not None
        return _moved(x, matrix)
    for bend in run:
        x = BENDS[bend.operation](x, min(bend.amount, 1.0)).to(x.dtype)
    return x


# Moves: affine resampling. Coordinates run from -1 to 1 across the layer.


def _scale(amount: float) -> Matrix:
    inverse = 1 / (1 + amount)
    return inverse, 0, 0, 0, inverse, 0


def _rotate(amount: float) -> Matrix:
    cosine, sine = math.cos(math.pi * amount), math.sin(math.pi * amount)
    return cosine, sine, 0, -sine, cosine, 0


_PLACES: dict[str, Callable[[float], Matrix]] = {
    "scale": _scale,
    "rotate": _rotate,
    "shift-x": lambda amount: (1, 0, -amount, 0, 1, 0),
    "shift-y": lambda amount: (1, 0, 0, 0, 1, -amount),
}


def _place(name: str) -> Operation:
    return lambda x, amount: _moved(x, _PLACES[name](amount))


for _name in _PLACES:
    BENDS(_name)(_place(_name))


def _after(first: Matrix, then: Matrix) -> Matrix:
    """Composition: `first`, then `then`. Points are mapped back through `then`, then `first`."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * j, a * h + b * k, a * i + b * m + c, d * g + e * j, d * h + e * k, d * i + e * m + f


def _axes(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Coordinates of the pixel centres: (1, w) across and (h, 1) down, float32."""
    across = (torch.arange(width, device=device) * 2 + 1) / width - 1
    down = (torch.arange(height, device=device) * 2 + 1) / height - 1
    return across[None], down[:, None]


def _moved(x: Tensor, matrix: Matrix) -> Tensor:
    """Resample (n, c, h, w) by `matrix`: bilinear, with reflection at the edges."""
    across, down = _axes(x.shape[2], x.shape[3], x.device)
    aspect = x.shape[2] / x.shape[3]  # a rotation must not shear where height and width differ
    a, b, c, d, e, f = matrix
    grid = torch.stack([across * a + down * (b * aspect) + c, across * (d / aspect) + down * e + f], dim=-1)
    grid = grid.expand(x.shape[0], -1, -1, -1)
    y = F.grid_sample(x.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return y.to(x.dtype, memory_format=_format(x))


def _format(x: Tensor) -> torch.memory_format:
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


# Other operations: each channel is changed on its own.


@BENDS("flip-x")
def _flip_x(x: Tensor, amount: float) -> Tensor:
    return torch.lerp(x, x.flip(3), amount)


@BENDS("flip-y")
def _flip_y(x: Tensor, amount: float) -> Tensor:
    return torch.lerp(x, x.flip(2), amount)


@BENDS("threshold")
def _threshold(x: Tensor, amount: float) -> Tensor:
    """Binarise at the mean to 0 and a level that keeps the channel's energy."""
    above = (x >= x.mean(dim=(2, 3), keepdim=True)).to(x.dtype)
    share = above.float().mean(dim=(2, 3), keepdim=True)
    energy = x.float().square().mean(dim=(2, 3), keepdim=True)
    return torch.lerp(x, above * (energy / share.clamp(min=1e-6)).sqrt().to(x.dtype), amount)


@BENDS("invert")
def _invert(x: Tensor, amount: float) -> Tensor:
    """Fold at a level that sinks from the channel's maximum to its minimum; the mean is kept."""
    high, low = x.amax(dim=(2, 3), keepdim=True), x.amin(dim=(2, 3), keepdim=True)
    level = torch.lerp(high, low, amount)
    folded = torch.minimum(x, 2 * level - x)
    return folded + (x.mean(dim=(2, 3), keepdim=True) - folded.mean(dim=(2, 3), keepdim=True))


@BENDS("dilate")
def _dilate(x: Tensor, amount: float) -> Tensor:
    radius = amount * max(1.0, MAX_GROWTH * min(x.shape[2:]))
    whole = int(radius)
    grown = _highest(x, whole)
    rest = radius - whole
    return torch.lerp(grown, _highest(grown, 1), rest) if rest else grown


@BENDS("erode")
def _erode(x: Tensor, amount: float) -> Tensor:
    return -_dilate(-x, amount)


def _highest(x: Tensor, radius: int) -> Tensor:
    """Maximum in a square of `radius` px around each pixel; separable, by doubling."""
    if not radius:
        return x
    x = F.pad(x, (radius, radius, radius, radius), value=-math.inf)
    for dim in (3, 2):
        reach = 1  # width of the window so far [px]
        while reach < 2 * radius + 1:
            step = min(reach, 2 * radius + 1 - reach)
            left = x.shape[dim] - step
            x = torch.maximum(x.narrow(dim, 0, left), x.narrow(dim, step, left))
            reach += step
    return x


@BENDS("ablate")
def _ablate(x: Tensor, amount: float) -> Tensor:
    return x * (1 - amount)


@BENDS("clamp")
def _clamp(x: Tensor, amount: float) -> Tensor:
    """Clip to +- a limit that sinks from the channel's peak to 1/32 of it; the energy is kept."""
    limit = x.abs().amax(dim=(2, 3), keepdim=True) * MIN_CLAMP**amount
    y = x.clamp(-limit, limit)
    energy, left = (part.float().square().mean(dim=(2, 3), keepdim=True) for part in (x, y))
    return y * (energy / left.clamp(min=1e-12)).sqrt().to(x.dtype)
