"""Contact sheets: pictures of 16 seeds side by side, a row per class."""

from collections.abc import Sequence

import av
import numpy as np

from livegan.core.latents import latent_of_seed
from livegan.core.types import FramePlan, Pixels
from livegan.networks.info import NetworkInfo

SEEDS = 16
SHEET_PSI = 0.7  # truncation, the usual one for looking at trained networks
ROWS_OF_CLASSES = 8  # at most
GAP_PX = 4
GAP_GREY = 40  # 0..255, so that dark pictures have visible edges


def plan_for(info: NetworkInfo, seed: int, class_index: int | None = None, psi: float = 1.0) -> FramePlan:
    """The plan of a seed: its latent, one class or none, all noise."""
    z = latent_of_seed(seed, info.z_dim)
    classes = np.zeros(info.c_dim, np.float32)
    if class_index is not None:
        classes[class_index] = 1.0
    return FramePlan(0, 0.0, 1 / 60, z=z, classes=classes, truncation=psi, noise=1.0)


def rows_of_classes(c_dim: int) -> tuple[int, ...]:
    """The classes that get a row of the sheet: all, or so many spread evenly over them."""
    return tuple(np.linspace(0, c_dim - 1, min(c_dim, ROWS_OF_CLASSES)).round().astype(int).tolist()) if c_dim else ()


def sheet_plans(info: NetworkInfo, rows: Sequence[int]) -> list[FramePlan]:
    """Sixteen seeds; where there are classes, the same sixteen for each of `rows`."""
    classes: Sequence[int | None] = rows or (None,)
    return [plan_for(info, seed, class_index, SHEET_PSI) for class_index in classes for seed in range(SEEDS)]


def contact_sheet(pictures: Sequence[Pixels], columns: int, cell_px: int) -> Pixels:
    """Pictures of one size side by side, row after row, none wider or higher than `cell_px`, on grey."""
    height, width = pictures[0].shape[:2]
    shrink = max(1.0, max(height, width) / cell_px)
    grow = max(1, cell_px // max(height, width)) if shrink == 1 else 1
    cells = [_resized(picture, max(1, round(height / shrink)), max(1, round(width / shrink))) for picture in pictures]
    cells = [cell.repeat(grow, 0).repeat(grow, 1) for cell in cells]  # small ones keep their pixels
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // columns)
    sheet = np.full((rows * (height + GAP_PX) + GAP_PX, columns * (width + GAP_PX) + GAP_PX, 3), GAP_GREY, np.uint8)
    for index, cell in enumerate(cells):
        top = GAP_PX + index // columns * (height + GAP_PX)
        left = GAP_PX + index % columns * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = cell
    return sheet


def _resized(picture: Pixels, height: int, width: int) -> Pixels:
    """Area averaging."""
    if picture.shape[:2] == (height, width):
        return picture
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
    return frame.reformat(width, height, interpolation="AREA", threads=1).to_ndarray().astype(np.uint8, copy=False)
