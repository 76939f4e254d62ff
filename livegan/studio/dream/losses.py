"""Picture losses in OKLab: palette, brightness, contrast and sharpness, differentiable.

The palette loss is a sliced Wasserstein distance (Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters"):
along a few directions the colours of a picture, sorted, are compared with those that were asked for, sorted.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.colour_gradient import ColourGradient, gradient_of
from livegan.core.target import Target

SEARCH_PX = 128  # shorter side of the pictures that are compared, at the least, where a network can draw them
COLOUR_PX = 24  # shorter side on which colours are compared
DIRECTIONS = (  # in OKLab: lightness, a, b, and between
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (0.0, 0.707, 0.707),
    (0.0, 0.707, -0.707),
    (0.6, 0.566, 0.566),
    (0.6, -0.566, 0.566),
)
CHROMA = 2.0  # a and b span a fifth of what lightness does: they weigh more
PALETTE_WEIGHT, BRIGHTNESS_WEIGHT, CONTRAST_WEIGHT, SHARPNESS_WEIGHT = 3.0, 4.0, 6.0, 0.08
USUAL_CONTRAST, USUAL_SHARPNESS = 0.55, 0.6  # where nothing is asked for
DARK, BRIGHT = 0.22, 0.72  # mean lightness at brightness 0 and 1
EVEN, HARD = 0.08, 0.30  # standard deviation of lightness at contrast 0 and 1
SOFT, CRISP = -3.9, -2.1  # logarithm of the mean lightness step over 1/128 of the height at sharpness 0 and 1
GRADIENT_PX = 128


def oklab(pictures: Tensor) -> Tensor:
    """Pictures (n, 3, h, w), -1..1, to OKLab of the same shape; differentiable everywhere."""
    coded = (pictures.clamp(-1, 1) + 1) / 2
    linear = torch.where(coded <= 0.04045, coded / 12.92, ((coded.clamp(min=0.04) + 0.055) / 1.055) ** 2.4)
    lms = torch.einsum("ij,njhw->nihw", _LMS.to(linear), linear).clamp(min=1e-6) ** (1 / 3)
    return torch.einsum("ij,njhw->nihw", _LAB.to(lms), lms)


def shrunk(pictures: Tensor, shorter_px: int) -> Tensor:
    """Pictures (n, c, h, w) reduced by areas so that the shorter side is `shorter_px`; smaller ones as they are."""
    height, width = pictures.shape[2:]
    factor = min(height, width) / shorter_px
    if factor <= 1:
        return pictures
    return F.interpolate(pictures, size=(round(height / factor), round(width / factor)), mode="area")


def palette_loss(lab: Tensor, gradient: ColourGradient) -> Tensor:
    """Squared distance (n,) of the colours of pictures in OKLab (n, 3, h, w) from those of a gradient."""
    places = lab.flatten(2)  # (n, 3, count)
    scale = torch.tensor([1.0, CHROMA, CHROMA]).to(lab)[:, None]
    directions = torch.tensor(DIRECTIONS).to(lab)
    goal = torch.from_numpy(gradient.quantiles(places.shape[2])).to(lab).T * scale
    ours = torch.einsum("dk,nkp->ndp", directions, places * scale).sort(dim=2).values
    theirs = (directions @ goal).sort(dim=1).values
    return (ours - theirs).square().mean(dim=(1, 2))


def lightness_step(lab: Tensor) -> Tensor:
    """Logarithm (n,) of how much lightness changes over 1/128 of the height, in the mean, of (n, 3, h, w)."""
    light = shrunk(lab[:, :1], GRADIENT_PX)
    down = (light[:, :, 1:, :-1] - light[:, :, :-1, :-1]).square()
    across = (light[:, :, :-1, 1:] - light[:, :, :-1, :-1]).square()
    return (down + across + 1e-8).sqrt().mean(dim=(1, 2, 3)).clamp(min=1e-5).log()


def target_losses(pictures: Tensor, target: Target) -> Tensor:
    """How far pictures (n, 3, h, w), -1..1, are from the colours and numbers of a target: (n,), 0 where it is met."""
    lab = oklab(pictures)
    small = shrunk(lab, COLOUR_PX)
    light = small[:, 0].flatten(1)
    total = pictures.new_zeros(len(pictures))
    gradient = gradient_of(target)
    if gradient is not None:
        total = total + PALETTE_WEIGHT * palette_loss(small, gradient)
    elif target.brightness is not None:
        goal = DARK + (BRIGHT - DARK) * target.brightness
        total = total + BRIGHTNESS_WEIGHT * (light.mean(dim=1) - goal).square()
    contrast = USUAL_CONTRAST if target.contrast is None else target.contrast
    goal = EVEN + (HARD - EVEN) * contrast
    total = total + CONTRAST_WEIGHT * (light.std(dim=1) - goal).square()
    goal = SOFT + (CRISP - SOFT) * sharpness_of(target)
    return total + SHARPNESS_WEIGHT * (lightness_step(lab) - goal).square()


def sharpness_of(target: Target) -> float:
    """The sharpness that a target asks for; of one that asks for none, more the wilder it is."""
    if target.sharpness is not None:
        return target.sharpness
    return USUAL_SHARPNESS if target.energy is None else 0.35 + 0.45 * target.energy


_LMS = torch.tensor(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = torch.tensor(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
