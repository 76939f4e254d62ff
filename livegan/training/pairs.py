"""Training pairs for regression: latents, and the motifs' pictures of them in a memory-mapped file."""

import errno
import math
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.files import atomic_path
from livegan.core.progress import ProgressCallback
from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.networks.architectures.stylegan2 import normalise

DRAW_BATCH = 8


class Pairs:
    """Training pairs: `each` pictures of every class with their latents; drawn if the file does not exist.

    The motifs, each in its best layout, of latents = normalise(z), as the mapping network normalises them. One layout
    per class is what a small network can learn.
    """

    def __init__(
        self, folder: Path, side: int, each: int, seed: int, report: ProgressCallback = lambda _: None
    ) -> None:
        """Open `folder`/pairs-SIDE-EACH-SEED.npy, or make it; an interrupted one is made anew."""
        self.side, self.each = side, each
        self.z = torch.randn(len(NAMES), each, 8, generator=torch.Generator().manual_seed(seed))
        path = folder / f"pairs-{side}-{each}-{seed}.npy"
        size = (len(NAMES), each, 3, side, side)
        if not path.is_file():
            try:
                with atomic_path(path) as part:
                    self._draw(_allocate(part, size), report)
            except OSError as error:
                raise TrainingError(
                    f"{path} cannot be written ({error.strerror}); it takes {math.prod(size) / 1e9:.1f} GB"
                ) from error
        report(each * len(NAMES))
        self.pictures = np.load(path, mmap_mode="r")
        if self.pictures.shape != size:
            raise TrainingError(f"{path}: holds {self.pictures.shape}, not {size}; delete it and start again")

    def _draw(self, pictures: np.ndarray, report: ProgressCallback) -> None:
        with torch.no_grad():
            for first in range(0, self.each, DRAW_BATCH):
                for index, (name, layout) in enumerate(zip(NAMES, SHOWN, strict=True)):
                    latents = normalise(self.z[index, first : first + DRAW_BATCH])
                    light = draw(name, latents, (self.side, self.side), (layout,))
                    pictures[index, first : first + DRAW_BATCH] = (light * 255 + 0.5).to(torch.uint8).numpy()
                report(min(first + DRAW_BATCH, self.each) * len(NAMES))

    def batch(self, classes: Tensor, indices: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Latents (n, 8) and pictures (n, 3, side, side), -1..1, of the pairs `indices` of `classes`."""
        uint8 = torch.from_numpy(self.pictures[classes.numpy(), indices.numpy()])
        pictures = uint8.float().div_(127.5).sub_(1)
        if side < self.side:
            pictures = F.avg_pool2d(pictures, self.side // side)
        return self.z[classes, indices], pictures


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
