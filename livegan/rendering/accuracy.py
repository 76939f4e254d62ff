"""Accuracy of a backend: PSNR of its pictures against those of the network's float32 forward, the reference."""

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.backends.protocol import Backend
from livegan.rendering.registry import no_rest

REQUIRED_DB = 40.0  # a backend below this does not draw the network's pictures
MARGIN_DB = 1.0  # required on top, as only a few pictures are compared
SEEDS, FEWEST_SEEDS = 16, 4  # pictures that are compared: fewer where the reference is slow
START_SEEDS = 2  # fewer still before the first picture of a show; the rest behind it
REFERENCE_S = 3.0  # time the reference may take to draw more than the fewest
THUMBNAIL_PX = 32
OPTIONS = SynthesisOptions()  # of the compared pictures: noise at its full gain

Clock = Callable[[], float]  # [s]


def psnr_db(picture: Tensor, reference: Tensor) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures [dB], at most 99 (equal)."""
    error = float((picture.float().cpu() - reference.float().cpu()).square().mean())
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def is_accurate(db: float) -> bool:
    """Whether pictures of this PSNR count as the network's, with a margin."""
    return db >= REQUIRED_DB + MARGIN_DB


def random_ws(net: StyleNet, seed: int) -> Tensor:
    """(num_ws, w_dim) of a seeded z and class, psi 1."""
    rng = np.random.default_rng([seed, net.z_dim])
    z = torch.from_numpy(rng.standard_normal(net.z_dim, np.float32))
    classes = torch.zeros(net.c_dim)
    if net.c_dim:
        classes[rng.integers(net.c_dim)] = 1.0
    return net.map(z[None], classes[None]).expand(net.num_ws, -1).contiguous()


def reference_picture(net: StyleNet, ws: Tensor) -> Tensor:
    """The float32 picture of ws (num_ws, w_dim): uint8 (height, width, 3)."""
    return to_pixels(net.synthesize(ws[None], OPTIONS)[0], net.span)


def thumbnail_of(picture: Tensor) -> list[int]:
    """A picture (height, width, 3) averaged down to at most 32 x 32 px, 0..255, flat."""
    height, width = picture.shape[:2]
    size = min(height, THUMBNAIL_PX), min(width, THUMBNAIL_PX)
    small = F.adaptive_avg_pool2d(picture.float().cpu().permute(2, 0, 1), size)
    return [round(value) for value in small.flatten().tolist()]


class ReferenceImages:
    """Reference images of a network, drawn when they are first needed."""

    def __init__(self, net: StyleNet, clock: Clock = time.perf_counter, rest: Callable[[], None] = no_rest) -> None:
        """`clock` measures how long the reference takes; `rest` is called after each comparison."""
        self._net, self._clock, self._rest = net, clock, rest
        self._pictures: list[Tensor] = []
        self._spent_s = 0.0
        self.ws = [random_ws(net, seed) for seed in range(SEEDS)]  # each (num_ws, w_dim)

    @property
    def count(self) -> int:
        """How many have been drawn."""
        return len(self._pictures)

    def psnr_db(self, backend: Backend, count: int = SEEDS) -> float:
        """The lowest PSNR of up to `count` pictures of `backend` [dB], ending at the first that is not accurate."""
        lowest_db = 99.0
        for index, ws in enumerate(self.ws[:count]):
            if index >= len(self._pictures):
                if index >= FEWEST_SEEDS and self._spent_s >= REFERENCE_S:
                    break
                start_s = self._clock()
                self._pictures.append(reference_picture(self._net, ws))
                self._spent_s += self._clock() - start_s
            lowest_db = min(lowest_db, psnr_db(backend.render(ws, OPTIONS), self._pictures[index]))
            if not is_accurate(lowest_db):
                break
            with torch.inference_mode(False):  # other networks may be loaded in it
                self._rest()
        return lowest_db

    def thumbnail(self) -> list[int]:
        """The first one, small, to be remembered."""
        return thumbnail_of(self._pictures[0])
