"""Geometric warps of pictures (n, c, h, w): affine, perspective, thin plate spline, elastic; bilinear, differentiable.

Points are in pixels, the centre of the first one at (0, 0). A matrix (n, 3, 3) says where each point of a picture goes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TPS_POINTS = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0), (0.0, 0.0))  # of the picture, -1..1


def warp(pictures: Tensor, matrices: Tensor, padding: str = "zeros") -> Tensor:
    """Pictures moved by homographies (n, 3, 3); `padding`: what lies outside, as `grid_sample` calls it."""
    height, width = pictures.shape[2:]
    back = torch.linalg.inv(matrices.double()).to(pictures)
    points = torch.cat([_points(height, width, pictures), pictures.new_ones(height * width, 1)], dim=1)
    moved = points @ back.transpose(1, 2)  # (n, h w, 3)
    places = moved[..., :2] / moved[..., 2:]
    return sample(pictures, places.view(-1, height, width, 2), padding)


def sample(pictures: Tensor, places: Tensor, padding: str = "zeros") -> Tensor:
    """The pictures at places (n, h', w', 2): x, y [px]."""
    height, width = pictures.shape[2:]
    grid = (2 * places + 1) / places.new_tensor([width, height]) - 1
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def affine_matrices(turn: Tensor, shift: Tensor, shear: Tensor, size: tuple[int, int]) -> Tensor:
    """Matrices (n, 3, 3) of a turn (n,) [rad, clockwise] about the centre, a shift (n, 2) [px], and, first, a shear.

    `shear` (n,) [rad] is along x, about the centre; `size` is height, width.
    """
    centre = turn.new_tensor([size[1] / 2 - 0.5, size[0] / 2 - 0.5])
    cosine, sine, slope = turn.cos(), turn.sin(), shear.tan()
    linear = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    ones, zeros = torch.ones_like(slope), torch.zeros_like(slope)
    linear = linear @ torch.stack([torch.stack([ones, -slope], 1), torch.stack([zeros, ones], 1)], 1)
    offset = centre + shift - (linear @ centre)
    last = turn.new_tensor([0.0, 0.0, 1.0]).expand(len(turn), 1, 3)
    return torch.cat([torch.cat([linear, offset[:, :, None]], 2), last], 1)


def perspective_matrices(starts: Tensor, ends: Tensor) -> Tensor:
    """Homographies (n, 3, 3) that take four points (n, 4, 2) [px] to four others."""
    x, y = starts.double().unbind(2)
    u, v = ends.double().unbind(2)
    one, nil = torch.ones_like(x), torch.zeros_like(x)
    rows_u = torch.stack([x, y, one, nil, nil, nil, -x * u, -y * u], 2)
    rows_v = torch.stack([nil, nil, nil, x, y, one, -x * v, -y * v], 2)
    solved = torch.linalg.solve(torch.cat([rows_u, rows_v], 1), torch.cat([u, v], 1)[..., None])
    return torch.cat([solved[..., 0], one[:, :1]], 1).view(-1, 3, 3).to(starts)


def corners(size: tuple[int, int], like: Tensor) -> Tensor:
    """Corners (4, 2) [px] of pictures of that height and width, clockwise from the upper left one."""
    right, bottom = size[1] - 1.0, size[0] - 1.0
    return like.new_tensor([[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]])


def thin_plate_places(ends: Tensor, size: tuple[int, int]) -> Tensor:
    """Where each pixel comes from [px], (n, h, w, 2), if TPS_POINTS go to `ends` (n, 5, 2), -1..1 (Bookstein 1989)."""
    height, width = size
    starts = ends.new_tensor(TPS_POINTS).expand_as(ends)
    ones = ends.new_ones(*ends.shape[:2], 1)
    plane = torch.cat([ones, ends], 2)  # (n, 5, 3)
    system = torch.cat([torch.cat([_radial(ends, ends), plane], 2), F.pad(plane.transpose(1, 2), (0, 3))], 1)
    weights = torch.linalg.solve(system.double(), F.pad(starts, (0, 0, 0, 3)).double()).to(ends)
    scale = ends.new_tensor([max(width - 1, 1), max(height - 1, 1)]) / 2
    points = (_points(height, width, ends) / scale - 1).expand(len(ends), -1, -1)
    basis = torch.cat([_radial(points, ends), ends.new_ones(*points.shape[:2], 1), points], 2)
    places: Tensor = ((basis @ weights + 1) * scale).view(len(ends), height, width, 2)
    return places


def elastic_places(noise: Tensor, kernel: int, sigma: float) -> Tensor:
    """Where each pixel comes from [px], (n, h, w, 2): moved by smooth noise (Simard et al. 2003).

    The noise (n, 2, h, w) is in halves of the sides; `kernel` and `sigma` [px] are of its Gaussian.
    """
    height, width = noise.shape[2:]
    distance = torch.arange(kernel, device=noise.device, dtype=noise.dtype) - (kernel - 1) / 2
    window = torch.exp(distance.square() / (-2 * sigma**2))
    window = (window / window.sum()).expand(2, 1, -1)
    pad = kernel // 2
    smooth = F.conv2d(noise, window[:, :, None, :], padding=(0, pad), groups=2)
    smooth = F.conv2d(smooth, window[:, :, :, None], padding=(pad, 0), groups=2).permute(0, 2, 3, 1)
    scale = noise.new_tensor([max(width - 1, 1), max(height - 1, 1)]) / 2
    here = (_points(height, width, noise) / scale - 1).view(1, height, width, 2)
    return (here + smooth + 1) * scale


def _points(height: int, width: int, like: Tensor) -> Tensor:
    """Every pixel's x, y, (h w, 2), row by row."""
    rows = torch.arange(height, device=like.device, dtype=like.dtype)
    columns = torch.arange(width, device=like.device, dtype=like.dtype)
    return torch.stack([columns.repeat(height), rows.repeat_interleave(width)], dim=1)


def _radial(points: Tensor, centres: Tensor) -> Tensor:
    """r^2 log r of every distance, (n, points, centres)."""
    squared = (points[:, :, None] - centres[:, None]).square().sum(3)
    distances: Tensor = 0.5 * squared * squared.clamp(min=1e-30).log()
    return distances
