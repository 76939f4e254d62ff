"""Pairs for regression: latents, and the pictures that the motifs make of them, kept in two files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.errors import TrainingError
from livegan.generators.motifs.draw import NAMES, SHOWN, draw
from livegan.generators.stylegan2 import normalise

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
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._draw(np.lib.format.open_memmap(part, "w+", np.uint8, size), tell)
            except OSError as error:
                raise TrainingError(
                    f"{part} cannot be written ({error.strerror}); it takes {np.prod(size) / 1e9:.1f} GB"
                ) from error
            part.replace(path)
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
