"""Least-squares correction of the last ToRGB of networks that draw at lower resolutions, and PSNR of what they draw.

The picture of a lower level of a skip architecture (1912.04958, figure 7b) lacks what the ToRGBs above it add to larger
areas. Much of that can be read off the activations of its own level: with p its picture, f the activations that its
ToRGB reads (styled) and t the full picture reduced to its size, W and b that minimise |p + W f + b - t|^2 over a few
pictures are added to the weights and the bias of that ToRGB. It costs nothing to draw.

PSNR is that of the picture enlarged (bilinear, as the window does) against the full picture. A box average that is
enlarged is too soft, so t is the box average plus the box average of what its enlargement lacks (one step of
back-projection, Irani, Peleg 1991).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.networks.architectures.protocol import DEFAULT_OPTIONS, StyleNet
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.rendering.accuracy import random_ws
from livegan.rendering.registry import no_rest

FIRST_SEED = 1000  # of the pictures; those by which backends are judged have others
OPERATIONS = 100e9  # that the pictures may take, about: seconds
FEWEST, MOST = 6, 64  # pictures
HELD_OUT = 4  # every so many pictures one is not fitted but judged
RIDGE = 1e-2  # added to the diagonal of the normal equations, as a share of it
WORTH_DB = 0.5  # by which a correction must improve pictures that it was not fitted to
MOST_DB = 99.0  # equal pictures


@dataclass(frozen=True, slots=True)
class Judgement:
    """PSNR of a lower network's pictures, and its correction where that is worth it."""

    db: float  # with the correction, of pictures that it was not fitted to [dB]
    uncorrected_db: float
    correction: Tensor | None  # (colours, channels + 1): added to the weights of the last ToRGB, and to its bias


@dataclass(frozen=True, slots=True)
class Family:
    """A network with the networks of its lower resolutions: one forward pass draws the pictures of all."""

    net: StyleNet
    lower: Sequence[StyleNet]  # highest first


def picture_count(operations: float) -> int:
    """How many pictures are drawn to fit and judge a network, by the operations of one."""
    return int(np.clip(OPERATIONS / max(operations, 1.0), FEWEST, MOST))


def judge(full: Family, light: Family | None, count: int, rest: Callable[[], None] = no_rest) -> list[Judgement]:
    """Judge the lower networks of `full` and then, where there is one, the light sibling and its lower networks.

    All are compared with the full picture. `count` pictures are drawn, of seeded latents and classes, psi 1, each
    followed by a `rest`.
    """
    pictures = [random_ws(full.net, FIRST_SEED + index) for index in range(count)]
    held_out = pictures[HELD_OUT - 1 :: HELD_OUT]
    fits = [_Fit() for _ in _drawn(full, light, pictures[0])[1]]
    for index, ws in enumerate(pictures):
        if (index + 1) % HELD_OUT:
            target, drawn = _drawn(full, light, ws)
            for fit, (picture, features) in zip(fits, drawn, strict=True):
                fit.add(target, picture, features)
            with torch.inference_mode(False):  # other networks may be loaded in it
                rest()
    corrections = [fit.solution() for fit in fits]
    errors: list[tuple[list[float], list[float]]] = [([], []) for _ in fits]  # of those held out: as drawn, corrected
    for ws in held_out:
        target, drawn = _drawn(full, light, ws)
        for error, correction, (picture, features) in zip(errors, corrections, drawn, strict=True):
            error[0].append(_error(picture, target))
            if correction is not None:
                error[1].append(_error(picture + _applied(correction, features), target))
        with torch.inference_mode(False):
            rest()
    judgements = []
    for (before, after), correction in zip(errors, corrections, strict=True):
        before_db, after_db = _db(before), _db(after or before)
        worth = after_db >= before_db + WORTH_DB
        judgements.append(Judgement(after_db if worth else before_db, before_db, correction if worth else None))
    return judgements


def correct(net: StyleNet, correction: Tensor) -> None:
    """Add a correction to the last ToRGB of one of a network's `lower` networks; ValueError if it does not fit."""
    weight, bias = corrected_tensors(net, correction)
    weight.add_(correction[:, :-1, None, None])
    bias.add_(correction[:, -1])


def corrected_tensors(net: StyleNet, correction: Tensor) -> tuple[Tensor, Tensor]:
    """Weight and bias that a correction is added to; ValueError if it is of another shape."""
    assert isinstance(net, StyleGAN2)
    to_rgb = net.synthesis.block(net.shape.levels - 1).torgb
    assert to_rgb is not None
    if correction.shape != (len(to_rgb.bias), to_rgb.weight.shape[1] + 1):
        raise ValueError(f"a correction of {tuple(correction.shape)} does not fit {tuple(to_rgb.weight.shape)}")
    return to_rgb.weight, to_rgb.bias


def rows_for(ws: Tensor, count: int) -> Tensor:
    """ws (rows, w_dim) for a network with `count` rows: those above are left out, the last one is repeated."""
    if count <= len(ws):
        return ws[:count]
    return torch.cat([ws, ws[-1:].expand(count - len(ws), -1)])


_Drawn = tuple[Tensor, Tensor | None]  # a picture (colours, h, w); features (channels, h, w) where it can be corrected


def _drawn(full: Family, light: Family | None, ws: Tensor) -> tuple[Tensor, list[_Drawn]]:
    """The full picture, -1..1, and those of the networks that are judged, in their order."""
    picture, lower = _family(full, ws)
    if light is not None:
        light_picture, light_lower = _family(light, rows_for(ws, light.net.num_ws))
        lower = [*lower, (light_picture, None), *light_lower]
    return picture.clamp(-1, 1), lower


def _family(family: Family, ws: Tensor) -> tuple[Tensor, list[_Drawn]]:
    net = family.net
    if not family.lower:
        black, white = net.span
        return (net.synthesize(ws[None])[0] - black) * (2 / (white - black)) - 1, []
    assert isinstance(net, StyleGAN2)
    levels = list(_levels(net, ws[None]))
    by_size: dict[tuple[int, ...], _Drawn] = {tuple(low.shape[1:]): (low, features) for low, features in levels}
    return levels[-1][0], [by_size[low.resolution] for low in family.lower]


def _levels(net: StyleGAN2, ws: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """After each level: the picture (colours, h, w), and the styled activations (channels, h, w) its ToRGB reads."""
    x, picture = net.synthesis.block(0).start()[None], None
    for level in range(net.shape.levels):
        block = net.synthesis.block(level)
        x, picture = block(x, picture, ws, DEFAULT_OPTIONS, {})
        assert picture is not None
        assert block.torgb is not None
        style = block.torgb.affine(ws[:, 2 * level + 1]) / x.shape[1] ** 0.5
        yield picture[0], x[0] * style[0, :, None, None]


class _Fit:
    """Normal equations of one correction."""

    def __init__(self) -> None:
        self._left: Tensor | None = None  # (channels + 1, channels + 1), float64
        self._right: Tensor | None = None  # (channels + 1, colours)

    def add(self, target: Tensor, picture: Tensor, features: Tensor | None) -> None:
        if features is None:
            return
        lacking = (_reduced(target, picture.shape[1:]) - picture).flatten(1)
        flat = features.flatten(1)
        flat = torch.cat([flat, torch.ones(1, flat.shape[1])])
        left, right = (flat @ flat.T).double(), (flat @ lacking.T).double()
        self._left = left if self._left is None else self._left + left
        self._right = right if self._right is None else self._right + right

    def solution(self) -> Tensor | None:
        """(colours, channels + 1), or None where nothing was added."""
        if self._left is None or self._right is None:
            return None
        ridge = torch.diag(self._left.diagonal() * RIDGE + 1e-9)
        solution: Tensor = torch.linalg.solve(self._left + ridge, self._right)
        return solution.T.float().contiguous()


def _applied(correction: Tensor, features: Tensor | None) -> Tensor:
    assert features is not None
    added = (correction[:, :-1] @ features.flatten(1)).view(-1, *features.shape[1:])
    return added + correction[:, -1, None, None]


def _reduced(picture: Tensor, size: Sequence[int]) -> Tensor:
    """(colours, H, W) at a smaller size, so that its enlargement is close to it."""
    height, width = size
    box = F.adaptive_avg_pool2d(picture, (height, width))
    return box + F.adaptive_avg_pool2d(picture - _enlarged(box, picture.shape[1:]), (height, width))


def _enlarged(picture: Tensor, size: Sequence[int]) -> Tensor:
    if tuple(picture.shape[1:]) == tuple(size):
        return picture
    return F.interpolate(picture[None], list(size), mode="bilinear", align_corners=False)[0]


def _error(picture: Tensor, target: Tensor) -> float:
    """Mean squared error of a picture, enlarged, as a share of the squared range."""
    return float((_enlarged(picture.clamp(-1, 1), target.shape[1:]) - target).square().mean()) / 4


def _db(errors: Sequence[float]) -> float:
    """The mean PSNR of pictures with these errors [dB]."""
    return float(np.mean(-10 * np.log10(np.maximum(errors, 10 ** (-MOST_DB / 10)))))
