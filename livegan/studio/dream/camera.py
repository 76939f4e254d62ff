"""Camera of a dream film: zoom, shift and turn of a picture, as of one that films its own screen."""

import numpy as np
import torch
import torch.nn.functional as F

from livegan.core.types import Pixels
from livegan.studio.dream.dreamer import Feedback


def part_of(feedback: Feedback, amount: float) -> Feedback:
    """The part of a movement that is done at `amount` of its time, 0..1."""
    right, down = feedback.shift
    return Feedback(feedback.zoom**amount, (right * amount, down * amount), feedback.turn * amount)


def moved(pixels: Pixels, feedback: Feedback) -> Pixels:
    """The picture, uint8 (h, w, 3), zoomed about its middle, turned clockwise, and shifted, wrapped around its edges.

    What a zoom below 1 or a turn brings in from beyond the edges is the picture mirrored. Bilinear.
    """
    if feedback == Feedback():
        return pixels
    height, width = pixels.shape[:2]
    right, down = feedback.shift
    planes = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float()
    turn = np.deg2rad(feedback.turn)
    cos, sin, aspect = np.cos(turn) / feedback.zoom, np.sin(turn) / feedback.zoom, height / width
    if feedback.zoom != 1 or feedback.turn:
        matrix = torch.tensor([[[cos, sin * aspect, 0.0], [-sin / aspect, cos, 0.0]]], dtype=torch.float32)
        grid = F.affine_grid(matrix, [1, 3, height, width], align_corners=False)
        planes = F.grid_sample(planes, grid, padding_mode="reflection", align_corners=False)
    if right or down:
        planes = _rolled(_rolled(planes, right, 3), down, 2)
    moved: Pixels = planes[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    return moved


def _rolled(planes: torch.Tensor, by: float, axis: int) -> torch.Tensor:
    """Shifted by a real number of pixels, wrapped around."""
    whole = int(np.floor(by))
    near = torch.roll(planes, whole, axis)
    return near if by == whole else near.lerp(torch.roll(planes, whole + 1, axis), by - whole)
