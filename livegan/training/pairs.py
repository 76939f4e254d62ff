"""Training pairs for regression: latents, and the motifs' pictures of them in a memory-mapped file."""

import errno
import math
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from livegan.core.files import atomic_path
from livegan.core.progress import ProgressCallback
from livegan.errors import TrainingError
from livegan.motifs.draw import LAYOUTS, NAMES, Z_DIM, draw, layouts_at
from livegan.motifs.field import LATENT_NAMES
from livegan.networks.architectures.stylegan2 import normalise

DRAW_BATCH = 8
INNER = 0.8  # share of a layout's arc that is drawn: between two layouts the network finds its own way


class Pairs:
    """Training pairs: `each` pictures of every class with their latents; drawn if the file does not exist.

    The motifs of latents = normalise(z), as the mapping network normalises them; the last two choose the layout.
    """

    def __init__(
        self, folder: Path, size: tuple[int, int], each: int, seed: int, report: ProgressCallback = lambda _: None
    ) -> None:
        """Open `folder`/pairs-WIDTHxHEIGHT-EACH-SEED.npy, or make it; an interrupted one is made anew."""
        self.size, self.each = size, each
        self.z = pair_latents(each, seed)
        height, width = size
        path = folder / f"pairs-{width}x{height}-{each}-{seed}.npy"
        shape = (len(NAMES), each, 3, height, width)
        if not path.is_file():
            try:
                with atomic_path(path) as part:
                    self._draw(_allocate(part, shape), report)
            except OSError as error:
                raise TrainingError(
                    f"{path} cannot be written ({error.strerror}); it takes {math.prod(shape) / 1e9:.1f} GB"
                ) from error
        report(each * len(NAMES))
        self.pictures = np.load(path, mmap_mode="r")
        if self.pictures.shape != shape:
            raise TrainingError(f"{path}: holds {self.pictures.shape}, not {shape}; delete it and start again")

    def _draw(self, pictures: np.ndarray, report: ProgressCallback) -> None:
        for first in range(0, self.each, DRAW_BATCH):
            for index in range(len(NAMES)):
                part = self.z[index, first : first + DRAW_BATCH]
                pictures[index, first : first + DRAW_BATCH] = draw_motif(index, part, self.size).numpy()
            report(min(first + DRAW_BATCH, self.each) * len(NAMES))

    def batch(self, classes: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (n, Z_DIM) and pictures (n, 3, height, width), -1..1, of the pairs `indices` of `classes`."""
        uint8 = torch.from_numpy(self.pictures[classes.numpy(), indices.numpy()])
        return self.z[classes, indices], uint8.float().div_(127.5).sub_(1)


def pair_latents(each: int, seed: int) -> Tensor:
    """Latents of `each` pictures of every class, (classes, each, Z_DIM), none near the border of two layouts."""
    z = torch.randn(len(NAMES), each, Z_DIM, generator=torch.Generator().manual_seed(seed))
    place = z[..., len(LATENT_NAMES) :]  # a view
    count = len(LAYOUTS[0])
    turn = torch.atan2(place[..., 1], place[..., 0]) / (2 * math.pi) % 1.0 * count  # whole numbers are borders
    inner = turn.floor() + 0.5 + INNER * (turn % 1.0 - 0.5)
    far, angle = place.norm(dim=-1), inner * (2 * math.pi / count)
    place[..., 0], place[..., 1] = far * torch.cos(angle), far * torch.sin(angle)
    return z


def draw_motif(motif: int, z: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures of a motif for latents (n, Z_DIM), uint8 (n, 3, h, w)."""
    with torch.inference_mode():
        latents = normalise(z)
        known = len(LATENT_NAMES)
        light = draw(NAMES[motif], latents[:, :known], size, layouts_at(motif, latents[:, known:]))
        return (light * 255 + 0.5).to(torch.uint8)


def _allocate(path: Path, size: tuple[int, ...]) -> np.ndarray:
    """A new memory-mapped array whose blocks on the disk are allocated; OSError if there is no room.

    Without that a full disk ends the process (SIGBUS) when it writes into the map.
    """
    path.unlink(missing_ok=True)
    if shutil.disk_usage(path.parent).free < math.prod(size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    array = np.lib.format.open_memmap(path, "w+", np.uint8, size)
    if sys.platform == "linux":
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # some file systems cannot allocate
                    raise
    return array
