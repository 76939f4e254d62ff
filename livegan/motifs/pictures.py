"""Motif pictures as numpy arrays, for callers that do not use torch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from livegan.core.types import Pixels
from livegan.motifs.draw import draw


def draw_pixels(
    name: str, latents: NDArray[np.float32], size: tuple[int, int], layouts: Sequence[int], finer: int = 2
) -> Pixels:
    """Pictures of one motif, uint8 (n, height, width, 3), for latents (n, 8); see `motifs.draw.draw`."""
    with torch.inference_mode():
        light = draw(name, torch.from_numpy(latents), size, layouts, finer)  # (n, 3, height, width), 0..1
        pixels: Pixels = light.mul(255).round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
        return pixels


@contextmanager
def drawing_threads(count: int) -> Iterator[None]:
    """Draw with `count` threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
