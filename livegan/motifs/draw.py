"""Motif renderer: twelve classes, eight latents, a layout seed, any size."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.motifs import bodies, figures, flowing
from livegan.motifs.field import Canvas

Motif = Callable[[Canvas], Tensor]

MOTIFS: dict[str, Motif] = {  # in the order of the pitches, C first
    "silk": flowing.silk,
    "flow": flowing.flow,
    "glass": bodies.glass,
    "turing": bodies.turing,
    "julia": bodies.julia,
    "attractor": figures.attractor,
    "rings": figures.rings,
    "kaleidoscope": figures.kaleidoscope,
    "topo": flowing.topo,
    "neon": figures.neon,
    "marble": flowing.marble,
    "galaxy": bodies.galaxy,
}
NAMES = tuple(MOTIFS)
SHOWN = (9, 3, 8, 9, 1, 8, 3, 0, 11, 1, 2, 1)  # per motif: the layout that shows it best
SHOULDER = 0.7  # light above this bends softly towards 1


def draw(name: str, latents: Tensor, size: tuple[int, int], layouts: Sequence[int] = (0,), finer: int = 2) -> Tensor:
    """Pictures of one motif, (n, 3, height, width) float32 in 0..1, for latents (n, 8).

    `layouts` are seeds, one for all or n of them; `finer` is the factor of supersampling.
    """
    height, width = size
    canvas = Canvas(name, latents, layouts, (height * finer, width * finer))
    light = MOTIFS[name](canvas)
    if finer > 1:
        light = F.avg_pool2d(light, finer)
    over = SHOULDER + (1 - SHOULDER) * (1 - torch.exp(-(light - SHOULDER) / (1 - SHOULDER)))
    return torch.where(light > SHOULDER, over, light).clamp(0, 1)
