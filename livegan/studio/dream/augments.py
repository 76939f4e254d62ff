"""Augments of VQGAN-CLIP: random changes of each cutout, so that a picture convinces CLIP from every side.

Names, values and order are VQGAN-CLIP's; the formulae are those of Kornia (torchvision's for colours), in plain torch.
Pictures are (n, 3, h, w), 0..1; each is changed with the probability of the augment, Ts and Er all alike or none.
"""

from collections.abc import Callable, Sequence
from math import log, radians

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.studio.dream.rng import Rng
from livegan.studio.dream.warps import (
    TPS_POINTS,
    affine_matrices,
    corners,
    elastic_places,
    perspective_matrices,
    sample,
    thin_plate_places,
    warp,
)

Augment = Callable[[Tensor, Rng], Tensor]

LUMA = (0.299, 0.587, 0.114)
CROP_SHARE = 8  # Cr: shifted by up to one such part of the side
REACH = 63  # pixels of the Gaussian of Et


def with_probability(p: float, change: Augment, together: bool = False) -> Augment:
    """The change, for each picture with probability p; `together`: for all or none."""

    def augment(pictures: Tensor, rng: Rng) -> Tensor:
        picked = rng.uniform(1 if together else len(pictures)) < p
        if not bool(picked.any()):
            return pictures
        changed = change(pictures, rng)
        return changed if bool(picked.all()) else torch.where(picked.view(-1, 1, 1, 1), changed, pictures)

    return augment


def jitter(brightness: float, contrast: float, saturation: float, hue: float) -> Augment:
    """Colour jitter, in a random order: factors 1 - x .. 1 + x; the hue by up to so many turns either way."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        count = len(pictures)
        factors = [
            rng.uniform(count, low=1 - span, high=1 + span).view(-1, 1, 1, 1)
            for span in (brightness, contrast, saturation)
        ]
        turns = rng.uniform(count, low=-hue, high=hue).view(-1, 1, 1)
        pictures = pictures.clamp(0, 1)
        for kind in rng.order(4):
            if kind == 0 and brightness:
                pictures = (pictures * factors[0]).clamp(0, 1)
            elif kind == 1 and contrast:
                mean = _grey(pictures).mean((2, 3), keepdim=True)
                pictures = (mean + (pictures - mean) * factors[1]).clamp(0, 1)
            elif kind == 2 and saturation:
                grey = _grey(pictures)
                pictures = (grey + (pictures - grey) * factors[2]).clamp(0, 1)
            elif kind == 3 and hue:
                pictures = turn_hue(pictures, turns)
        return pictures

    return change


def turn_hue(pictures: Tensor, turns: Tensor) -> Tensor:
    """Pictures with their hue, of HSV, turned by (n, 1, 1) turns."""
    red, green, blue = pictures.unbind(1)
    value, at = pictures.max(1)
    chroma = value - pictures.min(1).values
    safe = torch.where(chroma == 0, torch.ones_like(chroma), chroma)
    sixths = torch.where(
        at == 0, (green - blue) / safe, torch.where(at == 1, (blue - red) / safe + 2, (red - green) / safe + 4)
    )
    sixths = sixths + 6 * turns
    channels = []
    for first in (5, 3, 1):
        place = (first + sixths).remainder(6)
        channels.append(value - chroma * torch.minimum(place, 4 - place).clamp(0, 1))
    return torch.stack(channels, 1)


def soften(most: float) -> Augment:
    """RandomSharpness: a share 0..most of the picture over its blur (PIL's SMOOTH); the border stays."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        kept = rng.uniform(len(pictures), high=most).view(-1, 1, 1, 1)
        kernel = pictures.new_tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
        inner = F.conv2d(pictures, kernel.expand(3, 1, 3, 3), groups=3).clamp(0, 1)
        blurred = pictures.clone()
        blurred[:, :, 1:-1, 1:-1] = inner
        return (blurred + (pictures - blurred) * kept).clamp(0, 1)

    return change


def gaussian_noise(pictures: Tensor, rng: Rng) -> Tensor:
    """Noise of standard deviation 1 on everything."""
    return pictures + rng.normal(*pictures.shape)


def affine(degrees: float, shift: float = 0.0, shear: float = 0.0, padding: str = "zeros") -> Augment:
    """A turn and a shear along x by up to so many degrees, a shift by up to a share of the sides, either way."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        count, _, height, width = pictures.shape
        turn = rng.uniform(count, low=-radians(degrees), high=radians(degrees))
        offset = rng.uniform(count, 2, low=-shift, high=shift) * pictures.new_tensor([width, height])
        slant = rng.uniform(count, low=-radians(shear), high=radians(shear))
        return warp(pictures, affine_matrices(turn, offset, slant, (height, width)), padding)

    return change


def perspective(distortion: float) -> Augment:
    """Each corner goes inwards by up to half of such a share of the sides."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        count, _, height, width = pictures.shape
        starts = corners((height, width), pictures).expand(count, -1, -1)
        inwards = pictures.new_tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
        reach = pictures.new_tensor([width, height]) * (distortion / 2)
        ends = starts + rng.uniform(count, 4, 2) * inwards * reach
        return warp(pictures, perspective_matrices(starts, ends))

    return change


def elastic(pictures: Tensor, rng: Rng) -> Tensor:
    """Elastic distortion: uniform noise under a Gaussian of 32 px."""
    count, _, height, width = pictures.shape
    noise = rng.uniform(count, 2, height, width, low=-1, high=1)
    return sample(pictures, elastic_places(noise, REACH, 32.0))


def thin_plate(scale: float) -> Augment:
    """Thin plate spline: corners and centre go by up to so much of half the side, alike in all pictures."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        ends = pictures.new_tensor(TPS_POINTS) + rng.uniform(1, len(TPS_POINTS), 2, low=-scale, high=scale)
        places = thin_plate_places(ends, (pictures.shape[2], pictures.shape[3]))
        return sample(pictures, places.expand(len(pictures), -1, -1, -1))

    return change


def crop(pictures: Tensor, rng: Rng) -> Tensor:
    """Shifted by up to an eighth of the side, mirrored at the border (a crop of the whole size would be none)."""
    count, _, height, width = pictures.shape
    offset = rng.uniform(count, 2, low=-1, high=1) * pictures.new_tensor([width, height]) / CROP_SHARE
    nil = torch.zeros_like(offset[:, 0])
    return warp(pictures, affine_matrices(nil, offset.round(), nil, (height, width)), "reflection")


def erase(scale: tuple[float, float], ratio: tuple[float, float]) -> Augment:
    """A black rectangle of a share of the area, and of sides in that ratio, at the same place in all pictures."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        height, width = pictures.shape[2:]
        area = float(rng.uniform(1, low=scale[0], high=scale[1])) * height * width
        halves = ((ratio[0], 1.0), (1.0, ratio[1]))[rng.below(2)]  # as many tall ones as wide ones
        aspect = float(rng.uniform(1, low=halves[0], high=halves[1]))
        tall = min(max(round((area * aspect) ** 0.5), 1), height)
        wide = min(max(round((area / aspect) ** 0.5), 1), width)
        left, top = rng.below(width - wide + 1), rng.below(height - tall + 1)
        mask = torch.ones_like(pictures[:1, :1])
        mask[:, :, top : top + tall, left : left + wide] = 0
        return pictures * mask

    return change


def resized_crop(scale: tuple[float, float], ratio: tuple[float, float]) -> Augment:
    """A rectangle of a share of the area, and of width to height in that ratio, stretched over the whole picture."""

    def change(pictures: Tensor, rng: Rng) -> Tensor:
        count, _, height, width = pictures.shape
        area = rng.uniform(count, low=scale[0], high=scale[1]) * height * width
        aspect = rng.uniform(count, low=log(ratio[0]), high=log(ratio[1])).exp()
        wide = (area * aspect).sqrt().round().clamp(1, width)
        tall = (area / aspect).sqrt().round().clamp(1, height)
        left = (rng.uniform(count) * (width - wide + 1)).floor()
        top = (rng.uniform(count) * (height - tall + 1)).floor()
        right, bottom = left + wide - 1, top + tall - 1
        box = torch.stack([left, top, right, top, right, bottom, left, bottom], 1).view(count, 4, 2)
        return _cut_out(pictures, box)

    return change


def flip(pictures: Tensor, rng: Rng) -> Tensor:
    """Left is right."""
    return pictures.flip(3)


def _cut_out(pictures: Tensor, box: Tensor) -> Tensor:
    """The boxes (n, 4, 2), corner points from the upper left one clockwise [px], as whole pictures."""
    height, width = pictures.shape[2:]
    low, size = box[:, 0], box[:, 2] - box[:, 0]
    columns = torch.linspace(0, 1, width, device=pictures.device)[None, None, :, None]
    rows = torch.linspace(0, 1, height, device=pictures.device)[None, :, None, None]
    x = low[:, 0].view(-1, 1, 1, 1) + columns * size[:, 0].view(-1, 1, 1, 1)
    y = low[:, 1].view(-1, 1, 1, 1) + rows * size[:, 1].view(-1, 1, 1, 1)
    return sample(pictures, torch.cat([x.expand(-1, height, -1, -1), y.expand(-1, -1, width, -1)], 3))


def _grey(pictures: Tensor) -> Tensor:
    return (pictures * pictures.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


TABLE: dict[str, Augment] = {  # of -aug
    "Ji": with_probability(0.7, jitter(0.1, 0.1, 0.1, 0.1)),
    "Sh": with_probability(0.5, soften(0.3)),
    "Gn": with_probability(0.5, gaussian_noise),
    "Pe": with_probability(0.7, perspective(0.7)),
    "Ro": with_probability(0.7, affine(15)),
    "Af": with_probability(0.7, affine(15, 0.1, 5)),
    "Et": with_probability(0.7, elastic),
    "Ts": with_probability(0.7, thin_plate(0.8), together=True),
    "Cr": with_probability(0.5, crop),
    "Er": with_probability(0.7, erase((0.1, 0.4), (0.3, 1 / 0.3)), together=True),
    "Re": with_probability(0.5, resized_crop((0.1, 1), (0.75, 1.333))),
}
NRUPDATED: dict[str, Augment] = {  # -cutm nrupdated differs in two
    **TABLE,
    "Pe": with_probability(0.7, perspective(0.5)),
    "Af": with_probability(0.7, affine(30, 0.1, 5)),
}
UPDATED = (  # -cutm updated has its own
    with_probability(0.5, flip),
    with_probability(0.7, jitter(0, 0, 0.01, 0.01)),
    with_probability(0.4, soften(0.3)),
    with_probability(0.8, affine(30, 0.1, padding="border")),
    with_probability(0.4, perspective(0.2)),
)
UPDATED_POOLING = (  # and so has -cutm updatedpooling
    with_probability(0.7, affine(15, 0.1, padding="border")),
    with_probability(0.7, perspective(0.7)),
    with_probability(0.7, jitter(0, 0, 0.1, 0.1)),
    with_probability(0.7, erase((0.1, 0.4), (0.3, 1 / 0.3)), together=True),
)


def augments_of(method: str, names: Sequence[str]) -> tuple[Augment, ...]:
    """What a cut method (`vqgan_options.CUT_METHODS`) does, in order; `names` count for latest and nrupdated."""
    if method == "original":
        return ()
    if method in ("updated", "updatedpooling"):
        return UPDATED if method == "updated" else UPDATED_POOLING
    table = NRUPDATED if method == "nrupdated" else TABLE
    return tuple(table[name] for name in names)
