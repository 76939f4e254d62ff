"""Pairs for regression: latents, and the pictures that the motifs make of them, kept in two files."""

import errno
import math
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES, SHOWN, draw
from livegan.networks.architectures.stylegan2 import normalise

TOGETHER = 8  # pictures drawn at a time

Tell = Callable[[int], None]  # how many pictures are there


class Pairs:
    """`each` pictures of every class with their latents; drawn where the files are not there yet.

    The pictures are those of the motifs, each in its best layout, for knobs = normalise(z): what a network sees of its
    latent. One layout a class is what a small network can learn: the knobs move it, bend it and colour it.
    """

    def __init__(self, folder: Path, side: int, each: int, seed: int, tell: Tell = lambda _: None) -> None:
        """Opens `folder`/pairs-SIDE-EACH-SEED.npy, or makes it, telling how far it is; a broken-off one begins anew."""
        self.side, self.each = side, each
        self.z = torch.randn(len(NAMES), each, 8, generator=torch.Generator().manual_seed(seed))
        path = folder / f"pairs-{side}-{each}-{seed}.npy"
        size = (len(NAMES), each, 3, side, side)
        if not path.is_file():
            part = path.with_suffix(".part.npy")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._draw(_room(part, size), tell)
            except OSError as error:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise TrainingError(
                    f"{part} cannot be written ({error.strerror}); it takes {math.prod(size) / 1e9:.1f} GB"
                ) from error
            part.replace(path)
        tell(each * len(NAMES))
        self.pictures = np.load(path, mmap_mode="r")
        if self.pictures.shape != size:
            raise TrainingError(f"{path}: holds {self.pictures.shape}, not {size}; delete it and start again")

    def _draw(self, pictures: np.ndarray, tell: Tell) -> None:
        with torch.no_grad():
            for first in range(0, self.each, TOGETHER):
                for index, (name, layout) in enumerate(zip(NAMES, SHOWN, strict=True)):
                    knobs = normalise(self.z[index, first : first + TOGETHER])
                    light = draw(name, knobs, (self.side, self.side), (layout,))
                    pictures[index, first : first + TOGETHER] = (light * 255 + 0.5).to(torch.uint8).numpy()
                tell(min(first + TOGETHER, self.each) * len(NAMES))

    def batch(self, classes: Tensor, which: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Latents (n, 8) and pictures (n, 3, side, side), -1..1, of the pairs `which` of `classes`."""
        found = torch.from_numpy(self.pictures[classes.numpy(), which.numpy()])
        pictures = found.float().div_(127.5).sub_(1)
        if side < self.side:
            pictures = F.avg_pool2d(pictures, self.side // side)
        return self.z[classes, which], pictures


def _room(path: Path, size: tuple[int, ...]) -> np.ndarray:
    """A new file of numbers of that size, mapped, whose place on the disk is kept for it; OSError if there is none.

    Without that a full disk ends the process where it writes into the map.
    """
    path.unlink(missing_ok=True)
    if shutil.disk_usage(path.parent).free < math.prod(size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    numbers = np.lib.format.open_memmap(path, "w+", np.uint8, size)
    if sys.platform == "linux":
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # there are disks that cannot keep a place
                    raise
    return numbers
