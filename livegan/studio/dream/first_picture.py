"""First picture of a dream: noise, a gradient, or one of the player's; its zoom, shift and turn for the next."""

from math import cos, radians, sin

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from livegan.core.types import Pixels
from livegan.studio.dream.dreamer import Feedback
from livegan.studio.dream.rng import Rng


def noise_picture(kind: str, size: tuple[int, int], rng: Rng) -> Tensor:
    """A random picture (1, 3, h, w), 0..1, of size width, height: "pixels", each its own colour, or a "gradient".

    A gradient goes from one random colour to another: red across, green and blue downwards.
    """
    width, height = size
    if kind == "pixels":
        return rng.uniform(1, 3, height, width)
    low, high = rng.uniform(3), rng.uniform(3)
    across = torch.linspace(0, 1, width, device=rng.device).expand(height, -1)
    down = torch.linspace(0, 1, height, device=rng.device)[:, None].expand(-1, width)
    share = torch.stack([across, down, down])
    return torch.lerp(low.view(3, 1, 1), high.view(3, 1, 1), share)[None]


def to_tensor(pixels: Pixels, size: tuple[int, int] | None = None) -> Tensor:
    """uint8 (h, w, 3) to (1, 3, h, w), 0..1; resized by Lanczos to width, height where they are given."""
    if size is not None and (pixels.shape[1], pixels.shape[0]) != size:
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def to_pixels(picture: Tensor) -> Pixels:
    """(1, 3, h, w), 0..1, to uint8 (h, w, 3)."""
    levels = (picture[0].detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    pixels: Pixels = levels.permute(1, 2, 0).contiguous().cpu().numpy()
    return pixels


def fit_within(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """A picture of its own proportions, of at most as many pixels as width x height (image prompts of VQGAN-CLIP)."""
    height, width = pixels.shape[:2]
    area = min(width * height, size[0] * size[1])
    fitted = max(round((area * width / height) ** 0.5), 1), max(round((area * height / width) ** 0.5), 1)
    return np.asarray(Image.fromarray(pixels).resize(fitted, Image.Resampling.LANCZOS))


def fed_back(picture: Tensor, feedback: Feedback) -> Tensor:
    """A picture (1, 3, h, w) zoomed and turned about its centre, mirrored where that leaves it, then shifted around."""
    height, width = picture.shape[2:]
    if feedback.zoom != 1 or feedback.turn:
        angle = radians(feedback.turn)
        across = torch.arange(width, device=picture.device) - (width - 1) / 2
        down = torch.arange(height, device=picture.device) - (height - 1) / 2
        y, x = torch.meshgrid(down, across, indexing="ij")
        from_x = (cos(angle) * x + sin(angle) * y) / feedback.zoom
        from_y = (cos(angle) * y - sin(angle) * x) / feedback.zoom
        grid = torch.stack([from_x * 2 / width, from_y * 2 / height], 2)[None]
        picture = F.grid_sample(picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    right, down_px = (round(part) for part in feedback.shift)
    return picture.roll((down_px, right), (2, 3)).clamp(0, 1)
